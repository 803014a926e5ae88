"""Kept HTTP connections to nginx's publisher, from which no event has to wait for a handshake."""

from __future__ import annotations

from collections import deque
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Seconds to connect, and seconds that nginx may be silent before it has answered.
CONNECT, ANSWER = 2.0, 5.0

#: Connections that are kept while nobody uses them.
KEPT = 16

#: What went wrong with a request, on the way or in the answer.
Failed = (OSError, HTTPException)

#: What a kept connection may show that was closed meanwhile: a new one says whether nginx is there.
Stale = (ConnectionError, HTTPException)


class Call(NamedTuple):
    """What is asked of nginx; ``path`` is below the publisher's address."""

    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes = b""


class Answer(NamedTuple):
    """What nginx said."""

    status: int
    body: bytes


class Connection:
    """One request at a time: sent, and its answer read whenever that suits."""

    def __init__(self, opened: HTTPConnection, base: str) -> None:
        self.fresh = True
        self.lasts = True
        self._http = opened
        self._base = base

    def send(self, call: Call) -> None:
        """Send a request; raises one of :data:`Failed`."""
        path = f"{self._base}{call.path}"
        self._http.request(call.method, path, body=call.content, headers=dict(call.headers))

    def answer(self) -> Answer:
        """Wait for the answer; raises one of :data:`Failed`."""
        response = self._http.getresponse()
        body = response.read()
        self.lasts = not response.will_close
        return Answer(response.status, body)

    def close(self) -> None:
        """Close it."""
        self._http.close()


class Connections:
    """Asks one server; safe to use from several threads, each of which has what it took."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = (parts.hostname or "", parts.port)
        self._base = parts.path
        self._idle: deque[Connection] = deque()

    def ask(self, call: Call) -> Answer:
        """Return the answer; raises one of :data:`Failed`.

        A connection that was kept may have been closed meanwhile, which shows only when it is
        used: then once more on a new one.
        """
        connection = self.take()
        try:
            answer = _asked(connection, call)
        except Stale:
            if connection.fresh:
                raise
            connection = self.take(fresh=True)
            answer = _asked(connection, call)
        self.give_back(connection)
        return answer

    def take(self, *, fresh: bool = False) -> Connection:
        """Return a connection for a request: a kept one, unless it has to be fresh."""
        if not fresh:
            try:
                return self._idle.pop()
            except IndexError:
                pass
        host, port = self._address
        opened = self._class(host, port, timeout=CONNECT)
        try:
            opened.connect()
            opened.sock.settimeout(ANSWER)
        except BaseException:
            opened.close()
            raise
        return Connection(opened, self._base)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer was read, for the next request."""
        connection.fresh = False
        if connection.lasts and len(self._idle) < KEPT:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:
                return


def _asked(connection: Connection, call: Call) -> Answer:
    try:
        connection.send(call)
        return connection.answer()
    except BaseException:
        connection.close()
        raise
