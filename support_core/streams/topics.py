"""What an event or a signal is about, by which streams are found that want to hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bus import Signal
    from ..events import DomainEvent


def topics_of(said: DomainEvent | Signal) -> set[str]:
    """Return ``noun:id`` for the conversation, the mailbox, and each ``noun_id`` of the payload."""
    topics = {
        f"{key[:-3]}:{value}"
        for key, value in said.payload.items()
        if key.endswith("_id") and value is not None
    }
    if said.conversation_id is not None:
        topics.add(f"conversation:{said.conversation_id}")
    if said.mailbox_id is not None:
        topics.add(f"mailbox:{said.mailbox_id}")
    return topics
