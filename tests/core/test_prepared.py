"""Prepared statements run on the driver, and are in nothing else unlike the ordinary ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    BigInteger,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from support_core.db import Prepared, UnscopedQuery
from support_core.models import ApiToken, Counter, Customer, User, Workspace
from support_core.testing import count_statements

if TYPE_CHECKING:
    from support_core.db import WorkspaceSession
    from support_core.testing import DeskUnderTest, TestWorkspace

C, U, N = Customer.__table__, User.__table__, Counter.__table__
HELD = C.c.workspace_id == bindparam("workspace")

#: One column of every kind: number, text, time, JSON, truth, nothing, and a constant.
EVERY_KIND = (
    select(C.c.id, C.c.email, C.c.created_at, C.c.attributes, U.c.is_active, C.c.company)
    .add_columns(func.coalesce(C.c.company, "none").label("shown"))
    .select_from(C.join(U, U.c.workspace_id == C.c.workspace_id))
    .where(HELD, C.c.created_at > bindparam("after"))
    .order_by(C.c.id)
    .limit(bindparam("limit"))
)


@pytest.fixture
def customer(workspace: TestWorkspace) -> int:
    """A customer with attributes, in a workspace of one user."""
    with workspace.desk() as desk:
        found = Customer(email="a@example.test", attributes={"tier": ["gold", 1]})
        desk.session.add(found)
        desk.session.flush()
        return found.id


def test_rows_are_those_of_an_ordinary_statement(workspace: TestWorkspace, customer: int) -> None:
    values = {"after": datetime.now(UTC) - timedelta(minutes=5), "limit": 5}
    with workspace.desk(write=False) as desk:
        prepared = desk.session.fetch(Prepared(EVERY_KIND), values)
        ordinary = desk.session.core(EVERY_KIND, {**values, "workspace": workspace.id}).all()
    assert prepared == ordinary
    (row,) = prepared
    assert row.id == customer
    assert row.created_at.tzinfo is UTC
    assert row.attributes == {"tier": ["gold", 1]}
    assert row.is_active is True
    assert (row.company, row.shown) == (None, "none")
    assert row._fields == ordinary[0]._fields


def test_a_transaction_sees_what_it_has_written_itself(workspace: TestWorkspace) -> None:
    count = Prepared(select(func.count()).select_from(C).where(HELD))
    with workspace.under_test.application.database.session(workspace.id) as session:
        session.add(Customer(email="new@example.test"))
        session.flush()
        assert session.fetch(count)[0][0] == 1
        session.rollback()
        assert session.fetch(count)[0][0] == 0


@pytest.mark.parametrize("write", [True, False])
def test_the_workspace_is_the_sessions_own(
    workspace: TestWorkspace, other: TestWorkspace, customer: int, *, write: bool
) -> None:
    ids = Prepared(select(C.c.id).where(HELD))
    with other.desk(write=write) as desk:
        assert list(desk.session.fetch(ids)) == []
    with workspace.desk(write=write) as desk:
        assert desk.session.fetch(ids)[0].id == customer


def test_a_caller_cannot_say_which_workspace(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    ids = Prepared(select(C.c.id).where(HELD))
    with workspace.desk(write=False) as desk:
        for given in (other.id, workspace.id):
            with pytest.raises(UnscopedQuery):
                desk.session.fetch(ids, {"workspace": given})


LOOSE = {
    "no criterion": select(C.c.id),
    "a workspace of its own": select(C.c.id).where(C.c.workspace_id == 1),
    "one side of a join": select(U.c.id).select_from(C.join(U, C.c.id != U.c.id)).where(HELD),
    "a subquery": select(C.c.id).where(HELD, C.c.id.in_(select(U.c.id))),
    "a criterion beside an or": select(C.c.id).where(HELD | (C.c.id > 0)),
    "text": select(text("id")).select_from(C).where(HELD),
    "text in a literal": select(literal_column("(SELECT max(id) FROM users)")),
}


@pytest.mark.parametrize("name", LOOSE)
def test_a_loose_statement_is_refused(workspace: TestWorkspace, name: str) -> None:
    with workspace.desk(write=False) as desk, pytest.raises(UnscopedQuery):
        desk.session.fetch(Prepared(LOOSE[name]))


def test_a_session_without_a_workspace_reaches_no_tenant_row(desk: DeskUnderTest) -> None:
    ids = Prepared(select(C.c.id).where(HELD))
    plans = Prepared(select(Workspace.__table__.c.plan))
    with desk.application.database.transaction(write=False) as session:
        session.fetch(plans)
        with pytest.raises(UnscopedQuery):
            session.fetch(ids)


def test_saying_why_lets_a_statement_through(
    workspace: TestWorkspace, other: TestWorkspace, desk: DeskUnderTest
) -> None:
    owners = Prepared(select(U.c.workspace_id), unscoped="to see that it does")
    with desk.application.database.transaction(write=False) as session:
        seen = {row.workspace_id for row in session.fetch(owners)}
    assert {workspace.id, other.id} <= seen


RENAME = (
    update(C)
    .where(HELD, C.c.email_key == bindparam("key"))
    .values(company=bindparam("name"))
    .returning(C.c.id)
)


def test_a_write_stays_in_the_workspace_too(
    workspace: TestWorkspace, other: TestWorkspace, customer: int
) -> None:
    with workspace.desk() as desk:
        desk.session.get_one(Customer, customer).email_key = "a@example.test"
    values = {"key": "a@example.test", "name": "Acme"}
    with other.desk() as desk:
        assert list(desk.session.fetch(Prepared(RENAME), values)) == []
    with workspace.desk() as desk:
        assert [it.id for it in desk.session.fetch(Prepared(RENAME), values)] == [customer]
    with workspace.desk() as desk:
        found = desk.session.get_one(Customer, customer)
        assert found.company == "Acme"
        assert found.updated_at > found.created_at  # what SQLAlchemy fills in itself, it does


def test_a_write_without_returning_returns_nothing(workspace: TestWorkspace) -> None:
    add = Prepared(insert(N), columns=("workspace_id", "name", "value"))
    with workspace.desk() as desk:
        assert list(desk.session.fetch(add, {"name": "prepared", "value": 7})) == []
        with count_statements(workspace.under_test.application.database) as counted:
            assert list(desk.session.fetch(add, {"name": "watched", "value": 8})) == []
        for name, value in (("prepared", 7), ("watched", 8)):
            assert desk.session.get_one(Counter, (workspace.id, name)).value == value
    assert len(counted) == 1


LOOSE_WRITES = {
    "an update": Prepared(update(C).values(company=bindparam("name"))),
    "a delete": Prepared(delete(C)),
    "an insert": Prepared(insert(C), columns=("email",)),
}


@pytest.mark.parametrize("name", LOOSE_WRITES)
def test_a_write_that_nothing_holds_is_refused(workspace: TestWorkspace, name: str) -> None:
    with workspace.desk() as desk, pytest.raises(UnscopedQuery):
        desk.session.fetch(LOOSE_WRITES[name], {"name": "Acme", "email": "a@example.test"})


def test_an_insert_for_another_workspace_is_refused(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    add = Prepared(insert(N), columns=("workspace_id", "name", "value"))
    with workspace.desk() as desk, pytest.raises(UnscopedQuery):
        desk.session.fetch(add, {"workspace_id": other.id, "name": "theirs", "value": 1})


def test_only_statements_on_rows_are_prepared() -> None:
    with pytest.raises(TypeError):
        Prepared(text("SELECT 1"))  # type: ignore[arg-type]


def test_a_list_of_values_takes_the_ordinary_way(workspace: TestWorkspace, customer: int) -> None:
    among = Prepared(select(C.c.id).where(HELD, C.c.id.in_(bindparam("ids", expanding=True))))
    with workspace.desk(write=False) as desk:
        assert desk.session.fetch(among, {"ids": [customer, 0]})[0].id == customer
        assert list(desk.session.fetch(among, {"ids": []})) == []


def test_a_value_that_is_missing_is_a_defect(workspace: TestWorkspace) -> None:
    one = Prepared(select(C.c.id).where(HELD, C.c.id == bindparam("id")))
    with workspace.desk(write=False) as desk, pytest.raises(KeyError):
        desk.session.fetch(one)


def test_a_time_without_a_zone_is_refused(workspace: TestWorkspace) -> None:
    since = Prepared(select(C.c.id).where(HELD, C.c.created_at > bindparam("after")))
    with workspace.desk(write=False) as desk, pytest.raises(ValueError, match="naive"):
        desk.session.fetch(since, {"after": datetime(2026, 1, 1)})  # noqa: DTZ001 - on purpose


def test_who_counts_statements_counts_these(workspace: TestWorkspace) -> None:
    ids = Prepared(select(C.c.id).where(HELD))
    database = workspace.under_test.application.database
    with workspace.desk(write=False) as desk:
        desk.session.fetch(ids)
        with count_statements(database) as counted:
            desk.session.fetch(ids)
        desk.session.fetch(ids)
    assert len(counted) == 1


class Watched:
    """The driver's connection, and the cursors that it gave."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.cursors: list[WatchedCursor] = []

    def cursor(self) -> WatchedCursor:
        self.cursors.append(WatchedCursor(self._connection.cursor()))
        return self.cursors[-1]


class WatchedCursor:
    """A cursor that notes its end."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self.closed = False

    def close(self) -> None:
        self.closed = True
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


def _watched(session: WorkspaceSession, monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(session.driver())
    monkeypatch.setattr(session, "driver", lambda: watched)
    return watched


_W = bindparam("of_workspace")
USERS = Prepared(select(U.c.id).where(U.c.workspace_id == _W))
FAILING = {
    "a function that does not exist": select(func.no_such_function()),
    "a value that overflows": select(func.abs(cast(bindparam("number"), BigInteger))),
}


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("name", FAILING)
def test_the_drivers_errors_are_sqlalchemys(
    workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch, name: str, *, write: bool
) -> None:
    values = {"number": -(2**63)}
    with workspace.under_test.application.database.session(workspace.id, write=write) as session:
        with pytest.raises(DBAPIError) as ordinary:
            session.core(FAILING[name], values)
        session.rollback()
        watched = _watched(session, monkeypatch)
        with pytest.raises(DBAPIError) as raised:
            session.fetch(Prepared(FAILING[name]), values)
        monkeypatch.undo()
        session.rollback()
        assert len(session.fetch(USERS)) == 1
    assert type(raised.value) is type(ordinary.value)
    assert type(raised.value.orig) is type(ordinary.value.orig)
    assert str(values["number"]) not in str(raised.value)
    assert [cursor.closed for cursor in watched.cursors] == [True]


def test_cursors_are_closed(workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with workspace.desk(write=False) as desk:
        watched = _watched(desk.session, monkeypatch)
        desk.session.fetch(USERS)
        desk.session.fetch(USERS)
    assert [cursor.closed for cursor in watched.cursors] == [True, True]


def test_a_token_that_is_revoked_inside_of_a_transaction_is_gone_there(
    workspace: TestWorkspace,
) -> None:
    tokens = ApiToken.__table__.c
    valid = Prepared(
        select(tokens.id).where(
            tokens.workspace_id == bindparam("workspace"), tokens.revoked_at.is_(None)
        )
    )
    workspace.token()
    with workspace.desk() as desk:
        assert len(desk.session.fetch(valid)) == 1
        desk.session.query(ApiToken).update({"revoked_at": desk.clock()})
        assert list(desk.session.fetch(valid)) == []
