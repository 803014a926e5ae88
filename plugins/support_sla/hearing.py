"""Which events change a clock: it is reckoned anew in the transaction of the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clocks import touch
from .jobs import refresh, refresh_customer
from .policies import read_promises

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, DomainEvent

_ALWAYS = frozenset(
    {
        "conversation.created",
        "conversation.deleted",
        "conversation.restored",
        "thread.cancelled",
    }
)
_FIELDS = frozenset({"status", "priority", "mailbox_id", "tags"})

#: Fields that a report goes by.
_REPORTED = frozenset({"assigned_to", "mailbox_id", "status"})


def hear(event: DomainEvent, desk: Desk) -> None:
    """Keep clock and figures true to what has happened."""
    if event.type == "customer.updated":
        if read_promises(desk).ask_attributes:
            customer_id = event.payload["customer_id"]
            desk.enqueue(refresh_customer, customer_id, key=str(customer_id))
        return
    conversation_id = event.conversation_id
    if conversation_id is None:
        return
    field = event.payload.get("field") if event.type == "conversation.updated" else None
    if event.type in _ALWAYS or field in _FIELDS or _said(event):
        refresh(desk, [conversation_id])
    if field in _REPORTED or event.type in {"conversation.deleted", "conversation.restored"}:
        touch(desk, conversation_id)


def _said(event: DomainEvent) -> bool:
    return event.type == "thread.added" and event.payload["thread_type"] in {
        "customer",
        "message",
    }
