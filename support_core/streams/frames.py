"""Server-Sent Events as they stand on the wire (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from ..presenters.members import present_event
from ..rendering import dumps

if TYPE_CHECKING:
    from ..bus import Signal
    from ..events import DomainEvent

#: Milliseconds after which a client that lost its stream comes back; each its own, so that those
#: of a server that ended do not all come at once.
RETRY = (1000, 4000)

COMMENT = b":\n\n"


def frame(data: Any = None, *, event: str | None = None, id_: int | None = None) -> bytes:
    """Return one event of a stream; ``data`` is serialised as JSON, on one line.

    With ``id_`` alone the client dispatches nothing and only notes where it is.
    """
    lines = []
    if id_ is not None:
        lines.append(b"id: %d\n" % id_)
    if event is not None:
        lines.append(b"event: " + event.encode() + b"\n")
    if data is not None:
        lines.append(b"data: " + dumps(data) + b"\n")
    lines.append(b"\n")
    return b"".join(lines)


def event_frame(event: DomainEvent) -> bytes:
    """Return an event of the log, under its type and with its id."""
    return frame(present_event(event), event=event.type, id_=event.id)


def signal_frame(signal: Signal) -> bytes:
    """Return a signal, under its type; without an id, because nobody can ask for it again."""
    shown = {
        "type": signal.type,
        "conversation_id": signal.conversation_id,
        "mailbox_id": signal.mailbox_id,
        "payload": signal.payload,
    }
    return frame(shown, event=signal.type)


def opening(position: int) -> bytes:
    """Return what a stream begins with: when to come back, and from where."""
    return b"retry: %d\nid: %d\n\n" % (random.randint(*RETRY), position)  # noqa: S311


def reset_frame(position: int) -> bytes:
    """Tell that the log does not reach back to where the client was: load anew, go on from here."""
    return frame({"last_event_id": position}, event="reset", id_=position)
