"""Automatic answers of a mailbox to new conversations, by RFC 3834."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from support_core.plugin_api import Mailbox, RetryLater, email_key, job, upsert

from .account import Account, account_of
from .incoming import LONGEST_SUBJECT
from .mime import Envelope, Text, wire_address, write_mail
from .models import EmailAnswered, EmailIngest, EmailRef
from .outgoing import signer_of
from .problems import MailServerError
from .reading import Kind
from .sessions import Sessions
from .settings import ANSWERS_PER_DAY
from .smtp import Uncertain
from .tokens import message_key

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, JobContext, OpenDesk

    from .filing import Outcome
    from .incoming import Incoming
    from .smtp import Handed

log = structlog.get_logger(__name__)

PERIOD = timedelta(days=1)


def want_answer(desk: Desk, row: EmailIngest, incoming: Incoming, outcome: Outcome) -> None:
    """Let a mail be answered that a person has opened a conversation with, where that is wished."""
    if not outcome.opened or incoming.verdict.kind is not Kind.HUMAN:
        return
    if not incoming.verdict.may_auto_respond or incoming.sender is None or row.truncated:
        return
    mailbox = desk.mailboxes.get(row.mailbox_id)
    if mailbox.auto_reply_enabled and (mailbox.auto_reply_body or "").strip():
        row.answer, row.answer_to = "due", _recipient(incoming)
        desk.session.flush()
        desk.enqueue(answer_mail, row.id)


def _recipient(incoming: Incoming) -> str:
    """Return whom an answer goes to: the Return-Path, else the author (RFC 3834 §4)."""
    path = incoming.mail.headers.get("Return-Path").strip().strip("<>")
    assert incoming.sender is not None  # noqa: S101 - the caller has looked
    return path if path.count("@") == 1 and len(path) < 255 else incoming.sender.email


@job(queue="deliveries", max_retries=10)
def answer_mail(context: JobContext, ingest_id: int) -> None:
    """Send the automatic answer to one mail, at most once.

    That it is being sent is committed before; should the process end then, it is not sent again.
    """
    with context.desk() as desk:
        ready = _draft(desk, ingest_id)
        sessions = Sessions(desk, context.desk)
    if ready is None:
        return
    try:
        handed = ready.hand_over(sessions)
    except MailServerError as error:
        _take_back(context.desk, ingest_id)
        raise RetryLater(error.message, after=300.0 * context.attempt) from None
    except Uncertain:
        _note(context.desk, ingest_id, "uncertain")
        return
    refusal = handed.whole or next(iter(handed.refused.values()), None)
    if refusal is None:
        _note(context.desk, ingest_id, "sent")
    elif refusal.permanent:
        log.info("answer_refused", ingest_id=ingest_id, code=refusal.code)
        _note(context.desk, ingest_id, "failed")
    else:
        _take_back(context.desk, ingest_id)
        raise RetryLater("The mail server refused for now.", after=300.0 * context.attempt)


@dataclass(frozen=True)
class _Answer:
    account: Account
    recipient: str
    mail: bytes

    def hand_over(self, sessions: Sessions) -> Handed:
        """Send it with the null sender, so that no bounce comes back; some servers mind."""
        recipients = [wire_address(self.recipient)]
        for sender in ("", wire_address(self.account.address)):
            handed = sessions.hand_over(
                self.account, sender, recipients, self.mail, before_text=_nothing
            )
            if sender or handed.taken or handed.refused:
                break
        return handed


def _nothing(_taken: list[str]) -> None:
    """The answer was noted as being sent before the connection was made."""


def _draft(desk: Desk, ingest_id: int) -> _Answer | None:
    row = desk.session.get(EmailIngest, ingest_id, with_for_update=True)
    if row is None or row.answer != "due" or row.conversation_id is None or not row.answer_to:
        return None
    recipient = row.answer_to
    mailbox = desk.session.get(Mailbox, row.mailbox_id)
    account = account_of(desk, row.mailbox_id)
    if mailbox is None or not mailbox.auto_reply_enabled or account is None or account.smtp is None:
        row.answer = "failed"
        return None
    if not _allowed(desk, row.mailbox_id, recipient):
        row.answer = "capped"
        return None
    row.answer = "sending"
    signer = signer_of(desk, row.mailbox_id, mailbox.email)
    assert signer is not None  # noqa: S101 - there is an account
    message_id = signer.message_id(uuid4().hex, row.conversation_id)
    _remember(desk, row, message_id)
    parent = [row.message_id.strip("<>")] if row.message_id else []
    envelope = Envelope(
        message_id=message_id,
        sender=account.address,
        sender_name=account.name,
        subject=mailbox.auto_reply_subject or f"Auto: {row.subject or ''}"[:LONGEST_SUBJECT],
        date=desk.clock(),
        to=[recipient],
        reply_to=signer.reply_address(row.conversation_id),
        in_reply_to=parent[0] if parent else None,
        references=parent,
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )
    text = Text.of_signature(mailbox.auto_reply_body or "").signed(mailbox.signature)
    return _Answer(account, recipient, write_mail(envelope, text))


def _remember(desk: Desk, row: EmailIngest, message_id: str) -> None:
    desk.session.add(
        EmailRef(
            mailbox_id=row.mailbox_id,
            message_key=message_key(message_id),
            conversation_id=row.conversation_id,
            message_id=message_id,
            direction="auto",
            created_at=desk.clock(),
        )
    )
    desk.session.flush()


def _counter(desk: Desk, mailbox_id: int, recipient: str) -> EmailAnswered:
    """Return how often the mailbox has answered an address, its row locked."""
    digest = hashlib.sha256(email_key(recipient).encode()).hexdigest()
    keys = ("workspace_id", "mailbox_id", "address_digest")
    key = {"workspace_id": desk.workspace_id, "mailbox_id": mailbox_id, "address_digest": digest}
    add = upsert(desk.session, EmailAnswered, keys=keys, touch=True)
    desk.session.execute(add, {**key, "since": desk.clock(), "answers": 0})
    return desk.session.get_one(EmailAnswered, tuple(key.values()), with_for_update=True)


def _allowed(desk: Desk, mailbox_id: int, recipient: str) -> bool:
    """Count one more answer to an address, unless it has had enough."""
    counter = _counter(desk, mailbox_id, recipient)
    if desk.clock() - counter.since >= PERIOD:
        counter.since, counter.answers = desk.clock(), 0
    if counter.answers >= desk.settings[ANSWERS_PER_DAY]:
        return False
    counter.answers += 1
    return True


def _take_back(open_desk: OpenDesk, ingest_id: int) -> None:
    """Let an answer that did not leave be due again."""
    with open_desk() as desk:
        row = desk.session.get(EmailIngest, ingest_id, with_for_update=True)
        if row is not None and row.answer == "sending" and row.answer_to:
            row.answer = "due"
            counter = _counter(desk, row.mailbox_id, row.answer_to)
            counter.answers = max(0, counter.answers - 1)


def _note(open_desk: OpenDesk, ingest_id: int, answer: str) -> None:
    with open_desk() as desk:
        row = desk.session.get(EmailIngest, ingest_id, with_for_update=True)
        if row is not None:
            row.answer = answer
