"""No list reads all conversations: the database's own plan for every filter, with many rows."""

from __future__ import annotations

from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, insert, text

from support_core.models import Conversation, ConversationTag, Customer
from support_core.models.search import conversation_search, document
from support_core.testing import make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.db import Database
    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases

MANY = 5_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)

LISTS = [
    "",
    "?page=3",
    "?cursor=",
    "?sort=created_at",
    "?sort=-updated_at",
    "?sort=number",
    "?status=pending",
    "?status=pending,spam",
    "?channel=api",
    "?priority=urgent",
    "?mailbox_id={second}",
    "?assigned_to={member}",
    "?assigned_to=unassigned",
    "?assigned_to=me",
    "?customer_id={customer}",
    "?tag=rare",
    "?created_after=2025-12-31T22:00:00Z",
    "?updated_after=2025-12-31T22:00:00Z",
    "?status=pending&assigned_to={member}",
    "?status=active&priority=urgent&cursor=",
    "?search=needle",
    "?search=person4711@example.test",
    "?search=%23321",
    "?search=needle&status=active",
]


@pytest.fixture(scope="module")
def stocked(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestWorkspace, dict[str, int]]]:
    """Two workspaces with many conversations each, and ids to filter by."""
    under_test = make_desk(
        tmp_path_factory.mktemp("plans"), databases.create("query_plans"), extra={"probe": probe}
    )
    _stock(under_test.workspace())
    workspace = under_test.workspace()
    ids = _stock(workspace)
    with under_test.application.database.transaction() as session:
        session.execute(text("ANALYZE"), execution_options={"unscoped": "statistics"})
    yield workspace, ids
    under_test.application.close()


def _stock(workspace: TestWorkspace) -> dict[str, int]:
    mailboxes = [workspace.mailbox(), workspace.mailbox()]
    members = [workspace.member(), workspace.member()]
    with workspace.desk() as desk:
        session, stamp = desk.session, {"workspace_id": workspace.id}
        first = workspace.id * 1_000_000
        session.execute(
            insert(Customer.__table__),
            [
                {
                    **stamp,
                    "id": first + n,
                    "email": f"person{n}@example.test",
                    "email_key": f"person{n}@example.test",
                    "attributes": {},
                }
                for n in range(MANY)
            ],
        )
        session.execute(
            insert(Conversation.__table__),
            [{**stamp, **_conversation(n, first, mailboxes, members)} for n in range(MANY)],
        )
        session.execute(
            insert(conversation_search),
            [
                {
                    **stamp,
                    "rowid": first + n,
                    "text": document(_subject(n), f"person{n}@example.test"),
                }
                for n in range(MANY)
            ],
        )
        session.execute(
            insert(ConversationTag.__table__),
            [
                {**stamp, "tag": "rare" if n % 500 == 0 else "common", "conversation_id": first + n}
                for n in range(MANY)
            ],
        )
    return {"second": mailboxes[1], "member": members[1], "customer": first + 77}


def _subject(number: int) -> str:
    return f"Question {number} about " + ("a needle" if number == 4242 else "my order")


def _conversation(
    number: int, first: int, mailboxes: list[int], members: list[int]
) -> dict[str, Any]:
    moment = NOW - timedelta(minutes=number)
    return {
        "id": first + number,
        "number": number + 1,
        "subject": _subject(number),
        "status": ("pending", "spam")[number % 2] if number % 50 < 2 else "active",
        "channel": "api" if number % 40 == 0 else "probe",
        "priority": "urgent" if number % 60 == 0 else "normal",
        "mailbox_id": mailboxes[number % 50 == 3],
        "customer_id": first + number,
        "assigned_to": members[number % 50 in (0, 5)] if number % 3 else None,
        "tags": [],
        "created_at": moment,
        "updated_at": moment,
        "last_reply_at": moment,
    }


@contextmanager
def _plans(database: Database, *, large: bool = False) -> Iterator[list[str]]:
    """Yield a list that grows by the plan of every SELECT of the block.

    With ``large``, PostgreSQL plans as it does where reading a whole table is out of question.
    """
    plans: list[str] = []
    sqlite = database.dialect == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "

    def note(connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            with closing(connection.connection.cursor()) as cursor:
                if not sqlite:
                    cursor.execute(f"SET LOCAL enable_seqscan = {'off' if large else 'on'}")
                cursor.execute(explain + statement, parameters)
                lines = [str(row[-1]) for row in cursor.fetchall()]
            plans.append(f"{statement}\n" + "\n".join(lines))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def _reads_all(plan: str, table: str) -> bool:
    lines = plan.splitlines()
    return any(
        f"Seq Scan on {table}" in line
        or (line.startswith(f"SCAN {table}") and " USING " not in line and "VIRTUAL" not in line)
        for line in lines
    )


@pytest.mark.parametrize("query", LISTS)
def test_a_list_goes_by_an_index(stocked: tuple[TestWorkspace, dict[str, int]], query: str) -> None:
    workspace, ids = stocked
    path = "/conversations" + query.format(**ids)
    workspace.owner.get(path)
    with _plans(workspace.under_test.application.database) as plans:
        answer = workspace.owner.get(path)
    assert answer.status_int == 200
    assert answer.json["data"] or "assigned_to=me" in query
    assert len(plans) >= 2
    scanned = [plan for plan in plans if _reads_all(plan, "conversations")]
    assert not scanned, "\n\n".join(scanned)


@pytest.mark.parametrize("query", [it for it in LISTS if "search" in it])
def test_a_search_can_go_by_its_index(
    stocked: tuple[TestWorkspace, dict[str, int]], query: str
) -> None:
    workspace, _ = stocked
    with _plans(workspace.under_test.application.database, large=True) as plans:
        assert workspace.owner.get(f"/conversations{query}").json["data"]
    assert any("conversation_search" in plan for plan in plans)
    scanned = [plan for plan in plans if _reads_all(plan, "conversation_search")]
    assert not scanned, "\n\n".join(scanned)


def test_a_plan_that_reads_all_is_recognised(stocked: tuple[TestWorkspace, dict[str, int]]) -> None:
    database = stocked[0].under_test.application.database
    with _plans(database) as plans, database.engine.connect() as connection:
        connection.execute(text("SELECT count(subject) FROM conversations WHERE subject <> ''"))
    assert _reads_all(plans[0], "conversations")


def test_a_customers_conversations_go_by_an_index(
    stocked: tuple[TestWorkspace, dict[str, int]],
) -> None:
    workspace, ids = stocked
    with _plans(workspace.under_test.application.database) as plans:
        workspace.owner.get(f"/customers/{ids['customer']}/conversations")
    assert plans
    assert not [plan for plan in plans if _reads_all(plan, "conversations")]


@pytest.mark.parametrize("query", ["", "?cursor=", "?search=person4711"])
def test_the_customer_list_goes_by_an_index(
    stocked: tuple[TestWorkspace, dict[str, int]], query: str
) -> None:
    workspace, _ = stocked
    with _plans(workspace.under_test.application.database) as plans:
        assert workspace.owner.get(f"/customers{query}").status_int == 200
    rows = [plan for plan in plans if "count(" not in plan.partition("FROM")[0]]
    assert rows
    assert not [plan for plan in rows if _reads_all(plan, "customers")]
