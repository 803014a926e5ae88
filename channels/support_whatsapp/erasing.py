"""Forgetting a customer, so that they neither stay nor come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update

from support_core.plugin_api import Conversation

from .models import (
    WhatsAppContact,
    WhatsAppItem,
    WhatsAppMedia,
    WhatsAppMessage,
    WhatsAppPart,
    WhatsAppPayload,
    WhatsAppReaction,
)

if TYPE_CHECKING:
    from sqlalchemy import Select

    from support_core.plugin_api import Desk

UNSYNCHRONIZED: dict[str, Any] = {"synchronize_session": False}
ERASED = "The customer's data has been erased."


def forget(desk: Desk, customer_id: int) -> None:
    """Erase what the channel holds of a customer; ids of messages stay as tombstones.

    They keep a message that Meta sends again from being filed a second time, and tell nothing of
    their own. A webhook that told of the customer goes whole; its other messages are filed already.
    """
    session = desk.session
    theirs = select(Conversation.id).where(Conversation.customer_id == customer_id)
    senders = _senders(desk, customer_id)
    about = or_(WhatsAppItem.conversation_id.in_(theirs), WhatsAppItem.sender.in_(senders))
    _execute(
        desk,
        update(WhatsAppPayload)
        .where(
            WhatsAppPayload.id.in_(select(WhatsAppItem.payload_id).where(about)),
            WhatsAppPayload.state != "received",
        )
        .values(body=None),
    )
    _execute(
        desk,
        update(WhatsAppItem).where(about).values(sender=None, data=None, reason=ERASED),
    )
    targets = select(WhatsAppMessage.external_id).where(WhatsAppMessage.conversation_id.in_(theirs))
    _execute(
        desk,
        delete(WhatsAppReaction).where(
            or_(WhatsAppReaction.target_id.in_(targets), WhatsAppReaction.sender.in_(senders))
        ),
    )
    _execute(desk, delete(WhatsAppMedia).where(WhatsAppMedia.conversation_id.in_(theirs)))
    _execute(
        desk,
        update(WhatsAppPart)
        .where(WhatsAppPart.conversation_id.in_(theirs))
        .values(error=None, media_id=None),
    )
    _execute(desk, delete(WhatsAppContact).where(WhatsAppContact.customer_id == customer_id))
    session.flush()


def _senders(desk: Desk, customer_id: int) -> list[str]:
    contacts: Select[Any] = select(WhatsAppContact).where(
        WhatsAppContact.customer_id == customer_id
    )
    rows = desk.session.execute(contacts).scalars().all()
    found = {it for row in rows for it in (row.wa_id, row.user_id, row.key) if it}
    for row in rows:
        desk.session.expunge(row)
    return sorted(found)


def _execute(desk: Desk, statement: Any) -> None:
    desk.session.execute(statement, execution_options=UNSYNCHRONIZED)
