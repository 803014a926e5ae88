"""Who writes to a number, and whether they may be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Composition, ReplyWindow, upsert

from .models import SmsContact, SmsLine

if TYPE_CHECKING:
    from support_core.plugin_api import ConversationRef, Desk


def locked_contact(desk: Desk, mailbox_id: int, phone: str) -> SmsContact:
    """Return the contact, made on first use; its row is held to the commit.

    Two webhooks of one phone are thereby filed one after the other.
    """
    key = {"workspace_id": desk.workspace_id, "mailbox_id": mailbox_id, "phone": phone}
    now = desk.clock()
    desk.session.execute(
        upsert(desk.session, SmsContact, keys=tuple(key), touch=True),
        {**key, "opted_out": False, "created_at": now, "updated_at": now},
    )
    return desk.session.get_one(SmsContact, tuple(key.values()))


def window(desk: Desk, conversation: ConversationRef) -> ReplyWindow:
    """Refuse where there is no phone, no number, or the customer wants no more messages."""
    phone = conversation.customer_phone
    if phone is None:
        return ReplyWindow(allowed=False, reason="The customer has no phone number.")
    key = (desk.workspace_id, conversation.mailbox_id)
    if desk.session.get(SmsLine, key) is None:
        return ReplyWindow(allowed=False, reason="The mailbox has no SMS number.")
    contact = desk.session.get(SmsContact, (*key, phone))
    if contact is not None and contact.opted_out:
        return ReplyWindow(allowed=False, reason="The customer asked for no more messages.")
    return ReplyWindow()


def compose(conversation: ConversationRef) -> Composition:
    """Address the reply to the customer's phone."""
    return Composition(
        recipients=(
            {"type": "to", "address": conversation.customer_phone, "reason": "the customer"},
        )
    )


def forget(desk: Desk, customer_id: int) -> None:
    """Remove the phone numbers of a customer who was erased."""
    mine = select(SmsContact).where(SmsContact.customer_id == customer_id)
    for contact in desk.session.execute(mine).scalars():
        desk.session.delete(contact)
    desk.session.flush()
