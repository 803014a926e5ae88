"""The outbox: a job is a row in the caller's transaction, so it exists when that committed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from dramatiq import Message
from sqlalchemy import bindparam, case, delete, func, literal_column, update
from sqlalchemy.dialects import postgresql, sqlite

from ..db import Prepared
from ..models.base import now
from ..models.job import Job as JobRow
from .bell import ring_after_commit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session
    from sqlalchemy.sql.dml import Insert

    from ..db import WorkspaceSession
    from .declaration import Job

TABLE = JobRow.__table__

_KEYED = "key-"

#: Jobs that one statement names at most.
MOST_NAMES = 500


def enqueue(  # noqa: PLR0913 - options, by keyword
    session: WorkspaceSession,
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


@dataclass(frozen=True)
class JobCall:
    """One job among many that are enqueued at once: arguments, due time (None: now) and key."""

    args: tuple[int | str, ...] = ()
    due_at: datetime | None = None
    key: str | None = None


def enqueue_many(  # noqa: PLR0913 - options, by keyword
    session: Session,
    job: Job,
    calls: Iterable[JobCall],
    *,
    workspace_id: int | None,
    move: bool = False,
    clock: Callable[[], datetime] = now,
) -> None:
    """Write many jobs of one kind by one statement, each as :func:`enqueue` would.

    They are written in the order of their keys, so that two who move the same ones cannot wait
    for each other.
    """
    moment = clock()
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for call in sorted(calls, key=lambda it: it.key or ""):
        job.check(call.args)
        keyed = call.key is not None
        message: Message[None] = Message(
            queue_name=job.queue,
            actor_name=job.name,
            args=call.args,
            kwargs={},
            options={"workspace_id": workspace_id},
            message_id=keyed_id(job, call.key, workspace_id=workspace_id)
            if call.key is not None
            else str(uuid4()),
        )
        due = call.due_at or moment
        rows[keyed].append(_row(message, priority=job.priority, due=due, moment=moment))
    dialect = session.get_bind().dialect.name
    for keyed, some in rows.items():
        if some:
            session.connection().execute(_insert(dialect, keyed=keyed, move=move), some)
            for state in {row["state"] for row in some}:
                ring_after_commit(session, job.queue, state=state)


def insert_message(  # noqa: PLR0913 - options, by keyword
    session: WorkspaceSession,
    message: Message[Any],
    *,
    priority: int,
    due: datetime,
    moment: datetime,
    move: bool = False,
) -> None:
    """Insert the row of a message; one with a key joins the row that has this key."""
    statement = _prepared(
        session.engine.dialect.name, keyed=is_keyed(message.message_id), move=move
    )
    ((state,),) = session.fetch(statement, _row(message, priority=priority, due=due, moment=moment))
    ring_after_commit(session, message.queue_name, state=state)


#: What a new row is filled with.
_COLUMNS = (
    "message_id",
    "workspace_id",
    "lane",
    "queue",
    "name",
    "message",
    "state",
    "priority",
    "due_at",
    "attempt",
    "created_at",
    "updated_at",
)


def _row(
    message: Message[Any], *, priority: int, due: datetime, moment: datetime
) -> dict[str, Any]:
    workspace_id = message.options.get("workspace_id")
    return {
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
    }


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), MOST_NAMES):
        yield names[start : start + MOST_NAMES]


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


@cache
def _prepared(dialect: str, *, keyed: bool, move: bool) -> Prepared:
    """Return the INSERT of one row, which tells what state the row is in then."""
    statement = _insert(dialect, keyed=keyed, move=move).returning(TABLE.c.state)
    return Prepared(statement, columns=_COLUMNS, unscoped="the job engine serves every workspace")


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
            "again_at": case(
                (running, new.due_at),
                (handed & (new.state == literal_column("'delayed'")), new.due_at),
                else_=None,
            ),
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
                (running, least(func.coalesce(old.again_at, new.due_at), new.due_at)),
                (dead, None),
                else_=old.again_at,
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
    return cancel_many(session, [message_id]) > 0


def cancel_many(session: Session, message_ids: Iterable[str]) -> int:
    """Take back the jobs among these that wait, as :func:`cancel` does; return how many did."""
    removed = 0
    connection = session.connection()
    for some in _batches(sorted(message_ids)):
        named = {"named": some}
        connection.execute(_NOT_AGAIN, named)
        removed += connection.execute(_TAKE_BACK, named).rowcount
    return removed


_named = TABLE.c.message_id.in_(bindparam("named", expanding=True))
_NOT_AGAIN = update(TABLE).where(_named, TABLE.c.state == "running").values(again_at=None)
_TAKE_BACK = delete(TABLE).where(_named, TABLE.c.state.in_(("queued", "handed", "delayed")))
