"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy apart."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import DeclarativeBase, Session


def upsert(
    session: Session, model: type[DeclarativeBase], *, keys: Sequence[str], touch: bool = False
) -> Any:
    """Return an INSERT that does nothing where a row with these ``keys`` is there.

    With ``touch`` it writes the key over itself instead, which locks the row until the commit.
    """
    return _insert(session.get_bind().dialect.name, model, tuple(keys), touch)


@cache
def _insert(
    dialect_name: str, model: type[DeclarativeBase], keys: tuple[str, ...], touch: bool
) -> Any:
    """Return the INSERT of a database; making it anew costs more than running it."""
    dialect: Any = postgresql if dialect_name == "postgresql" else sqlite
    statement = dialect.insert(model.__table__)
    if not touch:
        return statement.on_conflict_do_nothing(index_elements=keys)
    first = keys[0]
    return statement.on_conflict_do_update(
        index_elements=keys, set_={first: statement.excluded[first]}
    )
