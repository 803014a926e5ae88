"""Column types shared by every table, and what each means on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, Row, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

    _Binding = Callable[[datetime | None], Any]
    _Reading = Callable[[Any], datetime | None]

#: 64-bit ids; SQLite autoincrements only a column declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

#: A JSON document; PostgreSQL keeps it parsed.
Json = JSON().with_variant(JSONB, "postgresql")

#: A row of whatever columns.
AnyRow = Row[*tuple[Any, ...]]


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time, aware and in UTC on the Python side, microseconds precise.

    Raises ``ValueError`` for a naive value: a time without a zone is a mistake, never a guess.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    # Not process_bind_param and process_result_value: every request binds a time, lists have three
    # a row, and those take three calls each.

    def bind_processor(self, dialect: Dialect) -> _Binding:
        return _to_sqlite if dialect.name == "sqlite" else _to_postgresql

    def result_processor(self, dialect: Dialect, _coltype: object) -> _Reading:
        return _sqlite_moment if dialect.name == "sqlite" else _postgresql_moment


def _to_postgresql(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("naive datetime; use an aware one in UTC")
    return value.astimezone(UTC)


def _to_sqlite(value: datetime | None) -> str | None:
    moment = _to_postgresql(value)
    return None if moment is None else moment.isoformat(" ", "microseconds")[:26]  # no offset


def _sqlite_moment(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored + "+00:00")


def _postgresql_moment(stored: datetime | None) -> datetime | None:
    return None if stored is None else stored.astimezone(UTC)


class Ciphertext(TypeDecorator[str]):
    """A secret as :meth:`support_core.crypto.Keyring.encrypt` returned it.

    The type only marks the column: ``support-core keys rotate`` finds by it what to encrypt anew.
    """

    impl = Text
    cache_ok = True
