"""What a stream would carry, without a server to hold it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from ..streams import event_frame
from ..streams.log import PAGE, read_page
from ..streams.topics import topics_of

if TYPE_CHECKING:
    from typing import Any

    from ..application import Application
    from ..streams import Subscription


def carried(application: Application, subscription: Subscription) -> bytes:
    """Return the frames of everything that is in the log for this stream by now."""
    frames, after, topics = b"", subscription.after, set(subscription.topics)
    while True:
        with application.desk(subscription.workspace_id, write=False) as desk:
            page = read_page(desk.session, after)
            types, permissions = application.event_types, subscription.permissions
            about = []
            for event in page:
                if not subscription.topics or not topics.isdisjoint(topics_of(event)):
                    about.append(event)
                    topics |= set(subscription.also(event) if subscription.also else ())
            chosen = [
                event
                for event in about
                if (permissions is None or types.allows(permissions, event))
                and (subscription.wants is None or subscription.wants(event))
            ]
            if subscription.render is not None:
                frames += b"".join(subscription.render(desk, chosen)) if chosen else b""
            else:
                frames += b"".join(map(event_frame, chosen))
        if len(page) < PAGE:
            return frames
        after = page[-1].id


def data_of(frames: bytes) -> list[dict[str, Any]]:
    """Return the JSON of the ``data`` lines of frames."""
    return [
        orjson.loads(line.removeprefix(b"data: "))
        for line in frames.splitlines()
        if line.startswith(b"data: ")
    ]
