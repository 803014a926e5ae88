"""Direct attempts on the session: a statement stays in its workspace, or does not run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    text,
    true,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Bundle, aliased

import support_core
from support_core.db import UnscopedQuery
from support_core.db.unindexed import unindexed
from support_core.models import ConversationTag, Counter, Customer, Role, User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support_core.db import WorkspaceSession

    from .world import World

    Attempt = Callable[["Attacker"], Any]

C, R, U = Customer.__table__, Role.__table__, User.__table__
T, N = ConversationTag.__table__, Counter.__table__
A, X = aliased(Customer), C.alias()


@dataclass(frozen=True)
class Attacker:
    """A session, the workspace it serves, and another one."""

    session: WorkspaceSession
    own: int
    foreign: int


#: Statements that are held to the session's workspace by themselves, or by it.
HELD: dict[str, Attempt] = {
    "columns of an entity": lambda at: at.session.scalars(select(Customer.workspace_id)).all(),
    "an entity": lambda at: [it.workspace_id for it in at.session.scalars(select(Customer))],
    "a legacy query": lambda at: [it.workspace_id for it in at.session.query(Customer)],
    "an alias": lambda at: at.session.scalars(select(A.workspace_id)).all(),
    "a bundle": lambda at: [
        it.b.workspace_id for it in at.session.execute(select(Bundle("b", Customer.workspace_id)))
    ],
    "a subquery": lambda at: at.session.scalars(
        select(select(Customer.workspace_id).subquery())
    ).all(),
    "a CTE": lambda at: at.session.scalars(select(select(Customer.workspace_id).cte())).all(),
    "a scalar subquery": lambda at: at.session.scalars(
        select(select(func.max(Customer.workspace_id)).scalar_subquery())
    ).all(),
    "a union": lambda at: at.session.scalars(
        union_all(select(Customer.workspace_id), select(User.workspace_id))
    ).all(),
    "a join without a relationship": lambda at: at.session.scalars(
        select(Customer.workspace_id).join(User, true())
    ).all(),
    "a Core table": lambda at: at.session.scalars(
        select(C.c.workspace_id).where(C.c.workspace_id == at.own)
    ).all(),
    "a Core join": lambda at: at.session.scalars(
        select(U.c.workspace_id)
        .select_from(C.join(U, C.c.workspace_id == U.c.workspace_id))
        .where(C.c.workspace_id == at.own)
    ).all(),
    "a Core subquery that follows its outer row": lambda at: at.session.scalars(
        select(C.c.workspace_id).where(
            C.c.workspace_id == at.own, exists().where(U.c.workspace_id == C.c.workspace_id)
        )
    ).all(),
    "Core past the session's own ways": lambda at: list(
        at.session.core(
            select(C.c.workspace_id).where(C.c.workspace_id == bindparam("w")), {"w": at.own}
        ).scalars()
    ),
    "a criterion that no index may answer": lambda at: at.session.scalars(
        select(C.c.workspace_id).where(unindexed(C.c.workspace_id) == at.own)
    ).all(),
}

#: Statements that are not, and must not run.
LOOSE: dict[str, Attempt] = {
    "Core": lambda at: at.session.execute(select(C.c.id)),
    "Core past the session's own ways": lambda at: at.session.core(select(C.c.id)),
    "Core past the session's own ways, in another workspace": lambda at: at.session.core(
        select(C.c.id).where(C.c.workspace_id == bindparam("w")), {"w": at.foreign}
    ),
    "an entity past the session's own ways": lambda at: at.session.core(select(Customer)),
    "a criterion that no index may answer, in another workspace": lambda at: at.session.execute(
        select(C.c.id).where(unindexed(C.c.workspace_id) == at.foreign)
    ),
    "Core in another workspace": lambda at: at.session.execute(
        select(C.c.id).where(C.c.workspace_id == at.foreign)
    ),
    "Core with another workspace's parameter": lambda at: at.session.execute(
        select(C.c.id).where(C.c.workspace_id == bindparam("w")), {"w": at.foreign}
    ),
    "an entity in another workspace": lambda at: at.session.execute(
        select(Customer).where(Customer.workspace_id == at.foreign)
    ),
    "a criterion beside an or": lambda at: at.session.execute(
        select(C.c.id).where(or_(C.c.workspace_id == at.own, C.c.id > 0))
    ),
    "a negated criterion": lambda at: at.session.execute(
        select(C.c.id).where(not_(C.c.workspace_id == at.own))
    ),
    "a criterion on itself": lambda at: at.session.execute(
        select(C.c.id).where(C.c.workspace_id == C.c.workspace_id)
    ),
    "a criterion among the columns": lambda at: at.session.execute(
        select(C.c.id, C.c.workspace_id == at.own)
    ),
    "a criterion that an outer join ignores": lambda at: at.session.execute(
        select(C.c.id).select_from(C.outerjoin(R, C.c.workspace_id == at.own))
    ),
    "one side of a join": lambda at: at.session.execute(
        select(R.c.id).select_from(C.join(R, C.c.id != R.c.id)).where(C.c.workspace_id == at.own)
    ),
    "an alias held by its table": lambda at: at.session.execute(
        select(X.c.id).select_from(C.join(X, true())).where(C.c.workspace_id == at.own)
    ),
    "a Core subquery": lambda at: at.session.execute(select(select(C.c.id).subquery())),
    "a Core scalar subquery": lambda at: at.session.execute(
        select(select(func.max(C.c.id)).scalar_subquery())
    ),
    "a Core CTE": lambda at: at.session.execute(select(select(C.c.id).cte())),
    "one half of a union": lambda at: at.session.execute(
        union(select(C.c.id).where(C.c.workspace_id == at.own), select(U.c.id))
    ),
    "an entity beside a table": lambda at: at.session.execute(
        select(User.id, R.c.id).join(R, R.c.id != User.role_id)
    ),
    "an entity asked about a table": lambda at: at.session.execute(
        select(User.id).where(User.id.in_(select(T.c.conversation_id)))
    ),
    "an entity that only a criterion names": lambda at: at.session.execute(
        select(exists().where(Customer.id > 0))
    ),
    "text": lambda at: at.session.execute(text("SELECT id FROM customers")),
    "text with columns": lambda at: at.session.execute(
        text("SELECT id FROM customers").columns(column("id"))
    ),
    "an entity from text": lambda at: at.session.execute(
        select(Customer).from_statement(text("SELECT * FROM customers"))
    ),
    "text inside of a select": lambda at: at.session.execute(
        select(text("id")).select_from(text("customers"))
    ),
    "text in a literal": lambda at: at.session.execute(
        select(literal_column("(SELECT max(id) FROM customers)"))
    ),
    "a lightweight table": lambda at: at.session.execute(
        select(column("id")).select_from(table("customers"))
    ),
    "a table of another metadata": lambda at: at.session.execute(
        select(Table("customers", MetaData(), Column("id", Integer)))
    ),
    "the search index": lambda at: at.session.execute(
        select(column("text")).select_from(table("conversation_search"))
    ),
    "the connection": lambda at: at.session.connection().execute(select(C.c.id)),
    "the driver": lambda at: at.session.connection().exec_driver_sql("SELECT id FROM customers"),
    "a Core update": lambda at: at.session.execute(update(C).values(company="x")),
    "a Core delete": lambda at: at.session.execute(delete(T)),
    "an update by a foreign subquery": lambda at: at.session.execute(
        update(C).where(C.c.workspace_id == at.own, C.c.id.in_(select(U.c.id))).values(company="x")
    ),
    "an update to a foreign value": lambda at: at.session.execute(
        update(Customer).values(company=select(func.max(U.c.email)).scalar_subquery())
    ),
    "an update that moves rows": lambda at: at.session.execute(
        update(Customer).values(workspace_id=at.foreign)
    ),
    "a bulk update by key": lambda at: at.session.execute(
        update(Customer), [{"id": 1, "company": "x"}]
    ),
    "bulk_update_mappings": lambda at: at.session.bulk_update_mappings(
        Customer, [{"id": 1, "company": "x"}]
    ),
    "a Core insert": lambda at: at.session.execute(
        insert(N).values(workspace_id=at.foreign, name="x", value=1)
    ),
    "an insert of several": lambda at: at.session.execute(
        insert(N).values(
            [{"workspace_id": it, "name": "x", "value": 1} for it in (at.own, at.foreign)]
        )
    ),
    "an insert by many parameters": lambda at: at.session.execute(
        insert(Counter),
        [{"workspace_id": it, "name": "x", "value": 1} for it in (at.own, at.foreign)],
    ),
    "an insert from a select": lambda at: at.session.execute(
        insert(N).from_select(
            ["workspace_id", "name", "value"],
            select(literal(at.foreign), literal("x"), func.max(U.c.id)).where(
                U.c.workspace_id == at.own
            ),
        )
    ),
    "bulk_insert_mappings": lambda at: at.session.bulk_insert_mappings(
        Counter, [{"workspace_id": at.foreign, "name": "x", "value": 1}]
    ),
    "bulk_save_objects": lambda at: at.session.bulk_save_objects(
        [Counter(workspace_id=at.foreign, name="x", value=1)]
    ),
    "an added row": lambda at: (
        at.session.add(Counter(workspace_id=at.foreign, name="x")),
        at.session.flush(),
    ),
    "a merged row": lambda at: (
        at.session.merge(Counter(workspace_id=at.foreign, name="events", value=9)),
        at.session.flush(),
    ),
}


@pytest.fixture
def session(ours: World, theirs: World) -> Iterator[WorkspaceSession]:
    """A session of one workspace, beside which there is another."""
    database = ours.workspace.under_test.application.database
    with database.session(ours.workspace.id) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def attacker(session: WorkspaceSession, ours: World, theirs: World) -> Attacker:
    """Who tries."""
    return Attacker(session, ours.workspace.id, theirs.workspace.id)


@pytest.mark.parametrize("name", HELD)
def test_a_held_statement_sees_its_workspace_only(attacker: Attacker, name: str) -> None:
    assert set(HELD[name](attacker)) == {attacker.own}


@pytest.mark.parametrize("name", LOOSE)
def test_a_loose_statement_does_not_run(attacker: Attacker, name: str) -> None:
    with pytest.raises(UnscopedQuery):
        LOOSE[name](attacker)


def test_an_update_of_an_entity_touches_its_workspace_only(session: WorkspaceSession) -> None:
    mine = session.scalar(select(func.count()).select_from(Customer))
    changed = session.execute(
        update(Customer).values(company="x"), execution_options={"synchronize_session": False}
    )
    assert changed.rowcount == mine  # type: ignore[attr-defined]


def test_a_delete_of_an_entity_touches_its_workspace_only(session: WorkspaceSession) -> None:
    mine = session.scalar(select(func.count()).select_from(ConversationTag))
    assert session.execute(delete(ConversationTag)).rowcount == mine  # type: ignore[attr-defined]


def test_a_foreign_row_cannot_be_had_by_its_key(session: WorkspaceSession, theirs: World) -> None:
    assert session.get(Customer, theirs.customer) is None


def test_not_even_when_the_session_has_seen_it(session: WorkspaceSession, theirs: World) -> None:
    seen = session.execute(
        select(Customer).where(Customer.id == theirs.customer),
        execution_options={"unscoped": "to have it in the identity map"},
    ).scalar_one()
    assert session.identity_map.values() == [seen]
    assert session.get(Customer, theirs.customer) is None


def test_a_row_cannot_be_moved_to_another_workspace(
    session: WorkspaceSession, ours: World, theirs: World
) -> None:
    session.get_one(Customer, ours.customer).workspace_id = theirs.workspace.id
    with pytest.raises(UnscopedQuery):
        session.flush()


def test_a_row_of_another_session_can_be_neither_changed_nor_deleted(
    session: WorkspaceSession, theirs: World
) -> None:
    with theirs.workspace.desk() as desk:
        foreign = desk.session.get_one(Customer, theirs.customer)
    session.add(foreign)
    foreign.company = "changed"
    with pytest.raises(UnscopedQuery):
        session.flush()
    session.rollback()
    session.delete(foreign)
    with pytest.raises(UnscopedQuery):
        session.flush()


def test_a_session_without_a_workspace_reaches_no_tenant_row(ours: World) -> None:
    database = ours.workspace.under_test.application.database
    with database.session() as session:
        for statement in (select(Customer), select(C.c.id).where(C.c.workspace_id == 1)):
            with pytest.raises(UnscopedQuery):
                session.execute(statement)
        with pytest.raises(UnscopedQuery):
            session.get(Customer, ours.customer)


def test_saying_why_lets_a_statement_through(session: WorkspaceSession) -> None:
    seen = session.execute(
        select(C.c.workspace_id), execution_options={"unscoped": "to see that it does"}
    )
    assert len(set(seen.scalars())) > 1


def test_a_connection_taken_back_by_the_pool_belongs_to_no_workspace(ours: World) -> None:
    engine = ours.workspace.under_test.application.database.engine
    with ours.workspace.desk() as desk:
        desk.session.execute(select(Customer.id))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(C)).scalar_one() > 1


def test_every_way_around_is_a_known_one() -> None:
    root = Path(support_core.__file__).parents[1]
    around = {
        str(path.relative_to(root))
        for folder in ("support_core", "channels", "plugins")
        for path in (root / folder).rglob("*.py")
        if re.search(r"unscoped=|\"unscoped\":|\.connection\(\)", path.read_text())
    }
    assert around == AROUND


#: Modules that work without a workspace, or for all of them. A new one is added on purpose.
AROUND = {
    "channels/support_chat/demo.py",
    "channels/support_chat/gate.py",
    "channels/support_chat/keeping.py",
    "channels/support_email/commands.py",
    "channels/support_email/keeping.py",
    "channels/support_email/watching.py",
    "plugins/support_sla/folding.py",
    "plugins/support_sla/standing.py",
    "channels/support_whatsapp/checking.py",
    "channels/support_whatsapp/commands.py",
    "channels/support_whatsapp/keeping.py",
    "channels/support_whatsapp/webhook.py",
    "plugins/support_webhooks/keeping.py",
    "support_core/cli/dev.py",
    "support_core/db/prepared.py",
    "support_core/db/scoping.py",
    "support_core/db/session.py",
    "support_core/doctor.py",
    "support_core/follower_jobs.py",
    "support_core/follower_metrics.py",
    "support_core/health.py",
    "support_core/jobs/claims.py",
    "support_core/jobs/clerk.py",
    "support_core/jobs/handover.py",
    "support_core/jobs/outbox.py",
    "support_core/jobs/schedules.py",
    "support_core/jobs/tallies.py",
    "support_core/jobs/upkeep.py",
    "support_core/migrations/__init__.py",
    "support_core/rotation.py",
    "support_core/runner_leases.py",
    "support_core/security/authentication.py",
    "support_core/services/jobs.py",
    "support_core/services/logins.py",
    "support_core/services/maintenance.py",
    "support_core/streams/log.py",
    "support_core/streams/standing.py",
}
