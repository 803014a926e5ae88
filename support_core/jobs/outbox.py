"""The outbox: a job is a row in the caller's transaction, so it exists when that committed."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dramatiq import Message
from sqlalchemy import case, delete, func, literal_column, update
from sqlalchemy.dialects import postgresql, sqlite

from ..models.base import now
from ..models.job import Job as JobRow
from .bell import ring_after_commit

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import Insert

    from .declaration import Job

TABLE = JobRow.__table__

_KEYED = "key-"


def enqueue(  # noqa: PLR0913 - options, by keyword
    session: Session,
    job: Job,
    *args: int | str,
    workspace_id: int | None,
    delay: float | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
    move: bool = False,
    clock: Callable[[], datetime] = now,
) -> str:
    """Write a job into the session's transaction and return its message id.

    It runs once that is committed, not before ``due_at`` or ``delay`` seconds from now.

    Of the jobs with one ``key`` (per job function and workspace) at most one waits and at most
    one runs: when one waits, this only makes it due earlier if need be; when one runs, it runs
    again afterwards. The key must determine the arguments, the waiting job's are kept.

    With ``move`` the job with this key is due at this time and no other, later ones included: one
    that waits is moved, one that runs runs again then.

    Raises :class:`TypeError`, naming it, for an argument that is no id and no short string.
    """
    job.check(args)
    moment = clock()
    due = due_at if due_at is not None else moment + timedelta(seconds=max(delay or 0.0, 0.0))
    message_id = str(uuid4()) if key is None else keyed_id(job, key, workspace_id=workspace_id)
    message: Message[None] = Message(
        queue_name=job.queue,
        actor_name=job.name,
        args=args,
        kwargs={},
        options={"workspace_id": workspace_id},
        message_id=message_id,
    )
    insert_message(session, message, priority=job.priority, due=due, moment=moment, move=move)
    return message_id


def insert_message(  # noqa: PLR0913 - options, by keyword
    session: Session,
    message: Message[Any],
    *,
    priority: int,
    due: datetime,
    moment: datetime,
    move: bool = False,
) -> None:
    """Insert the row of a message; one with a key joins the row that has this key."""
    workspace_id = message.options.get("workspace_id")
    dialect = session.get_bind().dialect.name
    session.execute(
        _insert(dialect, keyed=is_keyed(message.message_id), move=move),
        {
            "message_id": message.message_id,
            "workspace_id": workspace_id,
            "lane": workspace_id or 0,
            "queue": message.queue_name,
            "name": message.actor_name,
            "message": message.encode(),
            "state": "delayed" if due > moment else "queued",
            "priority": priority,
            "due_at": due,
            "attempt": 0,
            "created_at": moment,
            "updated_at": moment,
        },
    )
    ring_after_commit(session, message.queue_name)


@cache
def _insert(dialect: str, *, keyed: bool, move: bool) -> Any:
    """Return the INSERT of a database; making it anew costs more than running it."""
    postgres = dialect == "postgresql"
    statement: Any = (postgresql if postgres else sqlite).insert(TABLE)
    if not keyed:
        return statement
    if move:
        return _move(statement)
    return _join(statement, least=func.least if postgres else func.min)


def _move(statement: Any) -> Insert:
    """Make an insert give its time to the row that has its key already."""
    old, new = TABLE.c, statement.excluded
    running, handed, dead = (
        old.state == literal_column(f"'{state}'") for state in ("running", "handed", "dead")
    )
    moved: Insert = statement.on_conflict_do_update(
        index_elements=[old.message_id],
        set_={
            # Handed to a broker it cannot be called back: it runs now, and is asked for again.
            "state": case((running | handed, old.state), else_=new.state),
            "due_at": case((running, old.due_at), else_=new.due_at),
            "again_at": case((running, new.due_at), else_=None),
            "attempt": case((dead, 0), else_=old.attempt),
            "message": case((dead, new.message), else_=old.message),
            "last_error": case((dead, None), else_=old.last_error),
            "updated_at": new.updated_at,
        },
    )
    return moved


def _join(statement: Any, *, least: Any) -> Insert:
    """Make an insert change the row that has its key already, by the state that one is in."""
    old, new = TABLE.c, statement.excluded
    running, handed, dead = (
        old.state == literal_column(f"'{state}'") for state in ("running", "handed", "dead")
    )
    joined: Insert = statement.on_conflict_do_update(
        index_elements=[old.message_id],
        set_={
            "state": case(
                (running | handed, old.state),
                (dead, new.state),
                (new.state == literal_column("'queued'"), new.state),
                else_=old.state,
            ),
            "due_at": case(
                (running, old.due_at), (dead, new.due_at), else_=least(old.due_at, new.due_at)
            ),
            "again_at": case(
                (running, least(func.coalesce(old.again_at, new.due_at), new.due_at)), else_=None
            ),
            "attempt": case((dead, 0), else_=old.attempt),
            "message": case((dead, new.message), else_=old.message),
            "last_error": case((dead, None), else_=old.last_error),
            "updated_at": new.updated_at,
        },
    )
    return joined


def keyed_id(job: Job, key: str, *, workspace_id: int | None) -> str:
    """Return the message id that the job with this key has, for :func:`cancel`."""
    text = f"{job.name}\0{workspace_id}\0{key}"
    return _KEYED + hashlib.sha256(text.encode()).hexdigest()[:48]


def is_keyed(message_id: str) -> bool:
    """Say whether a message id was made of a key."""
    return message_id.startswith(_KEYED)


def cancel(session: Session, message_id: str) -> bool:
    """Take back a job that waits, in the session's transaction; False when it runs or is over.

    A job with a key that was to run again is not run again.
    """
    session.execute(
        update(TABLE)
        .where(TABLE.c.message_id == message_id, TABLE.c.state == "running")
        .values(again_at=None)
    )
    removed = session.execute(
        delete(TABLE)
        .where(TABLE.c.message_id == message_id, TABLE.c.state.in_(("queued", "handed", "delayed")))
        .returning(TABLE.c.id)
    )
    return removed.first() is not None
