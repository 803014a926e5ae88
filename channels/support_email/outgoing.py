"""A reply as a mail: what is written of it, from what the conversation knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Mailbox, Thread, email_key, upsert

from .account import Account, account_of, row_of
from .mime import Envelope, File, Text, reply_subject, write_mail
from .models import EmailRef
from .tokens import Signer, message_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, OutboundMessage

#: Mails of a conversation that References may name.
LOOKED_AT = 50


@dataclass(frozen=True)
class Draft:
    """A reply ready to be written: what was read of it from the database."""

    account: Account
    message: OutboundMessage
    envelope: Envelope
    text: Text

    @property
    def message_id(self) -> str:
        return self.envelope.message_id

    def written(self) -> bytes:
        """Return the mail; reads the files."""
        files = []
        for attachment in self.message.attachments:
            with attachment.open() as file:
                files.append(File(attachment.name, attachment.content_type, file.read()))
        return write_mail(self.envelope, self.text, files)


def signer_of(desk: Desk, mailbox_id: int, address: str) -> Signer | None:
    """Return what signs for a mailbox; None where it has no mail server."""
    row = row_of(desk, mailbox_id)
    if row is None:
        return None
    return Signer(desk.keyring.decrypt(row.token_secret), desk.workspace_id, address)


def draft(desk: Desk, message: OutboundMessage) -> Draft | None:
    """Read what a reply needs; None where its mailbox sends no mail."""
    conversation = message.conversation
    account = account_of(desk, conversation.mailbox_id)
    row = row_of(desk, conversation.mailbox_id)
    mailbox = desk.session.get(Mailbox, conversation.mailbox_id)
    if account is None or account.smtp is None or row is None or mailbox is None:
        return None
    signer = Signer(desk.keyring.decrypt(row.token_secret), desk.workspace_id, mailbox.email)
    message_id = signer.message_id(message.message_id.removeprefix("msg_"), conversation.id)
    earlier = [it for it in earlier_mails(desk, conversation.id) if it.message_id != message_id]
    parent = next((it for it in reversed(earlier) if it.direction == "in"), None)
    parent = parent or (earlier[-1] if earlier else None)
    text = Text.of(message.body, message.body_format).signed(mailbox.signature)
    if row.quote_history and parent is not None and parent.thread_id is not None:
        text = _with_history(desk, text, parent.thread_id, conversation.customer_name)
    return Draft(
        account,
        message,
        Envelope(
            message_id=message_id,
            sender=account.address,
            sender_name=account.name,
            subject=reply_subject(conversation.subject) if earlier else conversation.subject,
            date=message.created_at,
            to=_addresses(message.recipients, "to"),
            cc=_addresses(message.recipients, "cc"),
            reply_to=signer.reply_address(conversation.id) if row.plus_addressing else None,
            in_reply_to=parent.message_id if parent else None,
            references=references_to(earlier, parent),
        ),
        text,
    )


def remember(desk: Desk, draft: Draft) -> None:
    """Note the mail's id before it leaves, so that an answer finds its conversation."""
    message = draft.message
    add = upsert(desk.session, EmailRef, keys=("workspace_id", "mailbox_id", "message_key"))
    desk.session.execute(
        add,
        {
            "workspace_id": desk.workspace_id,
            "mailbox_id": draft.account.mailbox_id,
            "message_key": message_key(draft.message_id),
            "conversation_id": message.conversation.id,
            "thread_id": message.thread_id,
            "delivery_id": message.delivery_id,
            "message_id": draft.message_id,
            "direction": "out",
            "created_at": desk.clock(),
        },
    )


def earlier_mails(desk: Desk, conversation_id: int) -> list[EmailRef]:
    """Return the conversation's mails, oldest first."""
    rows = desk.session.execute(
        select(EmailRef)
        .where(
            EmailRef.conversation_id == conversation_id,
            EmailRef.direction.in_(("in", "out")),
            EmailRef.message_id.is_not(None),
            EmailRef.thread_id.is_not(None),
        )
        .order_by(EmailRef.thread_id.desc())
        .limit(LOOKED_AT)
    ).scalars()
    return list(reversed(rows.all()))


def references_to(earlier: list[EmailRef], parent: EmailRef | None) -> list[str]:
    """Return References: the earlier mails, and last the one that is answered."""
    ids = [it.message_id for it in earlier if it is not parent and it.message_id]
    return [*ids, parent.message_id] if parent is not None and parent.message_id else ids


def _with_history(desk: Desk, text: Text, thread_id: int, name: str | None) -> Text:
    thread = desk.session.get(Thread, thread_id)
    if thread is None:
        return text
    when = thread.created_at.strftime("%Y-%m-%d %H:%M UTC")
    quoted = Text.of(thread.body, thread.body_format)
    return text.quoting(f"On {when}, {name or 'you'} wrote:", quoted)


def _addresses(recipients: tuple[Mapping[str, Any], ...], kind: str) -> list[str]:
    seen: dict[str, str] = {}
    for it in recipients:
        if it["type"] == kind:
            seen.setdefault(email_key(it["address"]), it["address"])
    return list(seen.values())
