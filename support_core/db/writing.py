"""SQLite's one writer at a time: who waits in this process waits in line.

SQLite itself does not know who waits: its busy handler sleeps and looks again, for up to a tenth of
a second each time, and whoever comes by at the right moment goes first. Somebody who writes again
and again so keeps the others out. In line each is woken the moment it is its turn, in the order in
which they came. Other processes are met by the busy handler as ever.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line:
    """A lock that is handed on in the order in which it was asked for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: deque[tuple[Lock, int]] = deque()
        self._holder: int | None = None

    def enter(self) -> bool | None:
        """Take the lock if nobody has it; None where the calling thread has it itself."""
        with self._lock:
            if self._holder is None:
                self._holder = get_ident()
                return True
            return None if self._holder == get_ident() else False

    def wait(self, timeout: float) -> bool:
        """Take the lock when it is our turn; False when that takes longer than ``timeout``."""
        turn = Lock()
        turn.acquire()
        place = (turn, get_ident())
        with self._lock:
            if self._holder is None:
                self._holder = get_ident()
                return True
            self._waiting.append(place)
        if turn.acquire(timeout=timeout):
            return True
        with self._lock:
            if place in self._waiting:
                self._waiting.remove(place)
                return False
        # It was handed to us just now.
        return True

    def leave(self) -> None:
        """Hand the lock on."""
        with self._lock:
            if self._waiting:
                turn, self._holder = self._waiting.popleft()
                turn.release()
            else:
                self._holder = None


class LinedConnection(sqlite3.Connection):
    """A connection that stands in line before it writes, until its transaction has ended."""

    _line: Line | None = None

    @contextmanager
    def in_line(self, line: Line) -> Iterator[None]:
        """Begin a transaction that writes, when it is our turn.

        We wait as long as the connection would for SQLite's lock. Who has waited so long gets
        SQLite's own answer at once; so does, after that time, who stands before itself.
        """
        entered, patience = line.enter(), 0
        if entered is False:
            patience = self.execute("PRAGMA busy_timeout").fetchone()[0]
            entered = line.wait(patience / 1000)
        if entered:
            self._line = line
        elif entered is False:
            self.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        except BaseException:
            self.step_out()
            raise
        finally:
            if entered is False:
                self.execute(f"PRAGMA busy_timeout = {patience}")

    def step_out(self) -> None:
        """Let the next one write."""
        line, self._line = self._line, None
        if line is not None:
            line.leave()

    def commit(self) -> None:
        """Commit; then it is the next one's turn."""
        try:
            super().commit()
        finally:
            if not self.in_transaction:
                self.step_out()

    def rollback(self) -> None:
        """Roll back; then it is the next one's turn."""
        try:
            super().rollback()
        finally:
            self.step_out()

    def close(self) -> None:
        """Close the connection, and with it its transaction."""
        try:
            super().close()
        finally:
            self.step_out()
