"""Counting costs the same however many jobs there are: by index, and up to a bound."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, text, update

from support_core.jobs import counts, list_jobs, oldest_due
from support_core.models import Job as JobRow

from .sample_jobs import note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .desks import SmallApplication

TABLE = JobRow.__table__
MANY = 6_000
STATES = ("queued", "handed", "running", "delayed", "dead")


@pytest.fixture
def stocked(application: SmallApplication) -> SmallApplication:
    """Many queued jobs in three queues and twenty workspaces, and some in every other state."""
    application.enqueue(note, 1)
    with application.database.transaction() as session:
        columns = [it for it in TABLE.c if it.name not in {"id", "message_id"}]
        row = session.execute(TABLE.select().with_only_columns(*columns)).one()._mapping
        session.execute(TABLE.delete())
        session.execute(
            insert(TABLE),
            [
                {
                    **row,
                    "message_id": f"copy-{number}",
                    "workspace_id": number % 20 + 1,
                    "lane": number % 20 + 1,
                    "queue": f"queue{number % 3}",
                    "priority": number % 2,
                    "state": STATES[number // 100] if number < 500 else "queued",
                    "due_at": row["due_at"] - timedelta(seconds=number),
                }
                for number in range(MANY)
            ],
        )
    with application.database.transaction() as session:
        session.connection().execute(text("ANALYZE"))
    return application


@contextmanager
def _plans(application: SmallApplication) -> Iterator[list[str]]:
    """Yield a list that grows by the plan of each statement that reads jobs."""
    plans: list[str] = []
    explain = "EXPLAIN " + ("QUERY PLAN " if application.database.dialect == "sqlite" else "")

    def look(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "jobs" in statement:
            with closing(connection.connection.cursor()) as cursor:
                cursor.execute(explain + statement, parameters)
                plans.append("\n".join(str(row[-1]) for row in cursor.fetchall()))

    event.listen(application.database.engine, "before_cursor_execute", look)
    try:
        yield plans
    finally:
        event.remove(application.database.engine, "before_cursor_execute", look)


def _reads_all(plan: str) -> bool:
    return any(
        "Seq Scan on jobs" in line or (line.startswith("SCAN jobs") and " USING " not in line)
        for line in plan.splitlines()
    )


@pytest.mark.parametrize("workspace_id", [None, 7], ids=["all", "one workspace"])
def test_counting_goes_by_indexes_of_the_states(
    stocked: SmallApplication, workspace_id: int | None
) -> None:
    with _plans(stocked) as plans, stocked.database.transaction(write=False) as session:
        counts(session, workspace_id=workspace_id)
        oldest_due(session, workspace_id=workspace_id)
    assert len(plans) == 7
    assert not [plan for plan in plans if _reads_all(plan)]
    # Through a workspace's jobs, however many, to find the few that run.
    assert not [plan for plan in plans if "ix_jobs_workspace" in plan]


def test_a_plan_that_reads_all_is_recognised(stocked: SmallApplication) -> None:
    with _plans(stocked) as plans, stocked.database.engine.connect() as connection:
        connection.execute(text("SELECT count(name) FROM jobs WHERE name <> ''"))
    assert _reads_all(plans[0])


def test_numbers_and_ages_are_right(stocked: SmallApplication) -> None:
    with stocked.database.transaction(write=False) as session:
        everywhere, there = counts(session), counts(session, workspace_id=7)
        ages, theirs = oldest_due(session), oldest_due(session, workspace_id=7)
        rows = list_jobs(session, limit=10_000)
    for found, shown in ((everywhere, rows), (there, [it for it in rows if it.workspace_id == 7])):
        assert {
            (queue, state): n for queue, states in found.items() for state, n in states.items()
        } == {
            (it.queue, it.state): sum(
                other.queue == it.queue and other.state == it.state for other in shown
            )
            for it in {(row.queue, row.state): row for row in shown}.values()
        }
    for oldest, shown in ((ages, rows), (theirs, [it for it in rows if it.workspace_id == 7])):
        waiting = [it for it in shown if it.state == "queued"]
        assert oldest == {
            queue: min(it.due_at for it in waiting if it.queue == queue)
            for queue in {it.queue for it in waiting}
        }


def test_counting_stops_at_the_bound(stocked: SmallApplication) -> None:
    with stocked.database.transaction() as session:
        found = counts(session, most=10)
        assert {number for states in found.values() for number in states.values()} <= set(range(11))
        assert found["queue0"]["queued"] == 10
        session.execute(update(TABLE).values(state="dead"))
        assert sum(states["dead"] for states in counts(session, most=10).values()) == 10


def test_nothing_is_counted_where_nothing_is(application: SmallApplication) -> None:
    with application.database.transaction(write=False) as session:
        assert counts(session) == {}
        assert oldest_due(session) == {}
        assert counts(session, workspace_id=1) == {}
