"""Keyset pages over one query: ORDER BY, WHERE and the cursors of the neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import BigInteger, Integer, TypeDecorator, and_, literal, or_, tuple_

from .cursors import Cursor, Direction, Value, invalid_cursor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.types import TypeEngine

    Column = ColumnElement[Any] | InstrumentedAttribute[Any]

KINDS: tuple[type[Value], ...] = (bool, int, float, str, datetime)

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class KeysetPage(Generic[R]):
    """One page: its rows in the list's own order and the cursors of its neighbours."""

    rows: list[R]
    next_cursor: str | None
    prev_cursor: str | None


class Keyset:
    """A total order of rows: ``keys`` are columns, each with whether it descends.

    The last key has to be unique (the id). No key may be nullable, because NULL compares with
    nothing and such rows would be lost between two pages: give ``func.coalesce(column, value)``.
    ``name`` is the ``sort`` the order goes by; a cursor of another one is refused. Where all
    keys go one way the comparison is one row value, which an index over the keys answers on
    SQLite and PostgreSQL. Build it once, at import: it keeps no state.
    """

    def __init__(self, name: str, keys: Sequence[tuple[Column, bool]]) -> None:
        if not keys:
            raise ValueError("A keyset needs at least one key.")
        for column, _ in keys:
            if getattr(column, "nullable", False):
                raise ValueError(f"{column} is nullable; sort by coalesce({column}, …) instead.")
        self.name = name
        self.columns = [column for column, _ in keys]
        self.descending = [descending for _, descending in keys]
        # Once, for looking a type up on a mapped attribute is slow.
        self.types = [column.type for column in self.columns]
        self.kinds = [_kind(column) for column in self.columns]
        self.integers = [_integers(one) for one in self.types]
        self.labelled = [column.label(f"keyset_{i}") for i, column in enumerate(self.columns)]
        self.order_by = _order(keys, reverse=False)
        self._row = tuple_(*self.columns)
        self._reverse_order = _order(keys, reverse=True)

    def decode(self, text: str) -> Cursor | None:
        """Return the cursor of a ``cursor`` parameter; None for the empty one, the start.

        Raises ``Invalid`` on the field ``cursor``.
        """
        if not text:
            return None
        cursor = Cursor.decode(text, sort=self.name)
        if len(cursor.values) != len(self.kinds):
            raise invalid_cursor()
        for value, kind, integers in zip(cursor.values, self.kinds, self.integers, strict=True):
            if not _is_storable(value, kind, integers):
                raise invalid_cursor()
        return cursor

    def apply(self, statement: Select[Any], *, cursor: Cursor | None, per_page: int) -> Select[Any]:
        """Return ``statement`` in this order, from ``cursor`` on, with one row too many.

        The sort keys are appended to its columns for :meth:`page`. It must have no ORDER BY.
        """
        backward = cursor is not None and cursor.direction == "prev"
        statement = statement.add_columns(*self.labelled)
        if cursor is not None:
            statement = statement.where(self.where(cursor))
        order = self._reverse_order if backward else self.order_by
        return statement.order_by(*order).limit(per_page + 1)

    def where(self, cursor: Cursor) -> ColumnElement[bool]:
        """Return the criterion of the rows on the cursor's side of its place."""
        forward = cursor.direction == "next"
        values = [
            literal(value, kind) for value, kind in zip(cursor.values, self.types, strict=True)
        ]
        ascending = [descending != forward for descending in self.descending]
        if len(set(ascending)) == 1:
            place = tuple_(*values)
            return self._row > place if ascending[0] else self._row < place
        beyond = [
            column > value if up else column < value
            for column, value, up in zip(self.columns, values, ascending, strict=True)
        ]
        ties: list[ColumnElement[bool]] = []
        steps: list[ColumnElement[bool]] = []
        for column, value, step in zip(self.columns, values, beyond, strict=True):
            steps.append(and_(*ties, step))
            ties.append(column == value)
        # The first conjunct says nothing new, but bounds an index scan on the first key.
        first = self.columns[0]
        bound = first >= values[0] if ascending[0] else first <= values[0]
        return and_(bound, or_(*steps))

    def page(
        self, rows: Sequence[Row[Any]], *, cursor: Cursor | None, per_page: int
    ) -> KeysetPage[Row[Any]]:
        """Cut the result of :meth:`apply` to one page, in the list's order whatever the way."""
        more = len(rows) > per_page
        kept = list(rows[:per_page])
        backward = cursor is not None and cursor.direction == "prev"
        if backward:
            kept.reverse()
        following = previous = None
        if kept and (more or backward):
            following = self._cursor_at(kept[-1], "next")
        if kept and (more if backward else cursor is not None):
            previous = self._cursor_at(kept[0], "prev")
        return KeysetPage(kept, following, previous)

    def _cursor_at(self, row: Row[Any], direction: Direction) -> str:
        return Cursor(direction, self.name, tuple(row[-len(self.columns) :])).encode()


def keysets(columns: Mapping[str, Column], *, id: Column) -> dict[str, Keyset]:  # noqa: A002
    """Return both orders of every column by ``sort`` name (``name`` and ``-name``), ties by id."""
    return {
        sign + name: Keyset(
            sign + name, [(column, descending)] + ([] if column is id else [(id, descending)])
        )
        for name, column in columns.items()
        for sign, descending in (("", False), ("-", True))
    }


def _order(keys: Sequence[tuple[Column, bool]], *, reverse: bool) -> list[ColumnElement[Any]]:
    return [column.desc() if descending != reverse else column.asc() for column, descending in keys]


def _kind(column: Column) -> type[Value]:
    """Return the Python type of the column's values; raises ``TypeError`` for an unfit one."""
    python_type = column.type.python_type
    if python_type is object and isinstance(column.type, TypeDecorator):
        python_type = column.type.impl_instance.python_type
    for kind in KINDS:
        if issubclass(python_type, kind):
            return kind
    raise TypeError(f"{column} cannot be a sort key: a cursor cannot hold {python_type.__name__}.")


def _is_storable(value: Value, kind: type[Value], integers: range) -> bool:
    """Tell whether the database takes ``value`` where it expects a ``kind``."""
    if type(value) is int:
        return kind is int and value in integers
    if isinstance(value, str):
        return kind is str and "\0" not in value
    return type(value) is kind


def _integers(kind: TypeEngine[Any]) -> range:
    """Return the integers of a column's type: PostgreSQL fails on a cast of any other."""
    small = isinstance(kind, Integer) and not isinstance(kind, BigInteger)
    return range(-(2**31), 2**31) if small else range(-(2**63), 2**63)
