"""The ledger: every mail that was taken in, from its raw bytes to where it went.

Two transactions for each batch. The first keeps the raw mails with the checkpoint: from then on
none is lost and none is fetched twice. The second files them; what fails there goes into
quarantine with its reason, and the others do not notice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert, select
from sqlalchemy.exc import (
    InterfaceError,
    InternalError,
    OperationalError,
    TimeoutError as PoolTimeout,
)

from support_core.plugin_api import BlobMissing, BlobStoreAway, NotFound, Prepared

from .answering import want_answer
from .filing import Filing, Outcome
from .incoming import LONGEST_SUBJECT, Incoming, Unreadable, key_of
from .models import EmailIngest
from .preparing import Preparation
from .storing import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk, OpenDesk

    from .preparing import Ready

log = structlog.get_logger(__name__)

#: A mail that was begun so often, each time with the death of its process, is not tried again.
MOST_ATTEMPTS = 10

#: Mails that are filed in one transaction.
BATCH = 100

CRASHED = "Reading it ended the process several times."

#: What is wrong with the desk or its disks, not with a mail.
TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeout, OSError, BlobStoreAway)


_KEEP = Prepared(
    insert(EmailIngest.__table__).returning(EmailIngest.__table__.c.id),
    columns=(
        *("workspace_id", "mailbox_id", "source", "folder", "uidvalidity", "uid", "message_key"),
        *("message_id", "size", "truncated", "blob_key", "state", "reason", "attempts"),
        *("received_at", "created_at", "updated_at"),
    ),
)


@dataclass(frozen=True)
class RawMail:
    """A mail as it was fetched; ``size`` is what the server says, ``raw`` perhaps only the head."""

    raw: bytes = field(repr=False)
    size: int
    source: str = "imap"
    folder: str | None = None
    uidvalidity: int | None = None
    uid: int | None = None
    truncated: bool = False
    received_at: datetime | None = None


@dataclass(frozen=True)
class Kept:
    """A mail of which a row is in the ledger, still to be filed."""

    ingest_id: int
    raw: bytes = field(repr=False)


def take_in(
    open_desk: OpenDesk,
    mailbox_id: int,
    mails: Sequence[RawMail],
    *,
    checkpoint: Callable[[Desk], None] | None = None,
    repeats: bool = True,
) -> list[Kept]:
    """Keep raw mails; return those that are new. ``checkpoint`` is called in the transaction.

    Repeats get rows of their own, unless ``repeats`` is false.
    """
    if not mails:
        return []
    with open_desk() as desk:
        store = Store(desk)
    stored = store.raw([it.raw for it in mails])
    keys = [key_of(it.raw) for it in mails]
    kept: list[Kept] = []
    with open_desk() as desk:
        now = desk.clock()
        known = _known(desk, mailbox_id, [key for key, _ in keys])
        seen = _places(desk, mailbox_id, mails)
        for mail, blob, (key, message_id) in zip(mails, stored, keys, strict=True):
            if (mail.folder, mail.uidvalidity, mail.uid) in seen:
                continue
            again = key in known
            if again and not repeats:
                continue
            row = {
                "mailbox_id": mailbox_id,
                "source": mail.source,
                "folder": mail.folder,
                "uidvalidity": mail.uidvalidity,
                "uid": mail.uid,
                "message_key": key,
                "message_id": message_id,
                "size": mail.size,
                "truncated": mail.truncated,
                "blob_key": blob.key,
                "state": "duplicate" if again else "fetched",
                "reason": "The mailbox has a mail of this Message-ID already." if again else None,
                "attempts": 1,
                "received_at": mail.received_at,
                "created_at": now,
                "updated_at": now,
            }
            (inserted,) = desk.session.fetch(_KEEP, row)
            if not again:
                known.add(key)
                kept.append(Kept(inserted.id, mail.raw))
        if checkpoint is not None:
            checkpoint(desk)
    return kept


def _known(desk: Desk, mailbox_id: int, keys: Sequence[str]) -> set[str]:
    return set(
        desk.session.execute(
            select(EmailIngest.message_key).where(
                EmailIngest.mailbox_id == mailbox_id,
                EmailIngest.message_key.in_(keys),
                EmailIngest.state != "duplicate",
            )
        ).scalars()
    )


def _places(
    desk: Desk, mailbox_id: int, mails: Sequence[RawMail]
) -> set[tuple[str | None, int | None, int | None]]:
    """Return which of these places are in the ledger already: another fetcher was faster."""
    uids = [it.uid for it in mails if it.uid is not None]
    if not uids:
        return set()
    rows = desk.session.execute(
        select(EmailIngest.folder, EmailIngest.uidvalidity, EmailIngest.uid).where(
            EmailIngest.mailbox_id == mailbox_id, EmailIngest.uid.in_(uids)
        )
    )
    return {(row.folder, row.uidvalidity, row.uid) for row in rows}


def file_kept(open_desk: OpenDesk, mailbox_id: int, kept: Iterable[Kept]) -> list[Outcome]:
    """File mails that are in the ledger; return what became of each.

    Raises what is wrong with the database or the disk; the mails then stay as they are, to be
    filed later.
    """
    waiting = list(kept)
    if not waiting:
        return []
    with open_desk() as desk:
        preparation = Preparation(desk)
    return file_ready(open_desk, mailbox_id, preparation.ready(waiting))


def file_ready(open_desk: OpenDesk, mailbox_id: int, ready: Sequence[Ready]) -> list[Outcome]:
    """File mails that have been prepared, as :func:`file_kept` does."""
    outcomes: list[Outcome] = []
    for start in range(0, len(ready), BATCH):
        batch = ready[start : start + BATCH]
        try:
            outcomes += _file_batch(open_desk, mailbox_id, batch, apart=False)
        except TROUBLE:
            raise
        except Exception:  # noqa: BLE001 - one of them; which one, shows when they are filed apart
            outcomes += _file_batch(open_desk, mailbox_id, batch, apart=True)
    return outcomes


def _file_batch(
    open_desk: OpenDesk, mailbox_id: int, batch: Sequence[Ready], *, apart: bool
) -> list[Outcome]:
    """File a batch in one transaction; ``apart``, each mail in a savepoint of its own.

    Savepoints cost a third of the time and are needed where a mail fails, which hardly any does:
    a batch that fails as a whole is filed a second time with them.
    """
    outcomes: list[Outcome] = []
    with open_desk() as desk:
        mails = [it.incoming for it in batch if isinstance(it.incoming, Incoming)]
        filing = Filing(desk, mailbox_id, mails)
        rows = _rows(desk, [it.ingest_id for it in batch])
        for it in batch:
            row, incoming = rows.get(it.ingest_id), it.incoming
            if row is None or row.state not in {"fetched", "quarantined"}:
                outcomes.append(Outcome("duplicate", "It has been filed meanwhile."))
                rows.pop(it.ingest_id, None)
            elif isinstance(incoming, Unreadable):
                outcomes.append(_quarantined(row, incoming))
            elif apart:
                outcomes.append(_file_apart(desk, filing, row, incoming))
            else:
                outcomes.append(_file(desk, filing, row, incoming))
        filing.end()
        # At the end, and all at once: a row that is changed before is written with the next one.
        for it, outcome in zip(batch, outcomes, strict=True):
            if it.ingest_id in rows:
                _note(rows[it.ingest_id], outcome, it.incoming)
    return outcomes


def _rows(desk: Desk, ids: Sequence[int]) -> dict[int, EmailIngest]:
    """Return rows of the ledger by their ids, locked."""
    found = desk.session.execute(
        select(EmailIngest)
        .where(EmailIngest.id.in_(ids))
        .order_by(EmailIngest.id)
        .with_for_update()
    ).scalars()
    return {row.id: row for row in found}


def _file(desk: Desk, filing: Filing, row: EmailIngest, incoming: Incoming) -> Outcome:
    outcome = filing.file(row, incoming)
    want_answer(desk, row, incoming, outcome)
    return outcome


def _file_apart(desk: Desk, filing: Filing, row: EmailIngest, incoming: Incoming) -> Outcome:
    """File a mail, or put it into quarantine, with nothing of it left half done."""
    try:
        with desk.session.begin_nested():
            outcome = _file(desk, filing, row, incoming)
            filing.end()
    except TROUBLE:
        raise
    except Exception as error:  # noqa: BLE001 - one mail must not stop the others
        filing.undo()
        return _quarantined(row, Unreadable.by(error))
    return outcome


def _describe(row: EmailIngest, incoming: Incoming) -> None:
    row.kind = incoming.verdict.kind.value
    row.subject = incoming.subject[:LONGEST_SUBJECT]
    row.sender = incoming.sender.email[:255] if incoming.sender else None


def _quarantined(row: EmailIngest, unreadable: Unreadable) -> Outcome:
    log.warning(
        "mail_quarantined",
        ingest_id=row.id,
        mailbox_id=row.mailbox_id,
        reason=unreadable.reason,
        told=unreadable.told,
    )
    return Outcome("quarantined", unreadable.reason)


def _note(
    row: EmailIngest, outcome: Outcome, incoming: Incoming | Unreadable | None = None
) -> None:
    if isinstance(incoming, Incoming):
        _describe(row, incoming)
    row.state, row.reason = outcome.state, outcome.reason
    row.conversation_id = outcome.conversation.id if outcome.conversation else None
    row.thread_id = outcome.thread.id if outcome.thread else None


def file_left(open_desk: OpenDesk, mailbox_id: int, *, limit: int = 500) -> list[Outcome]:
    """File mails that an earlier process kept and did not come to file, one by one.

    One that has ended its process again and again is put into quarantine; until then it comes after
    the others, so that it keeps none of them waiting.
    """
    with open_desk() as desk:
        left = desk.session.execute(
            select(EmailIngest.id)
            .where(EmailIngest.mailbox_id == mailbox_id, EmailIngest.state == "fetched")
            .order_by(EmailIngest.attempts, EmailIngest.id)
            .limit(limit)
        ).scalars()
        ids = list(left)
    outcomes: list[Outcome] = []
    for ingest_id in ids:
        outcomes += _again(open_desk, mailbox_id, ingest_id)
    return outcomes


def _again(open_desk: OpenDesk, mailbox_id: int, ingest_id: int) -> list[Outcome]:
    with open_desk() as desk:
        row = desk.session.get(EmailIngest, ingest_id, with_for_update=True)
        if row is None or row.state != "fetched":
            return []
        if row.attempts >= MOST_ATTEMPTS:
            _note(row, Outcome("quarantined", CRASHED))
            return [Outcome("quarantined", CRASHED)]
        row.attempts += 1
    try:
        return file_kept(open_desk, mailbox_id, [Kept(ingest_id, raw_of(open_desk, ingest_id))])
    except BlobMissing:
        with open_desk() as desk:
            row = desk.session.get_one(EmailIngest, ingest_id)
            _note(row, Outcome("quarantined", "Its raw mail is missing from the blob store."))
        return [Outcome("quarantined", "Its raw mail is missing from the blob store.")]
    except TROUBLE:
        with open_desk() as desk:  # the desk is in trouble, the mail has done nothing wrong
            row = desk.session.get_one(EmailIngest, ingest_id)
            row.attempts -= 1
        raise


def replay(open_desk: OpenDesk, ingest_id: int) -> Outcome:
    """File a mail from quarantine again; raises ``NotFound``, and ``BlobMissing``."""
    with open_desk() as desk:
        row = desk.session.get(EmailIngest, ingest_id)
        if row is None:
            raise NotFound
        mailbox_id = row.mailbox_id
        if row.state not in {"fetched", "quarantined"}:
            return Outcome(row.state, row.reason)
    (outcome,) = file_kept(open_desk, mailbox_id, [Kept(ingest_id, raw_of(open_desk, ingest_id))])
    return outcome


def raw_of(open_desk: OpenDesk, ingest_id: int) -> bytes:
    """Return a raw mail as it was kept; raises ``NotFound`` and ``BlobMissing``."""
    with open_desk() as desk:
        row = desk.session.get(EmailIngest, ingest_id)
        if row is None:
            raise NotFound
        key, blobs = row.blob_key, desk.blobs
    if key is None:
        raise BlobMissing("The raw mail is no longer kept.")
    with blobs.open(key) as file:
        return file.read()
