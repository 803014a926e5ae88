"""Keeping SQLite from an index that it would choose wrongly.

Without statistics SQLite guesses that an index on ``workspace_id`` finds ten rows. Where a few rows
are looked up by id, it then walks through the whole workspace and checks each for its id. A plus
before the column rules its indexes out; PostgreSQL, which has statistics, does not mind.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.operators import custom_op

_PLUS: Any = custom_op("+")


def unindexed(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return ``column`` as a criterion that no index may answer."""
    return UnaryExpression(column, operator=_PLUS, type_=column.type)


def plain(element: Any) -> Any:
    """Return the column that :func:`unindexed` was given; anything else as it is."""
    inner = element.element if isinstance(element, Grouping) else element
    if isinstance(inner, UnaryExpression) and inner.operator is _PLUS:
        return inner.element
    return element
