"""No list, timer, batch or report reads a whole table: the database's own word, with many rows."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from support_core.plugin_api import Conversation, Customer
from support_sla import folding, jobs, recomputing
from support_sla.models import Clock as ClockRow

from .conftest import minutes, promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace

    from .conftest import Clock

MANY = 4_000
TABLES = ("conversations", "threads", "sla_clocks", "sla_day_figures", "sla_stale_days")

LISTS = (
    "sla_status=breached",
    "sla_status=at_risk,breached",
    "sla_status=on_track",
    "sla_status=breached&sort=created_at",
    "sort=sla_due_at",
    "sort=-sla_due_at&cursor=",
    "sort=sla_due_at&page=3",
    "sort=sla_first_response_due_at&sla_status=on_track",
    "sort=sla_resolution_due_at",
    "sla_status=on_track&sort=sla_due_at&per_page=100",
)


@pytest.fixture(scope="module")
def stocked(desk: DeskUnderTest, clock: Clock) -> tuple[TestWorkspace, int]:
    """Two workspaces with thousands of open conversations, some of which fall due now."""
    _stock(desk.workspace(), clock)
    workspace = desk.workspace()
    made = _stock(workspace, clock)
    with desk.application.database.transaction() as session:
        session.execute(text("ANALYZE"), execution_options={"unscoped": "statistics"})
    return workspace, made


def _stock(workspace: TestWorkspace, clock: Clock) -> int:
    promise(workspace, {"normal": minutes(60, 60, 600)})
    made: int = workspace.conversation()["id"]
    mailbox = workspace.a_mailbox
    with workspace.desk() as desk:
        first, stamp = workspace.id * 1_000_000, {"workspace_id": workspace.id}
        session = desk.session
        customer = {"id": first, "email": "one@example.test", "email_key": "one@example.test"}
        session.core(Customer.__table__.insert(), [{**stamp, **customer, "attributes": {}}])
        heads, clocks = [], []
        for number in range(MANY):
            moment = clock.now - timedelta(minutes=number)
            due = clock.now + timedelta(seconds=number - 10)
            heads.append(
                {
                    **stamp,
                    "id": first + number,
                    "number": number + 10,
                    "subject": f"Question {number}",
                    "channel": "probe",
                    "mailbox_id": mailbox,
                    "customer_id": first,
                    "tags": [],
                    **dict.fromkeys(("created_at", "updated_at", "last_reply_at"), moment),
                }
            )
            clocks.append(
                {
                    **stamp,
                    "conversation_id": first + number,
                    "sla_status": ("breached", "at_risk")[number % 2]
                    if number < 40
                    else "on_track",
                    "first_response_due_at": due,
                    "resolution_due_at": due,
                    "due_at": due,
                    "fires_at": due,
                    "turned": [],
                    "next_response_met": 0,
                    "next_response_breached": 0,
                    "updated_at": moment,
                }
            )
        session.core(Conversation.__table__.insert(), heads)
        session.core(ClockRow.__table__.insert(), clocks)
    return made


@contextmanager
def plans(desk: DeskUnderTest) -> Iterator[list[str]]:
    """Yield a list that grows by the plan of every statement that reads or changes rows.

    PostgreSQL plans as it does where reading a whole table is out of question: of tables as small
    as a test's it would read all, and of one that holds two workspaces half.
    """
    found: list[str] = []
    database = desk.application.database
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        many = rest[-1]
        if not many and statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
            with closing(connection.connection.cursor()) as cursor:
                if database.dialect != "sqlite":
                    cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute(explain + statement, parameters)
                lines = [str(row[-1]) for row in cursor.fetchall()]
            found.append(f"{statement}\n" + "\n".join(lines))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def scans(found: list[str]) -> list[str]:
    """Return the plans that read all of a table."""
    return [
        plan
        for plan in found
        for line in plan.splitlines()
        for table in TABLES
        if f"Seq Scan on {table}" in line
        or (line.startswith(f"SCAN {table}") and " USING " not in line)
    ]


@pytest.mark.parametrize("query", LISTS)
def test_a_list_by_service_level_goes_by_an_index(
    stocked: tuple[TestWorkspace, int], desk: DeskUnderTest, query: str
) -> None:
    workspace, _ = stocked
    with plans(desk) as found:
        answer = workspace.owner.get(f"/conversations?{query}")
    assert answer.json["data"]
    assert any("sla_clocks" in plan for plan in found)
    assert not scans(found), "\n\n".join(scans(found))


def test_the_soonest_due_are_read_in_their_order_and_not_sorted(
    stocked: tuple[TestWorkspace, int], desk: DeskUnderTest
) -> None:
    workspace, _ = stocked
    with plans(desk) as found:
        workspace.owner.get("/conversations?sort=sla_due_at&cursor=")
    (page,) = [plan for plan in found if "LIMIT" in plan and "sla_clocks" in plan]
    assert "ix_sla_clocks_due" in page
    assert "USE TEMP B-TREE" not in page
    assert "Sort Key" not in page


def test_timers_and_batches_and_figures_go_by_indexes(
    stocked: tuple[TestWorkspace, int], desk: DeskUnderTest
) -> None:
    workspace, made = stocked
    with plans(desk) as found:
        with workspace.desk() as opened:
            assert len(jobs._also_due(opened, made)) == 2
            jobs.refresh(opened, [made])
            assert recomputing._next(opened, None, 100)
        assert folding.fold_day(workspace.desk)
        workspace.owner.get("/reports/sla?group_by=agent")
    assert len(found) > 10
    assert not scans(found), "\n\n".join(scans(found))


def test_a_plan_that_reads_all_is_recognised(
    stocked: tuple[TestWorkspace, int], desk: DeskUnderTest
) -> None:
    with plans(desk) as found, desk.application.database.engine.connect() as connection:
        connection.execute(text("SELECT count(updated_at) FROM sla_clocks"))
    assert scans(found)
