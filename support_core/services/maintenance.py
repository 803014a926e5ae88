"""Housekeeping: what is kept for a while only, and counters folded together.

Each job is idempotent and works in small transactions. They serve all workspaces at once, which is
why they say so to the session.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, exists, select, text

from ..jobs import RetryLater, Schedule, job
from ..models import (
    Attachment,
    Event,
    FollowerPosition,
    IdempotencyKey,
    LoginSession,
    LoginSessionUser,
)

if TYPE_CHECKING:
    from ..jobs import JobContext

#: An upload that no message took is removed after this long.
UNCLAIMED_UPLOADS = timedelta(days=2)

ALL_WORKSPACES: dict[str, Any] = {
    "unscoped": "housekeeping for every workspace",
    "synchronize_session": False,
}

FOLD_TALLIES = text(
    """
    WITH taken AS (
        DELETE FROM conversation_tallies WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM conversation_tallies WHERE slot <> 0 FOR UPDATE SKIP LOCKED
        ))
        RETURNING workspace_id, mailbox_id, status, channel, priority, assigned_to, conversations
    )
    INSERT INTO conversation_tallies AS tally
        (workspace_id, mailbox_id, status, channel, priority, assigned_to, slot, conversations)
    SELECT workspace_id, mailbox_id, status, channel, priority, assigned_to, 0, sum(conversations)
    FROM taken GROUP BY workspace_id, mailbox_id, status, channel, priority, assigned_to
    ON CONFLICT (workspace_id, mailbox_id, status, channel, priority, assigned_to, slot)
    DO UPDATE SET conversations = tally.conversations + excluded.conversations
    """
)
DROP_EMPTY_TALLIES = text("DELETE FROM conversation_tallies WHERE slot = 0 AND conversations = 0")


@job(queue="maintenance")
def delete_blobs(context: JobContext, key: str) -> None:
    """Delete a blob, unless an attachment of the same content was added meanwhile."""
    with context.desk(write=False) as desk:
        still = desk.session.execute(
            select(Attachment.id).where(Attachment.blob_key == key).limit(1)
        ).first()
    if still is None:
        context.application.blobs.delete(key)


@job(queue="maintenance")
def purge_freed(context: JobContext) -> None:
    """Make the database forget what an erasure overwrote; tried again while readers hold on."""
    if not context.application.database.purge_freed():
        raise RetryLater("The write-ahead log is in use.", after=30)


@job(queue="maintenance")
def remove_expired(context: JobContext) -> None:
    """Remove kept answers, ended logins and old events whose time is over.

    Events that a follower of an enabled plugin has not come to yet stay until it has.
    """
    settings, now = context.application.settings, context.application.clock()
    answers = now - timedelta(hours=settings["support.idempotency.hours"])
    events = now - timedelta(days=settings["support.events.days"])
    unread = exists().where(
        FollowerPosition.workspace_id == Event.workspace_id,
        FollowerPosition.name.in_(sorted(context.application.followers.declared)),
        FollowerPosition.last_event_id < Event.id,
    )
    ended = select(LoginSession.id).where(LoginSession.expires_at < now)
    for statement in (
        delete(IdempotencyKey).where(IdempotencyKey.created_at < answers),
        delete(LoginSessionUser).where(LoginSessionUser.session_id.in_(ended)),
        delete(LoginSession).where(LoginSession.expires_at < now),
        delete(Event).where(Event.created_at < events, ~unread),
    ):
        with context.application.database.transaction() as session:
            session.execute(statement, execution_options=ALL_WORKSPACES)


@job(queue="maintenance")
def remove_unclaimed_uploads(context: JobContext) -> None:
    """Remove uploads that no message took, with the blobs that only they referred to."""
    before = context.application.clock() - UNCLAIMED_UPLOADS
    with context.application.database.transaction() as session:
        stale = session.execute(
            select(Attachment.id, Attachment.workspace_id)
            .where(Attachment.thread_id.is_(None), Attachment.created_at < before)
            .limit(1000),
            execution_options=ALL_WORKSPACES,
        ).all()
    for row in stale:
        with context.application.desk(row.workspace_id) as desk:
            attachment = desk.session.get(Attachment, row.id)
            if attachment is not None and attachment.thread_id is None:
                for key in desk.attachments.discard([attachment]):
                    desk.enqueue(delete_blobs, key)


@job(queue="maintenance")
def fold_tallies(context: JobContext) -> None:
    """Fold the tallies of PostgreSQL's connections together; SQLite keeps one row anyway."""
    with context.application.database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(FOLD_TALLIES, execution_options=ALL_WORKSPACES)
        session.execute(DROP_EMPTY_TALLIES, execution_options=ALL_WORKSPACES)


SCHEDULES = (
    Schedule("support_core.remove_expired", remove_expired, every=3600),
    Schedule("support_core.remove_unclaimed_uploads", remove_unclaimed_uploads, every=3600),
    Schedule("support_core.fold_tallies", fold_tallies, every=300),
)
