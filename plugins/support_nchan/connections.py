"""Connections to nginx that stay open: every event is a request, so that each has to be cheap."""

from __future__ import annotations

from collections import deque
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

#: Seconds.
CONNECT, ANSWER = 2.0, 5.0

#: Connections that are kept while nobody uses them.
KEPT = 8

#: What went wrong with a request, on the way or in the answer.
Failed = (OSError, HTTPException)


class Connections:
    """Asks one server; safe to use from several threads, each of which has one for a request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = (parts.hostname or "", parts.port)
        self._base = parts.path
        self._idle: deque[HTTPConnection] = deque()

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, bytes]:
        """Return status and body of the answer; raises one of :data:`Failed`.

        A connection that was kept may have been closed meanwhile, which shows only when it is
        used: then once more on a new one.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return self._ask(kept, method, path, headers, content)
            except (ConnectionError, HTTPException):
                pass  # a new one says whether nginx is there
        return self._ask(self._new(), method, path, headers, content)

    def close(self) -> None:
        """Close those that nobody uses."""
        while (connection := self._kept()) is not None:
            connection.close()

    def _ask(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
    ) -> tuple[int, bytes]:
        try:
            connection.request(method, self._base + path, body=content, headers=dict(headers))
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        if answer.will_close or len(self._idle) >= KEPT:
            connection.close()
        else:
            self._idle.append(connection)
        return answer.status, body

    def _kept(self) -> HTTPConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _new(self) -> HTTPConnection:
        host, port = self._address
        connection = self._class(host, port, timeout=CONNECT)
        connection.connect()
        sock: socket.socket = connection.sock
        sock.settimeout(ANSWER)
        return connection
