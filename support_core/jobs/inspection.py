"""Looking at the jobs of a database: for the command line and the API.

All functions work in the session's transaction and serve every workspace, unless one is given.
Jobs that were handed to a broker are shown as what they are to people: queued.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dramatiq import Message
from dramatiq.errors import DecodeError
from sqlalchemy import case, literal_column, or_, select

from .outbox import TABLE, is_keyed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from .declaration import Job

#: The states that people know.
SHOWN_STATES = ("queued", "running", "delayed", "dead")

#: What is stored, and what people know it as.
_STORED = {
    "delayed": "delayed",
    "dead": "dead",
    "queued": "queued",
    "handed": "queued",
    "running": "running",
}

#: What no worker has yet, and may therefore be taken back.
WAITING = ("queued", "delayed")


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
    last_error: str | None
    created_at: datetime
    updated_at: datetime
    message: bytes

    @property
    def keyed(self) -> bool:
        """Whether at most one job of its key waits."""
        return is_keyed(self.message_id)

    def age(self, moment: datetime) -> int:
        """Return the whole seconds since it was asked for."""
        return max(0, int((moment - self.created_at).total_seconds()))

    def arguments(self, declared: Mapping[str, Job]) -> dict[str, Any]:
        """Return the arguments by the names of the parameters, or by their places from 1.

        Empty for a message that cannot be decoded.
        """
        try:
            given = tuple(Message.decode(bytes(self.message)).args)
        except DecodeError:
            return {}
        job = declared.get(self.name)
        names = job.name_arguments(given) if job is not None else None
        return names if names is not None else {str(n): it for n, it in enumerate(given, 1)}


_SHOWN = {"state": case((TABLE.c.state == "handed", "queued"), else_=TABLE.c.state)}
COLUMNS: list[ColumnElement[Any]] = [
    _SHOWN.get(name, TABLE.c[name]).label(name) for name in JobRecord._fields
]


def in_states(states: Collection[str]) -> ColumnElement[bool]:
    """Return the criterion of the states that people know by these names.

    Written out, for the indexes of one state are used for nothing else.
    """
    stored = [name for name, shown in _STORED.items() if shown in states]
    return or_(*(TABLE.c.state == literal_column(f"'{state}'") for state in stored))


def list_jobs(  # noqa: PLR0913 - filters, by keyword
    session: Session,
    *,
    state: str | None = None,
    workspace_id: int | None = None,
    queue: str | None = None,
    name: str | None = None,
    limit: int = 50,
    after: int = 0,
) -> Sequence[JobRecord]:
    """Return jobs in the order they were enqueued in, those with an id above ``after``."""
    statement = select(*COLUMNS).where(TABLE.c.id > after).order_by(TABLE.c.id).limit(limit)
    if state is not None:
        statement = statement.where(in_states([state]))
    wanted = {"workspace_id": workspace_id, "queue": queue, "name": name}
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(TABLE.c[column] == value)
    return [JobRecord(*row) for row in session.execute(statement)]


def find_job(session: Session, job_id: int, *, workspace_id: int | None = None) -> JobRecord | None:
    """Return one job; None for one that is over, or another workspace's."""
    statement = select(*COLUMNS).where(TABLE.c.id == job_id)
    if workspace_id is not None:
        statement = statement.where(TABLE.c.workspace_id == workspace_id)
    row = session.execute(statement).first()
    return None if row is None else JobRecord(*row)
