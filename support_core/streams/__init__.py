"""Live events: Server-Sent Events on the event loop, resumed from the log, never on a thread."""

from __future__ import annotations

from .audience import Audience, Seat, Shown
from .frames import event_frame, frame, signal_frame
from .positions import Positions, last_event_id, resume
from .slot import ENVIRON, StreamSlot, open_stream
from .subscription import Holder, Selection, Subscription

__all__ = [
    "ENVIRON",
    "Audience",
    "Holder",
    "Positions",
    "Seat",
    "Selection",
    "Shown",
    "StreamSlot",
    "Subscription",
    "event_frame",
    "frame",
    "last_event_id",
    "open_stream",
    "resume",
    "signal_frame",
]
