"""Counting jobs, at a cost that a million of them do not raise: by index, and up to a bound."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, text

from ..db.types import UTCDateTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import TextClause
    from sqlalchemy.orm import Session

#: Counting stops here: for each queue of the queued jobs, for each state of all others.
MOST = 10_000

UNSCOPED = {"unscoped": "the job engine's own table, held to a workspace where one is given"}

#: Every (queue, priority) with queued jobs: one index seek each, however many jobs there are.
_PAIRS = """
    queues(queue) AS (
      SELECT min(queue) FROM jobs WHERE state = 'queued'
      UNION ALL
      SELECT (SELECT min(jobs.queue) FROM jobs
              WHERE jobs.state = 'queued' AND jobs.queue > queues.queue)
      FROM queues WHERE queues.queue IS NOT NULL
    ),
    pairs(queue, priority) AS (
      SELECT queue, (SELECT min(jobs.priority) FROM jobs
                     WHERE jobs.state = 'queued' AND jobs.queue = queues.queue)
      FROM queues WHERE queue IS NOT NULL
      UNION ALL
      SELECT queue, (SELECT min(jobs.priority) FROM jobs
                     WHERE jobs.state = 'queued' AND jobs.queue = pairs.queue
                       AND jobs.priority > pairs.priority)
      FROM pairs WHERE pairs.priority IS NOT NULL
    )
    """

#: And every lane (workspace) within them.
_LANES = """,
    lanes(queue, priority, lane) AS (
      SELECT queue, priority, (SELECT min(jobs.lane) FROM jobs
                               WHERE jobs.state = 'queued' AND jobs.queue = pairs.queue
                                 AND jobs.priority = pairs.priority)
      FROM pairs WHERE priority IS NOT NULL
      UNION ALL
      SELECT queue, priority, (SELECT min(jobs.lane) FROM jobs
                               WHERE jobs.state = 'queued' AND jobs.queue = lanes.queue
                                 AND jobs.priority = lanes.priority AND jobs.lane > lanes.lane)
      FROM lanes WHERE lanes.lane IS NOT NULL
    )
    """

_OF_LANE = """jobs.state = 'queued' AND jobs.queue = {0}.queue
    AND jobs.priority = {0}.priority AND jobs.lane = {1}"""

_QUEUED = text(
    f"""
    WITH RECURSIVE {_PAIRS}
    SELECT queue, 'queued' AS state,
      (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE jobs.state = 'queued'
                               AND jobs.queue = queues.queue LIMIT :most) AS bounded) AS number
    FROM queues WHERE queue IS NOT NULL
    """  # noqa: S608 - made of constants
)

_QUEUED_OF_ONE = text(
    f"""
    WITH RECURSIVE {_PAIRS}
    SELECT queue, 'queued' AS state,
      (SELECT count(*) FROM (SELECT 1 FROM jobs WHERE {_OF_LANE.format("pairs", ":workspace_id")}
                             LIMIT :most) AS bounded) AS number
    FROM pairs WHERE priority IS NOT NULL
    """  # noqa: S608 - made of constants
)

_FEW = (("handed", "queued"), ("running", "running"))
_MANY = (("delayed", "delayed"), ("dead", "dead"))


def _others(among_few: str, among_many: str) -> list[TextClause]:
    """Return a count by queue for each state but queued; handed ones are queued to people."""
    return [
        text(
            f"""
            SELECT queue, '{shown}' AS state, count(*) AS number
            FROM (SELECT queue FROM jobs WHERE state = '{state}' {criterion} LIMIT :most) AS bounded
            GROUP BY queue
            """  # noqa: S608 - made of constants
        )
        for states, criterion in ((_FEW, among_few), (_MANY, among_many))
        for state, shown in states
    ]


#: Few jobs are running or handed: better to read all of those than all of the workspace's. The
#: plus keeps the index of workspaces out of it.
_AMONG_FEW = "AND +workspace_id = :workspace_id"
_AMONG_MANY = "AND workspace_id = :workspace_id"
_COUNTS = [_QUEUED, *_others("", "")]
_COUNTS_OF_ONE = [_QUEUED_OF_ONE, *_others(_AMONG_FEW, _AMONG_MANY)]

#: PostgreSQL would else read the whole of a table that was small when it was analysed; and compile
#: the statement, which takes a hundred times as long as running it.
_SET = "SELECT set_config('enable_seqscan', {0}, true), set_config('jit', {0}, true)"
_BEFORE = text(_SET.format("'off'"))
_AFTER = text(_SET.format("NULL"))

_OLDEST = text(
    f"""
    WITH RECURSIVE {_PAIRS} {_LANES}
    SELECT queue, min((SELECT min(jobs.due_at) FROM jobs
                       WHERE {_OF_LANE.format("lanes", "lanes.lane")})) AS due_at
    FROM lanes WHERE lane IS NOT NULL GROUP BY queue
    """  # noqa: S608 - made of constants
)

_OLDEST_OF_ONE = text(
    f"""
    WITH RECURSIVE {_PAIRS}
    SELECT queue, min((SELECT min(jobs.due_at) FROM jobs
                       WHERE {_OF_LANE.format("pairs", ":workspace_id")})) AS due_at
    FROM pairs WHERE priority IS NOT NULL GROUP BY queue
    """  # noqa: S608 - made of constants
)

_HANDED = "SELECT queue, min(due_at) AS due_at FROM jobs WHERE state = 'handed' {0} GROUP BY queue"


def _typed(*statements: TextClause) -> list[Any]:
    return [it.columns(queue=String, due_at=UTCDateTime) for it in statements]


_AGES = _typed(_OLDEST, text(_HANDED.format("")))
_AGES_OF_ONE = _typed(_OLDEST_OF_ONE, text(_HANDED.format(_AMONG_FEW)))


def counts(
    session: Session, *, workspace_id: int | None = None, most: int = MOST
) -> dict[str, dict[str, int]]:
    """Return how many jobs there are, by queue and state; ``most`` means that many or more."""
    found: dict[str, dict[str, int]] = {}
    statements, values = _COUNTS, {"most": most}
    if workspace_id is not None:
        statements, values = _COUNTS_OF_ONE, {"most": most, "workspace_id": workspace_id}
    with _by_index(session) as run:
        for statement in statements:
            for queue, state, number in run(statement, values):
                if number:
                    states = found.setdefault(queue, {})
                    states[state] = min(most, states.get(state, 0) + number)
    return found


def oldest_due(session: Session, *, workspace_id: int | None = None) -> dict[str, datetime]:
    """Return since when each queue's longest-waiting job has been ready to run."""
    found: dict[str, datetime] = {}
    statements, values = _AGES, {}
    if workspace_id is not None:
        statements, values = _AGES_OF_ONE, {"workspace_id": workspace_id}
    with _by_index(session) as run:
        for statement in statements:
            for queue, due in run(statement, values):
                if due is not None:
                    found[queue] = min(due, found.get(queue, due))
    return found


@contextmanager
def _by_index(session: Session) -> Iterator[Callable[[Any, Mapping[str, Any]], Any]]:
    """Yield what runs a statement by the indexes made for it, whatever statistics there are."""
    connection = session.connection()

    def run(statement: Any, values: Mapping[str, Any] | None = None) -> Any:
        return connection.execute(statement, values, execution_options=UNSCOPED)

    if connection.dialect.name != "postgresql":
        yield run
        return
    run(_BEFORE)
    yield run
    run(_AFTER)
