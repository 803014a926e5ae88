"""INSERT … ON CONFLICT, which SQLite and PostgreSQL spell alike and SQLAlchemy apart."""

from __future__ import annotations

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
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(model.__table__)
    if not touch:
        return statement.on_conflict_do_nothing(index_elements=list(keys))
    first = keys[0]
    return statement.on_conflict_do_update(
        index_elements=list(keys), set_={first: statement.excluded[first]}
    )
