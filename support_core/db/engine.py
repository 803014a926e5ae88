"""Engines and sessions for SQLite and PostgreSQL, held to the same behaviour.

SQLite runs in WAL mode with explicit transactions: ``BEGIN IMMEDIATE`` for writers, so that two
of them queue (:mod:`.writing`) instead of failing half-way, and ``BEGIN`` for readers, who see one
snapshot.
PostgreSQL readers get ``READ ONLY`` transactions, SQLite's connections that only read
(:mod:`.reading`): a GET cannot write, by the database's word.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from ..settings import ConfigurationError
from . import scoping
from .lowered import provide as provide_lowered
from .reading import Readers, begin as begin_reading
from .session import WorkspaceSession
from .writing import Line, LinedConnection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

#: How long a statement waits for somebody else's lock, on both databases.
BUSY_TIMEOUT_MS = 15_000

#: How long a statement may run on PostgreSQL; migrations may take as long as they need.
STATEMENT_TIMEOUT_MS = 60_000


class Database:
    """One database: its engine, and sessions on it.

    Raises :class:`~support_core.settings.ConfigurationError` for a URL that cannot be used.
    """

    def __init__(self, url: str, *, pool_size: int = 10, sqlite_synchronous: str = "full") -> None:
        self.url = _checked(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect == "sqlite":
            Path(self.url.database or "").parent.mkdir(parents=True, exist_ok=True)
            self.engine = _sqlite_engine(self.url, pool_size, sqlite_synchronous)
            self._writer: Engine = self.engine.execution_options(support_write=True)
            self._reader: Engine = self.engine
            self._readers: Readers | None = Readers(self.engine, kept=pool_size)
        else:
            self.engine = _engine(self.url, pool_size, connect_args=_patience(self.url))
            self._writer = self.engine
            self._reader = self.engine.execution_options(postgresql_readonly=True)
            self._readers = None
        scoping.install(self.engine)

    def session(self, workspace_id: int | None = None, *, write: bool = True) -> WorkspaceSession:
        """Return a new session for one workspace; the caller ends it."""
        if write:
            return WorkspaceSession(self._writer, workspace_id=workspace_id)
        # Who watches the pool, as a test does for transactions left open, is to see all there is.
        watched = len(self.engine.pool.dispatch.checkout) > 0
        return WorkspaceSession(
            self._reader,
            workspace_id=workspace_id,
            readers=None if watched else self._readers,
        )

    @contextmanager
    def transaction(
        self, workspace_id: int | None = None, *, write: bool = True
    ) -> Iterator[WorkspaceSession]:
        """Yield a session; commit at the end, roll back on an exception, close in any case."""
        with self.session(workspace_id, write=write) as session:
            if not write:  # the first statement begins it, closing ends it: there is no commit
                yield session
                return
            with session.begin():
                yield session

    def purge_freed(self) -> bool:
        """Remove from SQLite's files what is deleted from its tables; False where it must wait.

        Pages are overwritten as they are freed (``secure_delete``), but the write-ahead log keeps
        the old ones until it is emptied. PostgreSQL's autovacuum does the like in its own time.
        """
        if self.dialect != "sqlite":
            return True
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            busy: int = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.close()
        finally:
            connection.close()
        return not busy

    def dispose(self) -> None:
        """Close every connection that nobody uses."""
        if self._readers is not None:
            self._readers.close()
        self.engine.dispose()


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(
            "sqlalchemy.url is not a database URL; use sqlite:///path or "
            "postgresql+psycopg://user:password@host/name."
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigurationError(
                "sqlalchemy.url names an in-memory SQLite database, which ends with its "
                "connection; name a file: sqlite:///%(here)s/var/support.sqlite."
            )
        return parsed
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigurationError(
        f"sqlalchemy.url names {backend!r}; support-core runs on sqlite and postgresql."
    )


def _patience(url: URL) -> dict[str, str]:
    """Return the options of PostgreSQL connections: nobody waits for ever. The URL's own win."""
    if "options" in url.query:
        return {}
    return {
        "options": f"-c lock_timeout={BUSY_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS}"
    }


def _engine(url: URL, pool_size: int, **options: Any) -> Engine:
    try:
        return create_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=10,
            hide_parameters=True,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            **options,
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "sqlalchemy.url names postgresql, whose driver is not installed: "
            "pip install 'support-core[postgres]'."
        ) from None


def _sqlite_engine(url: URL, pool_size: int, synchronous: str) -> Engine:
    options = {"check_same_thread": False, "timeout": 15, "factory": LinedConnection}
    engine = _engine(url, pool_size, connect_args=options)
    line = Line()

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, by us
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "cache_size=-32768",
            "temp_store=MEMORY",
            "mmap_size=268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")
        provide_lowered(connection)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("support_write", False):
            driver: Any = connection.connection.dbapi_connection
            with driver.in_line(line):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            begin_reading(connection.connection.dbapi_connection)

    return engine
