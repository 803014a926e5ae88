"""Mending: dead jobs queued anew or deleted, waiting ones taken back; a batch at a time.

All functions work in the session's transaction and serve every workspace, unless the choice names
one. What a worker has is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dramatiq import Message
from dramatiq.errors import DecodeError
from sqlalchemy import bindparam, delete, func, literal_column, select, update

from ..models.base import now
from .bell import ring_after_commit
from .inspection import WAITING, in_states
from .messages import fresh
from .outbox import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

#: Jobs changed in one transaction, so that it stays short.
BATCH = 500


@dataclass(frozen=True)
class Choice:
    """Which jobs are meant: those that fit everything that is given.

    ``before`` is when they died, or were last touched.
    """

    ids: Sequence[int] | None = None
    name: str | None = None
    queue: str | None = None
    workspace_id: int | None = None
    before: datetime | None = None
    states: Sequence[str] = field(default=("dead",))

    def of(self, statement: Select[Any]) -> Select[Any]:
        """Return the statement with the criteria added."""
        statement = statement.where(in_states(self.states))
        if self.ids is not None:
            statement = statement.where(TABLE.c.id.in_(list(self.ids)))
        for name in ("name", "queue", "workspace_id"):
            value = getattr(self, name)
            if value is not None:
                statement = statement.where(TABLE.c[name] == value)
        if self.before is not None:
            statement = statement.where(TABLE.c.updated_at < self.before)
        return statement


class Changed(NamedTuple):
    """What a batch did: the (id, workspace) of changed jobs; where to go on, None at the end."""

    jobs: list[tuple[int, int | None]]
    after: int | None


def count_jobs(session: Session, choice: Choice) -> int:
    """Return how many jobs are meant now."""
    statement = choice.of(select(func.count()).select_from(TABLE))
    number: int = session.execute(statement).scalar_one()
    return number


def retry_dead(
    session: Session,
    choice: Choice,
    *,
    after: int = 0,
    limit: int = BATCH,
    clock: Callable[[], datetime] = now,
) -> Changed:
    """Queue the next dead jobs with ids above ``after`` anew, as if never tried.

    Those whose message cannot be decoded stay dead.
    """
    rows, onward = _pick(session, choice, after=after, limit=limit)
    moment = clock()
    anew = []
    for row in rows:
        try:
            message = fresh(Message.decode(bytes(row.message)))
        except DecodeError:
            continue
        anew.append({"its_id": row.id, "anew": message})
        ring_after_commit(session, row.queue)
    if anew:
        session.execute(_REVIVE.values(due_at=moment, updated_at=moment), anew)
    revived = {it["its_id"] for it in anew}
    return Changed([(row.id, row.workspace_id) for row in rows if row.id in revived], onward)


_REVIVE = (
    update(TABLE)
    .where(TABLE.c.id == bindparam("its_id"))
    .values(state=literal_column("'queued'"), attempt=0, message=bindparam("anew"), last_error=None)
)


def remove_jobs(session: Session, choice: Choice, *, after: int = 0, limit: int = BATCH) -> Changed:
    """Delete the next of the chosen jobs with ids above ``after``: dead or waiting ones."""
    rows, onward = _pick(session, choice, after=after, limit=limit)
    ids = [row.id for row in rows]
    if ids:
        session.execute(delete(TABLE).where(TABLE.c.id.in_(ids)))
    return Changed([(row.id, row.workspace_id) for row in rows], onward)


def _pick(
    session: Session, choice: Choice, *, after: int, limit: int
) -> tuple[Sequence[Any], int | None]:
    """Lock the next chosen jobs; return them, and where to go on."""
    if not choice.states or not {*WAITING, "dead"} >= {*choice.states}:
        raise ValueError("only dead and waiting jobs can be changed")
    statement = choice.of(
        select(TABLE.c.id, TABLE.c.workspace_id, TABLE.c.queue, TABLE.c.message)
    ).where(TABLE.c.id > after)
    rows = session.execute(statement.order_by(TABLE.c.id).limit(limit + 1).with_for_update()).all()
    kept = rows[:limit]
    return kept, kept[-1].id if len(rows) > limit else None
