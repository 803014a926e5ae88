"""Several requests under way at once, and never two of them of one line.

nginx and its Redis need a while for each message, most of it on the way. Lines do not wait for each
other; in a line each request waits until the one before it has been taken, so that the order stays
whatever fails and is tried again.
"""

from __future__ import annotations

import time
from collections import deque
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from .connections import Failed, Stale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connections import Answer, Call, Connection, Connections

#: Requests that are under way at a time, at most.
AT_ONCE = 8

#: Seconds for which one request is tried, and between two attempts.
PATIENCE, PAUSE = 8.0, 0.25

ACCEPTED = frozenset({200, 201, 202})


class NotPublished(Exception):
    """nginx did not take it; the message says why, without the secret."""


def require(answer: Answer, accepted: frozenset[int] = ACCEPTED) -> None:
    """Raise :class:`NotPublished` for an answer that says so."""
    if answer.status not in accepted:
        raise NotPublished(f"nginx's publisher answered {answer.status}.")


def unreached(error: Exception) -> NotPublished:
    """Return what it means that there was no answer."""
    return NotPublished(f"nginx cannot be reached ({type(error).__name__}).")


class Request(NamedTuple):
    """What is sent, and the line in which it has its place."""

    line: str
    call: Call


class Flight:
    """Sends requests, earlier ones first; for one use in one thread."""

    def __init__(self, connections: Connections, requests: Sequence[Request]) -> None:
        self._connections = connections
        self._requests = requests
        lines: dict[str, deque[int]] = {}
        for number, request in enumerate(requests):
            lines.setdefault(request.line, deque()).append(number)
        self._waiting = lines
        self._ready = [line.popleft() for line in lines.values()]
        heapify(self._ready)
        self._under_way: deque[tuple[int, Connection]] = deque()
        self._later: deque[tuple[float, int]] = deque()
        self._give_up_at: dict[int, float] = {}

    def run(self) -> None:
        """Send all of them; raises :class:`NotPublished` for one not taken for some seconds.

        Then nothing is under way any more, and nothing was sent of a line after what failed.
        """
        try:
            while self._ready or self._under_way or self._later:
                self._send_ready()
                if self._under_way:
                    self._take_answer(*self._under_way.popleft())
                elif self._later:
                    time.sleep(max(0.0, self._later[0][0] - time.monotonic()))
        except NotPublished:
            self._land()
            raise
        finally:
            for _, connection in self._under_way:
                connection.close()

    def _send_ready(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            heappush(self._ready, self._later.popleft()[1])
        while self._ready and len(self._under_way) + len(self._later) < AT_ONCE:
            number = heappop(self._ready)
            self._give_up_at.setdefault(number, time.monotonic() + PATIENCE)
            if not self._send(number, fresh=False):
                return

    def _send(self, number: int, *, fresh: bool) -> bool:
        """Send a request; False where nobody can be reached, which others need not try as well."""
        try:
            connection = self._connections.take(fresh=fresh)
        except Failed as error:
            self._failed(number, unreached(error))
            return False
        try:
            connection.send(self._requests[number].call)
        except Failed as error:
            self._broke(number, connection, error)
        except BaseException:
            connection.close()
            raise
        else:
            self._under_way.append((number, connection))
        return True

    def _take_answer(self, number: int, connection: Connection) -> None:
        try:
            answer = connection.answer()
        except Failed as error:
            self._broke(number, connection, error)
            return
        self._connections.give_back(connection)
        try:
            require(answer)
        except NotPublished as problem:
            self._failed(number, problem)
            return
        line = self._waiting[self._requests[number].line]
        if line:
            heappush(self._ready, line.popleft())

    def _land(self) -> None:
        """Wait for what is under way, so that the next attempt does not meet it."""
        while self._under_way:
            _, connection = self._under_way.popleft()
            try:
                connection.answer()
            except Failed:
                connection.close()
            else:
                self._connections.give_back(connection)

    def _broke(self, number: int, connection: Connection, error: Exception) -> None:
        connection.close()
        if isinstance(error, Stale) and not connection.fresh:
            self._send(number, fresh=True)
        else:
            self._failed(number, unreached(error))

    def _failed(self, number: int, problem: NotPublished) -> None:
        """Try it again in a moment, unless that was done for long enough."""
        now = time.monotonic()
        if now > self._give_up_at[number]:
            raise problem
        self._later.append((now + PAUSE, number))
