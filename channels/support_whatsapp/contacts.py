"""Who writes to a number, and until when they may be answered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from support_core.plugin_api import NotFound, ReplyWindow, upsert

from .models import WhatsAppAccount, WhatsAppContact
from .phones import digits_of, key_of

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import ConversationRef, Desk

#: For so long after a customer's message anything may be answered (Meta, "Customer service
#: windows"); afterwards only a template may begin anew.
WINDOW = timedelta(hours=24)

NO_ACCOUNT = "The mailbox has no WhatsApp account."
NO_PHONE = "The customer has no phone number on WhatsApp."
NEVER = "The customer has not written on WhatsApp yet; only a template may be sent."


def locked_contact(
    desk: Desk, account_id: int, *, wa_id: str | None, user_id: str | None
) -> WhatsAppContact:
    """Return a contact, made on first use; its row is held to the commit.

    Two messages of one person are thereby filed one after the other.
    """
    known = _by_user(desk, account_id, user_id) if user_id else None
    key = known.key if known is not None else key_of(wa_id) if wa_id else f"user:{user_id}"[:127]
    keys = {"workspace_id": desk.workspace_id, "account_id": account_id, "key": key}
    now = desk.clock()
    desk.session.execute(
        upsert(desk.session, WhatsAppContact, keys=tuple(keys), touch=True),
        {**keys, "created_at": now, "updated_at": now},
    )
    contact: WhatsAppContact = desk.session.get_one(
        WhatsAppContact, tuple(keys.values()), populate_existing=True
    )
    contact.wa_id = (wa_id or "")[:63] or contact.wa_id
    contact.user_id = (user_id or "")[:127] or contact.user_id
    return contact


def _by_user(desk: Desk, account_id: int, user_id: str) -> WhatsAppContact | None:
    return desk.session.execute(
        select(WhatsAppContact)
        .where(WhatsAppContact.account_id == account_id, WhatsAppContact.user_id == user_id[:127])
        .order_by(WhatsAppContact.key)
        .limit(1)
    ).scalar_one_or_none()


def contact_of_sender(
    desk: Desk, account_id: int, *, wa_id: str | None, user_id: str | None
) -> WhatsAppContact | None:
    """Return somebody who has written before; None for a stranger."""
    found = _by_user(desk, account_id, user_id) if user_id else None
    if found is None and wa_id:
        key = (desk.workspace_id, account_id, key_of(wa_id))
        found = desk.session.get(WhatsAppContact, key)
    return found


def live_conversation(desk: Desk, contact: WhatsAppContact) -> int | None:
    """Return the contact's conversation; None where there is none, or an agent deleted it."""
    if contact.conversation_id is None:
        return None
    try:
        return desk.conversations.get(contact.conversation_id).id
    except NotFound:
        return None


def accounts_of(desk: Desk, mailbox_id: int) -> list[WhatsAppAccount]:
    """Return the numbers of a mailbox."""
    rows = desk.session.execute(
        select(WhatsAppAccount)
        .where(WhatsAppAccount.mailbox_id == mailbox_id)
        .order_by(WhatsAppAccount.id)
    ).scalars()
    return list(rows.all())


def contact_of(desk: Desk, conversation: ConversationRef) -> WhatsAppContact | None:
    """Return whom a conversation is with: its own contact first, else one of its customer."""
    rows = desk.session.execute(
        select(WhatsAppContact).where(
            or_(
                WhatsAppContact.conversation_id == conversation.id,
                WhatsAppContact.customer_id == conversation.customer_id,
            )
        )
    ).scalars()
    found = [it for it in rows if it.wa_id or it.user_id]
    mailboxes = {it.id for it in accounts_of(desk, conversation.mailbox_id)} if found else set()
    own = [it for it in found if it.conversation_id == conversation.id]
    theirs = [it for it in found if it.account_id in mailboxes]
    return next(iter([*own, *theirs]), None)


def route_of(
    desk: Desk, conversation: ConversationRef
) -> tuple[WhatsAppAccount | None, WhatsAppContact | None, str | None]:
    """Return the number a reply leaves by, the contact, and where it goes."""
    contact = contact_of(desk, conversation)
    if contact is not None:
        account = desk.session.get(WhatsAppAccount, contact.account_id)
        return account, contact, contact.wa_id or contact.user_id
    account = next(iter(accounts_of(desk, conversation.mailbox_id)), None)
    phone = conversation.customer_phone
    return account, None, digits_of(phone) if phone else None


def window(desk: Desk, conversation: ConversationRef) -> ReplyWindow:
    """Say until when a customer may be answered freely, or since when they may not."""
    account, contact, address = route_of(desk, conversation)
    if account is None:
        return ReplyWindow(allowed=False, reason=NO_ACCOUNT)
    if address is None:
        return ReplyWindow(allowed=False, reason=NO_PHONE)
    if contact is None or contact.last_inbound_at is None:
        return ReplyWindow(allowed=False, reason=NEVER, template_required=True)
    until = contact.last_inbound_at + WINDOW
    if desk.clock() < until:
        return ReplyWindow(until=until)
    return ReplyWindow(
        allowed=False, until=until, reason=closed_since(until), template_required=True
    )


def closed_since(until: datetime) -> str:
    """Return the sentence that says when a window closed."""
    return (
        f"The 24-hour window closed on {until:%Y-%m-%d at %H:%M} UTC; only a template may be sent."
    )


def merged(desk: Desk, customer_id: int, merged_id: int) -> None:
    """Give a customer the contacts of one who was the same person."""
    desk.session.execute(
        update(WhatsAppContact)
        .where(WhatsAppContact.customer_id == merged_id)
        .values(customer_id=customer_id),
        execution_options={"synchronize_session": "fetch"},
    )
