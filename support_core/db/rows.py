"""Writing one new row at once, without a unit of work.

A flush looks through all rows of the session, sorts what it finds, and builds its statements anew.
For one row of which everything is known that takes ten times as long as the statement itself, and
a message from outside is five such rows. What the session knows of the row afterwards is the same.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, inspect

from .prepared import Prepared
from .scoping import COLUMN, UnscopedQuery

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Column, Table

    from .session import WorkspaceScoped, WorkspaceSession


class Shape:
    """What a model's rows consist of, and how they are inserted."""

    def __init__(self, model: type[Any]) -> None:
        mapper = inspect(model)
        self._table: Table = model.__table__
        #: (attribute, column, what makes its value where none is given)
        self.columns: list[tuple[str, str, Callable[[], Any] | None]] = [
            (mapper.get_property_by_column(column).key, column.key, _default(column))
            for column in self._table.columns
        ]
        #: The key that the database gives, where it does.
        given = self._table.autoincrement_column
        self.key: str | None = None if given is None else given.key
        self._inserts: dict[tuple[str, ...], Prepared] = {}

    def insert(self, columns: tuple[str, ...]) -> Prepared:
        """Return the statement that fills these columns and returns the key."""
        found = self._inserts.get(columns)
        if found is None:
            statement: Any = insert(self._table)
            if self.key is not None and self.key not in columns:
                statement = statement.returning(self._table.c[self.key])
            found = self._inserts[columns] = Prepared(statement, columns=columns)
        return found


@cache
def _shape(model: Any) -> Shape:
    return Shape(model)


def _default(column: Column[Any]) -> Callable[[], Any] | None:
    default: Any = column.default
    if default is None:
        return None
    if default.is_callable:
        return lambda: default.arg(None)  # SQLAlchemy hands over a context, which none here needs
    if default.is_scalar:
        return lambda: default.arg
    raise TypeError(f"{column} has a default that only a flush can make")


def put(session: WorkspaceSession, row: WorkspaceScoped) -> None:
    """Insert a row and make it the session's; see :meth:`WorkspaceSession.put`."""
    model: Any = type(row)
    shape, state = _shape(model), inspect(row)
    known = state.dict
    given: int | None = known.get(COLUMN)
    if given is None:
        known[COLUMN] = session.require_workspace()
    elif given != session.require_workspace():
        raise UnscopedQuery(f"a {type(row).__name__} of another workspace is to be written")
    values: dict[str, Any] = {}
    for attribute, column, default in shape.columns:
        value = known.get(attribute)
        if value is None and default is not None:
            value = known[attribute] = default()
        if attribute in known:
            values[column] = value
        elif column != shape.key:
            known[attribute] = None
    columns = tuple(values)
    del values[COLUMN]
    found = session.fetch(shape.insert(columns), values)
    if found:
        known[shape.key] = found[0][0]
    session._save_impl(state)  # noqa: SLF001 - what `add` does, which would look for rows of rows
    session._register_persistent({state})  # noqa: SLF001 - what a flush does with what it wrote
