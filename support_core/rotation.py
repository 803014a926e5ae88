"""Encrypting every stored secret anew with the newest key, while the desk runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from . import migrations
from .db import Ciphertext
from .models import Base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Column, Table

    from .application import Application

#: Secrets per transaction: few enough that nobody waits long for the write lock.
BATCH = 200

UNSCOPED = {"unscoped": "key rotation serves every workspace"}


@dataclass(frozen=True)
class SecretColumn:
    """A column that holds ciphertext."""

    table: Table
    column: Column[Any]

    @property
    def name(self) -> str:
        """The column as ``table.column``."""
        return f"{self.table.name}.{self.column.name}"

    @property
    def key(self) -> list[Column[Any]]:
        """The primary key, in its own order."""
        return list(self.table.primary_key.columns)


def secret_columns(application: Application) -> list[SecretColumn]:
    """Return every ciphertext column of the core and of the enabled plugins.

    Other plugins may have been imported besides, without having tables here.
    """
    enabled = {it.__name__.partition(".")[0] for it in application.plugins.modules.values()}
    packages = {"support_core"} | enabled
    theirs = {
        mapper.local_table
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.partition(".")[0] in packages
    }
    return [
        SecretColumn(table, column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table in theirs and isinstance(column.type, Ciphertext)
    ]


def count_secrets(application: Application) -> int:
    """Return how many secrets are stored."""
    total = 0
    with application.database.transaction(write=False) as session:
        for secret in secret_columns(application):
            statement = select(func.count()).where(secret.column.is_not(None))
            total += session.execute(statement, execution_options=UNSCOPED).scalar_one()
    return total


def outdated(application: Application) -> int:
    """Return how many secrets the newest key has not written."""
    keyring = application.keyring
    return sum(
        not keyring.is_current(row[-1])
        for secret in secret_columns(application)
        for batch in _batches(application, secret)
        for row in batch
    )


def rotate(application: Application, *, moved: Callable[[int, int], Any]) -> int:
    """Write every secret with the newest key; returns how many had another.

    ``moved`` hears how many secrets were looked at, and of how many. A secret that is changed
    meanwhile is left as it was changed: that was written with the newest key. Raises
    ``SecretUnreadable`` for one that no key reads, with everything before it done; it is safe to
    run again.
    """
    keyring = application.keyring
    total, seen, changed = count_secrets(application), 0, 0
    for secret in secret_columns(application):
        for batch in _batches(application, secret):
            stale = [row for row in batch if not keyring.is_current(row[-1])]
            with application.database.transaction() as session:
                for *key, token in stale:
                    statement = (
                        update(secret.table)
                        .where(
                            *(
                                column == value
                                for column, value in zip(secret.key, key, strict=True)
                            ),
                            secret.column == token,
                        )
                        .values({secret.column: keyring.rotate(token)})
                    )
                    session.execute(statement, execution_options=UNSCOPED)
            changed += len(stale)
            seen += len(batch)
            moved(seen, total)
    return changed


def _batches(application: Application, secret: SecretColumn) -> Iterator[list[Any]]:
    """Yield rows of key and token, in the order of the key."""
    statement = (
        select(*secret.key, secret.column)
        .where(secret.column.is_not(None))
        .order_by(*secret.key)
        .limit(BATCH)
    )
    after: list[Any] | None = None
    while True:
        page = statement if after is None else statement.where(_beyond(secret.key, after))
        with application.database.transaction(write=False) as session:
            rows = list(session.execute(page, execution_options=UNSCOPED).all())
        if not rows:
            return
        yield rows
        after = list(rows[-1][:-1])


def _beyond(key: list[Column[Any]], after: list[Any]) -> Any:
    """Return (a, b) > (x, y), spelt out so that both databases walk their index."""
    steps = [
        and_(
            *(column == value for column, value in zip(key[:place], after[:place], strict=True)),
            key[place] > after[place],
        )
        for place in range(len(key))
    ]
    return or_(*steps)


def plugins_left_out(application: Application) -> list[str]:
    """Return plugins that have tables here but are not enabled: their secrets are not seen."""
    enabled = application.plugins.modules
    applied = migrations.state(application.database, enabled).current
    return sorted(applied.keys() - enabled.keys() - {"core"})
