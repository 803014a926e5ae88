"""The bus over PostgreSQL's LISTEN and NOTIFY: no server beside the database.

``pg_notify`` runs in the transaction, so that the database itself passes the notice on with the
commit, and takes it back with a rollback.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from ..settings import ConfigurationError
from .base import Bus
from .messages import Notice, decode, encode
from .outage import Outage

if TYPE_CHECKING:
    import psycopg

    from ..db import Database, WorkspaceSession
    from .base import Listener

CHANNEL = "support_bus"

#: PostgreSQL takes payloads of fewer than 8,000 bytes.
MOST_BYTES = 7_900

#: Seconds without a sign of life after which a lost server is noticed.
PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
}

_NOTIFY = select(func.pg_notify(bindparam("channel"), bindparam("message")))


class PostgresBus(Bus):
    """Notifies in the transaction; a process that listens has one connection for it."""

    name = "postgresql"

    def __init__(self, database: Database) -> None:
        if database.dialect != "postgresql":
            raise ConfigurationError(
                "support.bus is postgresql, but sqlalchemy.url names another database; say "
                "memory, or redis://host:port/db."
            )
        self._database = database
        self._thread: threading.Thread | None = None
        self._outage = Outage(
            "listen", "The bus (PostgreSQL LISTEN) is away; live events come by polling."
        )

    def announce(self, session: WorkspaceSession, notices: list[Notice]) -> None:
        """Notify in the transaction."""
        for notice in notices:
            for message in _messages(notice):
                session.core(_NOTIFY, {"channel": CHANNEL, "message": message})

    def listen(self, listener: Listener) -> None:
        """Listen on a thread, over a connection of its own."""
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name="support-bus", daemon=True
        )
        self._thread.start()

    def problem(self) -> str | None:
        """Say that the listening connection is lost."""
        return self._outage.problem

    def stop(self) -> None:
        """End the thread and its connection."""
        self._outage.ended.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self, listener: Listener) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        while not self._outage.ended.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._outage.works()
                    listener.missed()  # whatever was said while nobody listened
                    self._pass_on(connection, listener)
            except psycopg.Error as error:
                self._outage.failed(error)

    def _connect(self) -> psycopg.Connection:
        import psycopg  # noqa: PLC0415 - an extra

        url = self._database.url.set(drivername="postgresql")
        return psycopg.connect(
            url.render_as_string(hide_password=False),
            autocommit=True,
            application_name="support-core bus",
            **PATIENCE,
        )

    def _pass_on(self, connection: psycopg.Connection, listener: Listener) -> None:
        while not self._outage.ended.is_set():
            for notification in connection.notifies(timeout=0.5):
                try:
                    listener.heard(decode(notification.payload))
                except ValueError:
                    continue  # somebody else's, on a channel of this name
                if self._outage.ended.is_set():
                    return


def _messages(notice: Notice) -> list[str]:
    """Return the notice as texts that PostgreSQL takes; a signal too long for it is left out."""
    message = encode(notice)
    if len(message) <= MOST_BYTES:
        return [message.decode()]
    parts = [Notice(notice.workspace_id, notice.head)] if notice.head is not None else []
    parts += [Notice(notice.workspace_id, None, (signal,)) for signal in notice.signals]
    return [part.decode() for part in map(encode, parts) if len(part) <= MOST_BYTES]
