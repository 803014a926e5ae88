"""Looking at the jobs of a database, and replaying dead ones: for the CLI, the API and metrics.

All functions work in the session's transaction and serve every workspace, unless one is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dramatiq import Message
from dramatiq.errors import DecodeError
from sqlalchemy import delete, func, select, update

from ..models.base import now
from .bell import ring_after_commit
from .messages import fresh
from .outbox import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session


class JobRecord(NamedTuple):
    """A job as an operator sees it."""

    id: int
    message_id: str
    workspace_id: int | None
    queue: str
    name: str
    state: str
    priority: int
    due_at: datetime
    attempt: int
    owner: str | None
    lease_until: datetime | None
    last_error: str | None
    created_at: datetime
    updated_at: datetime


_COLUMNS = [TABLE.c[name] for name in JobRecord._fields]


def counts(session: Session) -> dict[str, dict[str, int]]:
    """Return how many jobs there are, by queue and state."""
    rows = session.execute(
        select(TABLE.c.queue, TABLE.c.state, func.count()).group_by(TABLE.c.queue, TABLE.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for queue, state, number in rows:
        found.setdefault(queue, {})[state] = number
    return found


def oldest_due(session: Session) -> dict[str, datetime]:
    """Return since when each queue's longest-waiting job has been ready to run."""
    rows = session.execute(
        select(TABLE.c.queue, func.min(TABLE.c.due_at))
        .where(TABLE.c.state == "queued")
        .group_by(TABLE.c.queue)
    )
    return {queue: due for queue, due in rows}  # noqa: C416 - dict() cannot be typed here


def list_jobs(
    session: Session,
    *,
    state: str | None = None,
    workspace_id: int | None = None,
    limit: int = 50,
    after: int = 0,
) -> Sequence[JobRecord]:
    """Return jobs in the order they were enqueued in, those with an id above ``after``."""
    statement = select(*_COLUMNS).where(TABLE.c.id > after).order_by(TABLE.c.id).limit(limit)
    if state is not None:
        statement = statement.where(TABLE.c.state == state)
    if workspace_id is not None:
        statement = statement.where(TABLE.c.workspace_id == workspace_id)
    return [JobRecord(*row) for row in session.execute(statement)]


def retry_dead(
    session: Session,
    ids: Iterable[int] | None = None,
    *,
    name: str | None = None,
    workspace_id: int | None = None,
    clock: Callable[[], datetime] = now,
) -> int:
    """Queue dead jobs anew as if never tried: these ids, of this name, or all; return how many.

    Those whose message cannot be decoded stay dead.
    """
    statement = select(TABLE.c.id, TABLE.c.queue, TABLE.c.message).with_for_update()
    rows = session.execute(_of_dead(statement, ids, name, workspace_id).order_by(TABLE.c.id)).all()
    revived = 0
    for id_, queue, message in rows:
        try:
            anew = fresh(Message.decode(bytes(message)))
        except DecodeError:
            continue
        session.execute(
            update(TABLE)
            .where(TABLE.c.id == id_)
            .values(
                state="queued",
                attempt=0,
                due_at=clock(),
                message=anew,
                last_error=None,
                updated_at=clock(),
            )
        )
        ring_after_commit(session, queue)
        revived += 1
    return revived


def purge(
    session: Session,
    ids: Iterable[int] | None = None,
    *,
    name: str | None = None,
    workspace_id: int | None = None,
    before: datetime | None = None,
) -> int:
    """Delete dead jobs: these ids, of this name, dead ``before`` then, or all; return how many."""
    statement = _of_dead(delete(TABLE), ids, name, workspace_id)
    if before is not None:
        statement = statement.where(TABLE.c.updated_at < before)
    return len(session.execute(statement.returning(TABLE.c.id)).all())


def _of_dead(
    statement: Any, ids: Iterable[int] | None, name: str | None, workspace_id: int | None
) -> Any:
    statement = statement.where(TABLE.c.state == "dead")
    if ids is not None:
        statement = statement.where(TABLE.c.id.in_(list(ids)))
    if name is not None:
        statement = statement.where(TABLE.c.name == name)
    if workspace_id is not None:
        statement = statement.where(TABLE.c.workspace_id == workspace_id)
    return statement
