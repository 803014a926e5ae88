"""Connections to nginx that stay open: every event is a request, so that each has to be cheap."""

from __future__ import annotations

import re
import time
from collections import deque
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPSConnection,
    IncompleteRead,
    RemoteDisconnected,
)
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

#: Seconds.
CONNECT, ANSWER = 2.0, 5.0

#: Connections that are kept while nobody uses them.
KEPT = 16

#: Bytes of an answer's head at most, and bytes that are read at a time.
MOST_HEAD, READ = 65_536, 65_536

#: What went wrong with a request, on the way or in the answer.
Failed = (OSError, HTTPException)

#: What a kept connection may show that was closed meanwhile: a new one says whether nginx is there.
Stale = (ConnectionError, HTTPException)

_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?= |$)")


class Answer(NamedTuple):
    """What nginx said."""

    status: int
    body: bytes


class Connection:
    """One request at a time: sent, and its answer read whenever that suits."""

    def __init__(self, opened: HTTPConnection, *, fresh: bool) -> None:
        self.fresh = fresh
        self.lasts = True
        self._socket: socket.socket = opened.sock
        self._rest = b""
        self._until = 0.0

    def send(self, request: bytes) -> None:
        """Send a request; raises one of :data:`Failed`."""
        self._until = time.monotonic() + ANSWER
        self._socket.settimeout(ANSWER)
        self._socket.sendall(request)

    def answer(self) -> Answer:
        """Wait for the answer (RFC 9112); raises one of :data:`Failed`."""
        self._rest = b""
        while (end := self._rest.find(b"\r\n\r\n")) < 0:
            if len(self._rest) > MOST_HEAD:
                raise BadStatusLine("a head without an end")
            self._read_on()
        first, *lines = self._rest[:end].split(b"\r\n")
        self._rest = self._rest[end + 4 :]
        status = _STATUS.match(first)
        if status is None:
            raise BadStatusLine(repr(first[:80]))
        pairs = (line.partition(b":") for line in lines)
        fields = {name.strip().lower(): value.strip().lower() for name, _, value in pairs}
        self.lasts = fields.get(b"connection") != b"close"
        return Answer(int(status[1]), self._body(fields))

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def _body(self, fields: Mapping[bytes, bytes]) -> bytes:
        if fields.get(b"transfer-encoding") == b"chunked":
            parts = []
            while size := _size(self._line()):
                parts.append(self._bytes(size))
                self._line()
            while self._line():
                pass  # fields after the body
            return b"".join(parts)
        length = fields.get(b"content-length")
        if length is None or not length.isdigit():
            raise IncompleteRead(self._rest)
        return self._bytes(int(length))

    def _bytes(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._read_on()
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def _line(self) -> bytes:
        while (end := self._rest.find(b"\r\n")) < 0:
            self._read_on()
        found, self._rest = self._rest[:end], self._rest[end + 2 :]
        return found

    def _read_on(self) -> None:
        self._socket.settimeout(max(self._until - time.monotonic(), 0.001))
        more = self._socket.recv(READ)
        if not more:
            raise RemoteDisconnected("the connection was closed without an answer")
        self._rest += more


def _size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    try:
        return int(digits, 16)
    except ValueError:
        raise BadStatusLine(repr(line[:80])) from None


class Connections:
    """Asks one server; safe to use from several threads, each of which has what it took."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = (parts.hostname or "", parts.port)
        self._base = parts.path
        self._host = parts.netloc.rpartition("@")[2]
        self._idle: deque[Connection] = deque()

    def request(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> bytes:
        """Return what is sent; raises ``ValueError`` for a field that would be two."""
        fields = {"Host": self._host, "Content-Length": str(len(content)), **headers}
        if any("\r" in value or "\n" in value for value in fields.values()):
            raise ValueError("a header field with more than one line")
        lines = [f"{method} {self._base}{path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + content

    def ask(self, request: bytes) -> Answer:
        """Return the answer; raises one of :data:`Failed`.

        A connection that was kept may have been closed meanwhile, which shows only when it is
        used: then once more on a new one.
        """
        connection = self.take()
        try:
            answer = self._ask(connection, request)
        except Stale:
            if connection.fresh:
                raise
            connection = self.take(fresh=True)
            answer = self._ask(connection, request)
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
        opened.connect()
        return Connection(opened, fresh=True)

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

    @staticmethod
    def _ask(connection: Connection, request: bytes) -> Answer:
        try:
            connection.send(request)
            return connection.answer()
        except BaseException:
            connection.close()
            raise
