"""Finding network calls that are made while a transaction is open."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..db import Database

_CALLS = ("connect", "connect_ex", "send", "sendall", "sendto")


@contextmanager
def calls_inside_transactions(database: Database) -> Iterator[list[str]]:
    """Yield a list that grows by every network call of a thread that holds a connection.

    A connection of ``database`` is held from the first statement of a session to its end, so that
    holding one means an open transaction. Seen are the calls of Python's own sockets, TLS ones
    included; the database drivers' are not among them.
    """
    held: dict[Any, int] = {}
    found: list[str] = []

    def checked_out(_connection: Any, record: Any, _proxy: Any) -> None:
        held[record] = threading.get_ident()

    def checked_in(_connection: Any, record: Any) -> None:
        held.pop(record, None)

    event.listen(database.engine, "checkout", checked_out)
    event.listen(database.engine, "checkin", checked_in)
    try:
        with _watched_sockets(lambda: threading.get_ident() in held.values(), found):
            yield found
    finally:
        event.remove(database.engine, "checkout", checked_out)
        event.remove(database.engine, "checkin", checked_in)


@contextmanager
def _watched_sockets(inside: Any, found: list[str]) -> Iterator[None]:
    def watched(name: str, original: Any) -> Any:
        def call(self: socket.socket, *args: Any, **options: Any) -> Any:
            if inside():
                found.append(name)
            return original(self, *args, **options)

        return call

    replaced: list[tuple[type[socket.socket], str, Any]] = []
    for kind in (socket.socket, ssl.SSLSocket):
        for name in _CALLS:
            replaced.append((kind, name, vars(kind).get(name)))
            setattr(kind, name, watched(name, getattr(kind, name)))
    try:
        yield
    finally:
        for kind, name, original in replaced:
            if original is None:
                delattr(kind, name)
            else:
                setattr(kind, name, original)
