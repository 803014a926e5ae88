"""Taking a connection from uvicorn once its request is answered by a stream.

As uvicorn itself hands connections to WebSocket protocols. Its own objects for the connection and
the request are freed: an open stream costs a transport and a :class:`~.stream.Stream`.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hub import Hub
    from .subscription import Subscription

#: The ASGI scope's key of the connection.
CONNECTION = "support.connection"

#: Headers that belong to the connection, which is ours to describe.
OURS = frozenset({b"connection", b"content-length", b"date", b"transfer-encoding"})


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, known to the requests that come through it."""

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[CONNECTION] = self


def take_over(
    connection: Protocol,
    headers: Sequence[tuple[bytes, bytes]],
    subscription: Subscription,
    hub: Hub,
) -> None:
    """Answer 200 with these headers, and make the connection a stream of ``hub``.

    The answer ends with its connection (RFC 9112 §6.3), so that frames need no chunks around
    them. A client that is gone already is left alone.
    """
    transport = connection.transport
    cycle = connection.cycle
    if cycle.disconnected or transport.is_closing():
        return
    cycle.disconnected = True  # to uvicorn: nothing is to be sent any more
    connection.connections.discard(connection)
    connection.flow.resume_reading()
    lines = [b"HTTP/1.1 200 OK\r\n", b"date: " + formatdate(usegmt=True).encode() + b"\r\n"]
    lines += [name + b": " + value + b"\r\n" for name, value in headers if name not in OURS]
    lines.append(b"connection: close\r\n\r\n")
    hub.open(transport, b"".join(lines), subscription)
