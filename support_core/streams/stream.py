"""One open stream: what is left of a connection once its request has been answered."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from .frames import COMMENT, frame, opening, reset_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..bus import Signal
    from ..events import DomainEvent
    from .event_types import EventTypes
    from .feed import Feed
    from .hub import Hub
    from .subscription import Subscription

#: Bytes that wait in our memory for a client, beyond which nothing is added until they are gone.
MOST_WAITING = 64 * 1024
#: Bytes the kernel may hold for a client; it would take megabytes by itself.
KERNEL_BUFFER = 64 * 1024
#: Milliseconds after which a connection whose far side says nothing any more is given up.
SILENCE = 60_000


class Stream(asyncio.Protocol):
    """A connection that only sends. All of it happens on the event loop.

    It is *live* while it has everything its feed has; otherwise it is behind, and catches up from
    the log. A client that reads too slowly is behind as well: nothing piles up for it here.
    ``position`` is an event up to which it got everything that is for it; while it is live, it
    has everything of the feed's as well. ``topics`` are those of its subscription and more.
    """

    __slots__ = (
        "_said",
        "_transport",
        "bucket",
        "feed",
        "hub",
        "paused_since",
        "permissions",
        "position",
        "subscription",
        "topics",
    )

    def __init__(self, hub: Hub, subscription: Subscription) -> None:
        self.hub = hub
        self.subscription = subscription
        self.permissions = subscription.permissions
        self.position = subscription.head if subscription.reset else subscription.after
        self.topics: set[str] = set(subscription.topics)
        self.paused_since: float | None = None
        self.feed: Feed | None = None
        self.bucket = 0
        self._said = self.position
        self._transport: asyncio.Transport | None = None

    def open(self, transport: asyncio.Transport, head: bytes) -> None:
        """Take over the connection and send the response's head."""
        self._transport = transport
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=MOST_WAITING)
        _tune(transport)
        first = reset_frame(self.position) if self.subscription.reset else b""
        transport.write(head + opening(self.position) + first)

    def sees(self, event: DomainEvent, types: EventTypes) -> bool:
        """Tell whether an event of its topics is for this stream."""
        if self.permissions is not None and not types.allows(self.permissions, event):
            return False
        return self.subscription.wants is None or self.subscription.wants(event)

    def send(self, frames: bytes, position: int) -> None:
        """Send frames up to an event; nothing but the position where there are none."""
        self.position = position
        if frames:
            self._said = position
            self._write(frames)

    def restart(self, position: int) -> None:
        """Tell that events are missing from the log, and go on from here."""
        self.position = self._said = position
        self._write(reset_frame(position))

    def hear(self, signal: Signal) -> None:
        """Send a signal, if it is for this stream; one who reads slowly misses it."""
        if self.subscription.hears is not None and self.paused_since is None:
            said = self.subscription.hears(signal)
            if said:
                self._write(said)

    def beat(self) -> None:
        """Give a sign of life, with the position where that has changed."""
        if self.paused_since is not None:
            return
        position = self.position
        if self.feed is not None and self.feed.is_live(self):
            position = max(position, self.feed.done)
        if self._said == position:
            self._write(COMMENT)
        else:
            self._said = self.position = position
            self._write(frame(id_=position))

    def end(self, *, at_once: bool = False) -> None:
        """Close the connection, once what was written has left or ``at_once``."""
        if self._transport is not None:
            if at_once or self.paused_since is not None:
                self._transport.abort()
            else:
                self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Ignore what a client says after its request."""

    def pause_writing(self) -> None:
        """Fall behind: the client reads more slowly than events come."""
        self.paused_since = time.monotonic()
        if self.feed is not None:
            self.feed.fall_behind(self)

    def resume_writing(self) -> None:
        """Catch up: the client has read what was waiting."""
        self.paused_since = None
        if self.feed is not None:
            self.hub.catch_up(self.feed)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """Leave, whoever closed the connection."""
        self._transport = None
        self.hub.leave(self)

    def _write(self, content: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(content)


def frames_for(
    stream: Stream, events: Sequence[tuple[DomainEvent, bytes]], types: EventTypes
) -> bytes:
    """Return the frames of those events that the stream has not had and may see."""
    return b"".join(
        content
        for event, content in events
        if event.id > stream.position and stream.sees(event, types)
    )


def _tune(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    if connection is None:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)
    if hasattr(socket, "TCP_USER_TIMEOUT") and connection.family != socket.AF_UNIX:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE)
