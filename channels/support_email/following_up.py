"""Mailing a customer what they have not read in another channel, and did not come back for.

The mail is signed like any other, so that its answer comes back into the conversation it is from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from support_core.plugin_api import Conversation, Mailbox, RetryLater, Thread, User, job

from .account import Account, account_of, can_send, row_of
from .mime import Envelope, File, Text, reply_subject, wire_address, write_mail
from .models import EmailRef
from .outgoing import earlier_mails, references_to, signer_of
from .problems import MailServerError
from .sessions import Sessions
from .smtp import Uncertain
from .tokens import message_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import (
        Attachment,
        Desk,
        FollowUp,
        JobContext,
        OpenDesk,
    )

log = structlog.get_logger(__name__)

#: Bytes of files that one mail takes; the others wait in the conversation.
MOST_FILES = 10 * 1024 * 1024


def take(desk: Desk, follow_up: FollowUp) -> bool | None:
    """Promise to mail these replies, where the conversation's mailbox can send."""
    conversation = follow_up.conversation
    if not conversation.customer_email or not can_send(desk, conversation.mailbox_id):
        return None
    desk.enqueue(mail_replies, conversation.id, *follow_up.thread_ids)
    return True


@dataclass(frozen=True)
class _Ready:
    account: Account
    recipient: str
    mail: bytes
    message_id: str


@job(queue="deliveries", max_retries=20)
def mail_replies(context: JobContext, conversation_id: int, *thread_ids: int) -> None:
    """Send one mail with these replies, at most once.

    Its Message-ID is noted before its text is handed over, and found there by whoever comes after
    a crash.
    """
    with context.desk() as desk:
        ready = _draft(desk, conversation_id, thread_ids)
        sessions = Sessions(desk, context.desk)
    if ready is None:
        return

    def before_text(_taken: list[str]) -> None:
        with context.desk() as desk:
            _remember(desk, ready, conversation_id, thread_ids[-1])

    try:
        session = sessions.smtp(ready.account)
        try:
            handed = session.hand_over(
                wire_address(ready.account.address),
                [wire_address(ready.recipient)],
                ready.mail,
                before_text=before_text,
            )
        finally:
            session.close()
    except MailServerError as error:
        raise RetryLater(error.message, after=_pause(context)) from None
    except Uncertain:
        log.warning("follow_up_uncertain", conversation_id=conversation_id)
        return
    refusal = handed.whole or next(iter(handed.refused.values()), None)
    if refusal is None:
        return
    _forget(context.desk, ready)
    log.info("follow_up_refused", conversation_id=conversation_id, code=refusal.code)
    if not refusal.permanent:
        raise RetryLater("The mail server refused for now.", after=_pause(context))


def _pause(context: JobContext) -> float:
    return min(300.0 * context.attempt, 14400.0)


def _draft(desk: Desk, conversation_id: int, thread_ids: Sequence[int]) -> _Ready | None:
    """Write the mail; None where it has been sent, or nobody is left to send it to."""
    conversation = desk.session.get(Conversation, conversation_id)
    if conversation is None or conversation.deleted_at is not None:
        return None
    customer = desk.conversations.customer_of(conversation)
    mailbox = desk.session.get(Mailbox, conversation.mailbox_id)
    account = account_of(desk, conversation.mailbox_id)
    row = row_of(desk, conversation.mailbox_id)
    signer = signer_of(desk, conversation.mailbox_id, mailbox.email) if mailbox else None
    if mailbox is None or row is None or signer is None or account is None or not account.smtp:
        return None
    if not customer.email or customer.erased_at is not None:
        return None
    message_id = signer.message_id(f"{thread_ids[0]}-{thread_ids[-1]}", conversation.id)
    if _known(desk, conversation.mailbox_id, message_id):
        return None
    said = _said(desk, conversation, thread_ids)
    if not said:
        return None
    earlier = earlier_mails(desk, conversation.id)
    parent = earlier[-1] if earlier else None
    envelope = Envelope(
        message_id=message_id,
        sender=account.address,
        sender_name=account.name,
        subject=reply_subject(conversation.subject) if earlier else conversation.subject,
        date=desk.clock(),
        to=[customer.email],
        reply_to=signer.reply_address(conversation.id) if row.plus_addressing else None,
        in_reply_to=parent.message_id if parent else None,
        references=references_to(earlier, parent),
    )
    body = "\n\n".join(_quoted(thread, name) for thread, name in said)
    text = Text.of(body, "text").signed(mailbox.signature)
    files = _files(desk, [thread.id for thread, _ in said])
    return _Ready(account, customer.email, write_mail(envelope, text, files), message_id)


def _said(
    desk: Desk, conversation: Conversation, thread_ids: Sequence[int]
) -> list[tuple[Thread, str | None]]:
    """Return the replies with the names of who wrote them; notes never."""
    rows = desk.session.execute(
        select(Thread, User.name)
        .outerjoin(User, User.id == Thread.user_id)
        .where(
            Thread.conversation_id == conversation.id,
            Thread.id.in_(thread_ids),
            Thread.type == "message",
        )
        .order_by(Thread.id)
    )
    return [(row[0], row[1]) for row in rows]


def _quoted(thread: Thread, name: str | None) -> str:
    return f"{name}:\n{thread.body_text}" if name else thread.body_text


def _files(desk: Desk, thread_ids: Sequence[int]) -> list[File]:
    found: list[Attachment] = []
    by_thread = desk.attachments.of_threads(thread_ids)
    left = MOST_FILES
    for thread_id in thread_ids:
        for attachment in by_thread.get(thread_id, ()):
            if attachment.size <= left:
                left -= attachment.size
                found.append(attachment)
    files = []
    for attachment in found:
        with desk.blobs.open(attachment.blob_key) as content:
            files.append(File(attachment.name, attachment.content_type, content.read()))
    return files


def _known(desk: Desk, mailbox_id: int, message_id: str) -> bool:
    key = (desk.workspace_id, mailbox_id, message_key(message_id))
    return desk.session.get(EmailRef, key) is not None


def _remember(desk: Desk, ready: _Ready, conversation_id: int, thread_id: int) -> None:
    desk.session.add(
        EmailRef(
            mailbox_id=ready.account.mailbox_id,
            message_key=message_key(ready.message_id),
            conversation_id=conversation_id,
            thread_id=thread_id,
            message_id=ready.message_id,
            direction="out",
            created_at=desk.clock(),
        )
    )
    desk.session.flush()


def _forget(open_desk: OpenDesk, ready: _Ready) -> None:
    """Let a mail that was refused be sent once more."""
    with open_desk() as desk:
        key = (desk.workspace_id, ready.account.mailbox_id, message_key(ready.message_id))
        row = desk.session.get(EmailRef, key)
        if row is not None:
            desk.session.delete(row)
