"""Filing what customers text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import InboundMessage, NotFound

from .contacts import locked_contact
from .settings import STOP_WORDS

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

    from .models import SmsContact
    from .textline import Received

START = "START"


def file_text(desk: Desk, mailbox_id: int, received: Received) -> None:
    """File a text in the phone's conversation; a text that was filed before changes nothing."""
    contact = locked_contact(desk, mailbox_id, received.phone)
    _note_wish(desk, contact, received.text)
    filed = desk.inbound.receive(
        InboundMessage(
            channel="sms",
            mailbox_id=mailbox_id,
            subject=f"SMS from {received.phone}",
            body=received.text,
            conversation_id=_live_conversation(desk, contact),
            customer_phone=received.phone,
            external_id=received.id,
        )
    )
    if filed is not None:
        contact.conversation_id = filed.conversation.id
        contact.customer_id = filed.conversation.customer_id
        desk.session.flush()


def _note_wish(desk: Desk, contact: SmsContact, text: str) -> None:
    word = text.strip().upper()
    if word in desk.settings[STOP_WORDS]:
        contact.opted_out = True
    elif word == START:
        contact.opted_out = False


def _live_conversation(desk: Desk, contact: SmsContact) -> int | None:
    """Return the phone's conversation; None where there is none, or an agent deleted it."""
    if contact.conversation_id is None:
        return None
    try:
        return desk.conversations.get(contact.conversation_id).id
    except NotFound:
        return None
