"""Writers of one process to one SQLite file, one after the other and in the order they came.

SQLite has one writer at a time and no queue: who finds it busy sleeps and looks again, up to a
tenth of a second each time, while whoever comes at the right moment goes first. Under steady
writing some wait for seconds so. Threads of a process need not: each waits here until it is its
turn, and goes on the moment the one before has committed. Other processes still meet at SQLite's
own lock.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Milliseconds in a second.
MILLISECONDS = 1000


class Turns:
    """Who may write, and who waits for it; first come, first served. Any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = False
        self._waiting: deque[Lock] = deque()

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def take(self, patience: float) -> bool:
        """Wait up to ``patience`` seconds; tell whether it is our turn now."""
        with self._lock:
            if not self._taken:
                self._taken = True
                return True
            ours = Lock()
            ours.acquire()
            self._waiting.append(ours)
        if ours.acquire(timeout=patience):
            return True
        with self._lock:
            if ours not in self._waiting:
                return True  # it was given to us just now
            self._waiting.remove(ours)
            return False

    def give(self) -> None:
        """End a turn: the next one's begins."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


class Connection(sqlite3.Connection):
    """A connection that holds its turn from the beginning of a writing transaction to its end."""

    turns: Turns | None = None

    @contextmanager
    def in_turn(self, turns: Turns) -> Iterator[None]:
        """Wait for our turn, no longer than the busy timeout; a transaction is begun inside.

        Whoever is not given a turn by then tries once, for what SQLite says.
        """
        patience: int = self.execute("PRAGMA busy_timeout").fetchone()[0]
        if turns.take(patience / MILLISECONDS):
            self.turns = turns
        else:
            self.execute("PRAGMA busy_timeout=0")
        try:
            yield
        except BaseException:
            self._end()
            raise
        finally:
            if self.turns is None:
                self.execute(f"PRAGMA busy_timeout={patience}")

    def commit(self) -> None:
        """Commit, and let the next one write."""
        super().commit()
        self._end()

    def rollback(self) -> None:
        """Roll back, and let the next one write."""
        try:
            super().rollback()
        finally:
            self._end()

    def close(self) -> None:
        """Close, which rolls back."""
        try:
            super().close()
        finally:
            self._end()

    def _end(self) -> None:
        turns, self.turns = self.turns, None
        if turns is not None:
            turns.give()
