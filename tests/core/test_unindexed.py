"""A few rows by id are looked up by id, whatever SQLite believes of a workspace's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    create_engine,
    select,
    text,
)

from support_core.db.unindexed import unindexed

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

TABLE = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("workspace_id", BigInteger),
    Column("moment", Integer),
    Index("ix_things_list", "workspace_id", "moment"),
)


def plan(workspace: ColumnElement[int]) -> str:
    """Return SQLite's plan for five rows by id in a list's order, without statistics."""
    statement = (
        select(TABLE.c.id)
        .where(workspace == 1, TABLE.c.id.in_([1, 2, 3, 4, 5]))
        .order_by(TABLE.c.moment)
    )
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        TABLE.create(connection)
        compiled = statement.compile(engine, compile_kwargs={"literal_binds": True})
        rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        found = "\n".join(row.detail for row in rows)
    engine.dispose()
    return found


def test_rows_are_looked_up_by_id() -> None:
    assert "USING INTEGER PRIMARY KEY" in plan(unindexed(TABLE.c.workspace_id))


def test_without_it_the_whole_workspace_is_walked() -> None:
    assert "ix_things_list" in plan(TABLE.c.workspace_id)


@pytest.mark.parametrize("spelling", ["workspace_id", "id"])
def test_any_column_can_be_kept_from_its_indexes(spelling: str) -> None:
    column = TABLE.c[spelling]
    assert str(unindexed(column) == 1).startswith(f"(+ things.{spelling}) = ")
