"""SQLite connections for reading, kept apart from the pool.

Most requests only read, and many by prepared statements alone, which need no more than the driver's
connection and a snapshot. Taking a connection out of SQLAlchemy's pool, wrapping it, beginning and
ending its transaction costs more than those statements do. A :class:`Reader` stays wrapped and
serves one session after the other; the ORM and ordinary statements find the same transaction on it.

The driver's connection refuses to write, as PostgreSQL does in its read-only transactions.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from .scoping import SESSION

if TYPE_CHECKING:
    from sqlalchemy import Engine


def begin(driver: Any) -> None:
    """Begin to read on SQLite, unless that is done. It takes no lock, and so cannot fail."""
    if not driver.in_transaction:
        driver.execute("BEGIN")


class Reader:
    """A connection on which one session at a time reads."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()
        self.connection.detach()
        driver: Any = self.connection.connection.dbapi_connection
        driver.execute("PRAGMA query_only=ON")
        self.driver = driver

    def end(self) -> bool:
        """End the snapshot; return whether the reader can go on."""
        if self.connection.in_transaction():
            self.connection.rollback()
        if self.connection.invalidated:
            return False
        self.connection.info.pop(SESSION, None)
        self.driver.rollback()
        return True

    def close(self) -> None:
        """Close the driver's connection."""
        self.connection.close()


class Readers:
    """The readers of one database; ``kept`` of them wait for the next session."""

    def __init__(self, engine: Engine, *, kept: int) -> None:
        self._engine = engine
        self._idle: deque[Reader] = deque()
        self._kept = kept

    def take(self) -> Reader:
        """Return a reader in a snapshot of its own."""
        try:
            reader = self._idle.pop()
        except IndexError:
            reader = Reader(self._engine)
        begin(reader.driver)
        return reader

    def give_back(self, reader: Reader) -> None:
        """End what a session began, and keep the reader for another one."""
        if reader.end() and len(self._idle) < self._kept:
            self._idle.append(reader)
        else:
            reader.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            self._idle.pop().close()
