"""Sessions for reading: one snapshot whatever runs on it, no writing, nothing left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, event, func, select
from sqlalchemy.exc import DBAPIError

from support_core.db import Prepared
from support_core.models import Customer, Workspace
from support_core.testing.connections import calls_inside_transactions

if TYPE_CHECKING:
    from support_core.db import Database, WorkspaceSession
    from support_core.testing import DeskUnderTest, TestWorkspace

C = Customer.__table__
COUNT = select(func.count()).select_from(C).where(C.c.workspace_id == bindparam("workspace"))
PREPARED = Prepared(COUNT)


@pytest.fixture
def database(desk: DeskUnderTest) -> Database:
    """The suite's database."""
    return desk.application.database


def _add(workspace: TestWorkspace) -> None:
    with workspace.desk() as desk:
        desk.session.add(Customer(email="new@example.test"))


def _by_prepared(session: WorkspaceSession) -> int:
    return int(session.fetch(PREPARED)[0][0])


def _by_core(session: WorkspaceSession) -> int:
    return int(session.core(COUNT, {"workspace": session.workspace_id}).scalar_one())


def _by_orm(session: WorkspaceSession) -> int:
    return len(session.scalars(select(Customer)).all())


WAYS = (_by_prepared, _by_core, _by_orm)


@pytest.mark.parametrize("first", WAYS)
def test_all_ways_of_reading_share_one_transaction(
    database: Database, workspace: TestWorkspace, first: object
) -> None:
    with database.session(workspace.id, write=False) as session:
        assert first(session) == 0  # type: ignore[operator]
        session.driver()
        connection = session.connection().connection.dbapi_connection
        assert session.driver() in {connection, session.connection().connection}
        assert [way(session) for way in WAYS] == [0, 0, 0]
        if database.dialect == "sqlite":
            _add(workspace)
            assert [way(session) for way in WAYS] == [0, 0, 0]
    with database.session(workspace.id, write=False) as session:
        assert _by_prepared(session) == (database.dialect == "sqlite")


def test_after_its_end_a_session_reads_anew(database: Database, workspace: TestWorkspace) -> None:
    with database.session(workspace.id, write=False) as session:
        for end in (session.commit, session.rollback, session.close):
            seen = _by_prepared(session)
            _by_orm(session)
            _add_another(workspace, seen)
            end()
            assert _by_prepared(session) == seen + 1


def _add_another(workspace: TestWorkspace, number: int) -> None:
    with workspace.desk() as desk:
        desk.session.add(Customer(email=f"new{number}@example.test"))


def test_a_transaction_for_reading_ends_with_its_block(
    database: Database, workspace: TestWorkspace
) -> None:
    with database.transaction(workspace.id, write=False) as session:
        assert _by_prepared(session) == 0
    _add(workspace)
    assert _by_prepared(session) == 1
    session.close()


@pytest.mark.parametrize("way", WAYS)
def test_who_reads_cannot_write(database: Database, workspace: TestWorkspace, way: object) -> None:
    with database.session(workspace.id, write=False) as session:
        way(session)  # type: ignore[operator]
        session.add(Customer(email="never@example.test"))
        with pytest.raises(DBAPIError):
            session.flush()
        session.rollback()
        assert _by_prepared(session) == 0
    _add(workspace)


def test_rows_let_go_of_their_session(database: Database, workspace: TestWorkspace) -> None:
    with database.session(workspace.id, write=False) as session:
        found = session.get_one(Workspace, workspace.id)
        assert found in session
        session.commit()
    assert found not in session
    assert not session.in_transaction()


def test_sessions_at_once_have_connections_of_their_own(
    database: Database, workspace: TestWorkspace
) -> None:
    sessions = [database.session(workspace.id, write=False) for _ in range(3)]
    assert len({id(session.driver()) for session in sessions}) == 3
    _add(workspace)
    for session in sessions:
        session.close()


def test_connections_are_kept_for_the_next_session(
    database: Database, workspace: TestWorkspace
) -> None:
    opened: list[object] = []
    event.listen(database.engine, "connect", lambda connection, _record: opened.append(connection))
    for _ in range(3):
        with database.session(workspace.id, write=False) as session:
            _by_prepared(session)
            _by_orm(session)
    assert len(opened) <= 1


def test_who_watches_the_pool_sees_sessions_for_reading(
    database: Database, workspace: TestWorkspace
) -> None:
    taken: list[object] = []

    def note(connection: object, *_rest: object) -> None:
        taken.append(connection)

    with calls_inside_transactions(database):
        event.listen(database.engine, "checkout", note)
        with database.session(workspace.id, write=False) as session:
            _by_prepared(session)
        event.remove(database.engine, "checkout", note)
    assert len(taken) == 1


def test_a_session_that_only_fetches_is_none_of_sqlalchemys(
    database: Database, workspace: TestWorkspace
) -> None:
    with database.session(workspace.id, write=False) as session:
        _by_prepared(session)
        if database.dialect == "sqlite":
            assert not session.whole
        _by_orm(session)
        assert session.whole
        assert not hasattr(session, "no_such_attribute")
