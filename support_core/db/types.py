"""Column types shared by every table, and what each means on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, Row, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

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

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime; use an aware one in UTC")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return value.replace(tzinfo=UTC)  # type: ignore[no-any-return]
        return value.astimezone(UTC)  # type: ignore[no-any-return]


class Ciphertext(TypeDecorator[str]):
    """A secret as :meth:`support_core.crypto.Keyring.encrypt` returned it.

    The type only marks the column: ``support-core keys rotate`` finds by it what to encrypt anew.
    """

    impl = Text
    cache_ok = True
