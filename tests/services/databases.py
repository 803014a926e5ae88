"""Databases for tests, made the same way on SQLite and on PostgreSQL.

A *template* is a database that was prepared once (migrated, say); new databases are copies of
it, which takes a few milliseconds instead of a migration.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol

from .postgres import driver_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import psycopg

#: PostgreSQL cuts what is longer (NAMEDATALEN).
LONGEST_NAME = 63


class Databases(Protocol):
    """Where the suite gets its databases from."""

    dialect: str

    def create(self, name: str, *, template: str | None = None) -> str:
        """Create a database, empty or a copy of a template, and return its SQLAlchemy URL.

        ``name`` is a plain identifier that tells what it is for. Each call makes another one: a
        worker that is handed a module's tests in two pieces sets the module's fixtures up twice.
        """

    def prepare_template(self, name: str, prepare: Callable[[str], object]) -> None:
        """Make the template ``name`` by ``prepare(url)``, unless it exists already.

        ``prepare`` must have closed all its connections when it returns.
        """


class SqliteDatabases:
    """Databases that are files in one folder, the worker's own."""

    dialect = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def create(self, name: str, *, template: str | None = None) -> str:
        """See :meth:`Databases.create`."""
        path = self._path(f"{name}-{next(self._numbers)}")
        if template is not None:
            shutil.copyfile(self._path(template), path)
        return f"sqlite:///{path}"

    def prepare_template(self, name: str, prepare: Callable[[str], object]) -> None:
        """See :meth:`Databases.prepare_template`."""
        path = self._path(name)
        if path.exists():
            return
        unfinished = self._path(f"{name}-unfinished")
        unfinished.unlink(missing_ok=True)
        prepare(f"sqlite:///{unfinished}")
        with closing(sqlite3.connect(unfinished)) as connection:
            # What still stands in the write-ahead log would be missing from a copy.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        unfinished.rename(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite"


class PostgresDatabases:
    """Databases in one cluster, which all workers share; ``worker`` keeps their names apart."""

    dialect = "postgresql"

    def __init__(self, url: str, *, worker: str) -> None:
        """Take the URL of the cluster's maintenance database and the worker's name."""
        self._url = url
        self._worker = worker
        self._numbers = count(1)

    def create(self, name: str, *, template: str | None = None) -> str:
        """See :meth:`Databases.create`."""
        full_name = f"{self._worker}_{next(self._numbers)}_{name}"[:LONGEST_NAME]
        with self._maintenance() as connection:
            connection.execute(_create_database(full_name, template or "template0"))
        return self._url_of(full_name)

    def prepare_template(self, name: str, prepare: Callable[[str], object]) -> None:
        """See :meth:`Databases.prepare_template`; the first worker prepares, the others wait."""
        with self._maintenance() as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
            finished = connection.execute(
                "SELECT datistemplate FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
            if finished == (True,):
                return
            if finished is not None:
                # A worker was killed half-way.
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            connection.execute(_create_database(name, "template0"))
            prepare(self._url_of(name))
            connection.execute(f'ALTER DATABASE "{name}" IS_TEMPLATE true')

    def _url_of(self, name: str) -> str:
        return f"{self._url.rpartition('/')[0]}/{name}"

    @contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection]:
        import psycopg  # noqa: PLC0415  (optional: the SQLite run works without it)

        with closing(psycopg.connect(driver_url(self._url), autocommit=True)) as connection:
            yield connection


def _create_database(name: str, template: str) -> str:
    return f'CREATE DATABASE "{name}" TEMPLATE "{template}"'
