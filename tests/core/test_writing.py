"""Writers of one process on SQLite wait in line: first come, first served, woken at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from support_core.db import Database
from support_core.db.writing import Line
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COUNT = text("UPDATE tally SET value = value + 1")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'line.sqlite'}", sqlite_synchronous="off")
    with made.transaction() as session:
        session.connection().exec_driver_sql("CREATE TABLE tally (value INTEGER)")
        session.connection().exec_driver_sql("INSERT INTO tally VALUES (0)")
    yield made
    made.dispose()


def test_the_line_is_handed_on_in_the_order_of_coming() -> None:
    line, order, threads = Line(), [], []
    assert line.enter()

    def come(number: int) -> None:
        assert line.wait(60)
        order.append(number)
        line.leave()

    for number in range(8):
        threads.append(threading.Thread(target=come, args=(number,)))
        threads[-1].start()
        until(lambda number=number: len(line._waiting) == number + 1)
    line.leave()
    for thread in threads:
        thread.join(60)
    assert order == list(range(8))
    assert line.enter()


def test_who_gives_up_waiting_leaves_the_line() -> None:
    line = Line()
    line.enter()
    given_up: list[bool] = []
    thread = threading.Thread(target=lambda: given_up.append(line.wait(0.01)))
    thread.start()
    thread.join(60)
    assert given_up == [False]
    line.leave()
    assert line.enter()


def test_a_thread_does_not_stand_in_line_behind_itself() -> None:
    line = Line()
    assert line.enter() is True
    assert line.enter() is None


def test_many_writers_of_one_process_all_get_their_turn(database: Database) -> None:
    def write() -> None:
        for _ in range(25):
            with database.transaction() as session:
                session.connection().execute(COUNT)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.transaction(write=False) as session:
        assert session.connection().execute(text("SELECT value FROM tally")).scalar() == 200


@pytest.mark.parametrize("ending", ["commit", "rollback", "invalidate", "close"])
def test_the_next_one_may_write_however_a_transaction_ends(database: Database, ending: str) -> None:
    connection = database.engine.execution_options(support_write=True).connect()
    connection.execute(COUNT)
    getattr(connection, ending)()
    connection.close()
    done = threading.Event()

    def write() -> None:
        with database.transaction() as session:
            session.connection().execute(COUNT)
        done.set()

    threading.Thread(target=write).start()
    assert done.wait(60)


def test_a_writer_within_a_writer_is_refused_and_the_line_goes_on(database: Database) -> None:
    database.engine.dispose()

    @event.listens_for(database.engine, "connect")
    def be_impatient(connection: object, _record: object) -> None:
        connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[attr-defined]

    with database.transaction() as session:
        session.connection().execute(COUNT)
        with pytest.raises(OperationalError), database.transaction() as inner:
            inner.connection()
    with database.transaction() as session:
        session.connection().execute(COUNT)
        assert session.connection().execute(text("SELECT value FROM tally")).scalar() == 2


def test_who_waits_too_long_hears_that_the_database_is_locked(database: Database) -> None:
    refused: list[object] = []

    def write() -> None:
        connection = database.engine.connect().execution_options(support_write=True)
        connection.connection.dbapi_connection.execute("PRAGMA busy_timeout = 20")
        connection.detach()
        try:
            connection.execute(COUNT)
        except OperationalError as error:
            refused.append(error)
        patience = connection.connection.dbapi_connection.execute("PRAGMA busy_timeout")
        refused.append(patience.fetchone()[0])
        connection.close()

    with database.transaction() as session:
        session.connection().execute(COUNT)
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(60)
    assert "database is locked" in str(refused[0])
    assert refused[1] == 20
