"""Writers of one process to one SQLite file take turns."""

from __future__ import annotations

import sqlite3
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from support_core.db import Database
from support_core.db.turns import Turns
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("first", "second", "third", "fourth")
INSERT = text("INSERT INTO done (name) VALUES (:name)")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/turns.sqlite", sqlite_synchronous="off")
    with made.engine.begin() as connection:
        connection.execute(text("CREATE TABLE done (id INTEGER PRIMARY KEY, name TEXT)"))
    yield made
    made.dispose()


def _write(database: Database, name: str) -> None:
    with database.transaction() as session:
        session.connection().execute(INSERT, {"name": name})


def _write_and_fail(database: Database) -> None:
    with database.transaction() as session:
        session.connection().execute(INSERT, {"name": "taken back"})
        session.connection().execute(text("SELECT nothing FROM nowhere"))


def _done(database: Database) -> list[str]:
    with database.transaction(write=False) as session:
        found = session.connection().execute(text("SELECT name FROM done ORDER BY id"))
        return [*found.scalars()]


def test_who_waits_writes_in_the_order_they_came(database: Database) -> None:
    writers = [Thread(target=_write, args=(database, name)) for name in NAMES]
    with database.transaction() as session:
        session.connection().execute(INSERT, {"name": "holder"})
        for number, writer in enumerate(writers, 1):
            writer.start()
            until(lambda number=number: len(database.turns) == number)
    for writer in writers:
        writer.join()
    assert _done(database) == ["holder", *NAMES]


def test_a_turn_ends_with_its_transaction_whatever_becomes_of_it(database: Database) -> None:
    with pytest.raises(OperationalError):
        _write_and_fail(database)
    lost = database.session()
    lost.connection().execute(INSERT, {"name": "lost"})
    lost.connection().invalidate()
    lost.close()
    left = database.session()
    left.connection().execute(INSERT, {"name": "left"})
    left.close()
    assert database.turns.take(0)
    database.turns.give()
    _write(database, "last")
    assert _done(database) == ["last"]


def test_who_meets_another_process_gives_the_turn_back(database: Database) -> None:
    other = sqlite3.connect(database.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    session = database.session()
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA busy_timeout=50")
    with pytest.raises(OperationalError, match="locked"):
        session.connection()
    session.close()
    other.rollback()
    other.close()
    _write(database, "after")
    assert _done(database) == ["after"]


def test_who_waits_too_long_hears_that_the_database_is_locked(database: Database) -> None:
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA busy_timeout=50")
        patience = "PRAGMA busy_timeout"
        with database.transaction() as holder:
            # The one connection with little patience is the pool's next.
            holder.connection().execute(INSERT, {"name": "holder"})
            connection.close()
            session = database.session()
            with pytest.raises(OperationalError, match="locked"):
                session.connection()
            session.close()
        assert driver.execute(patience).fetchone() == (50,)
    _write(database, "after")
    assert _done(database) == ["holder", "after"]


def test_who_gives_up_is_not_given_a_turn() -> None:
    turns = Turns()
    assert turns.take(0)
    assert not turns.take(0.01)
    assert len(turns) == 0
    turns.give()
    assert turns.take(0)
