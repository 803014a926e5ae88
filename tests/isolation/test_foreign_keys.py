"""The database itself refuses a row that points into another workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import ForeignKeyConstraint, and_, select, update
from sqlalchemy.exc import IntegrityError

from support_core.db.scoping import TENANT_TABLES
from support_core.models import Base

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table

    from support_core.testing import DeskUnderTest

    from .world import World


def _references() -> Iterator[tuple[Table, ForeignKeyConstraint]]:
    """Yield every foreign key from one tenant table to another."""
    for table in Base.metadata.sorted_tables:
        if table.name in TENANT_TABLES:
            for key in table.foreign_key_constraints:
                if key.referred_table.name in TENANT_TABLES:
                    yield table, key


NAMES = sorted(f"{table.name}.{key.column_keys[-1]}" for table, key in _references())


@pytest.mark.parametrize("name", NAMES)
def test_a_reference_compares_the_workspace(name: str) -> None:
    key = next(it for table, it in _references() if name == f"{table.name}.{it.column_keys[-1]}")
    assert key.column_keys[0] == "workspace_id"
    assert [element.column.name for element in key.elements] == ["workspace_id", "id"]


@pytest.mark.parametrize("name", NAMES)
def test_a_row_cannot_point_into_another_workspace(
    full_desk: DeskUnderTest, ours: World, theirs: World, name: str
) -> None:
    found = {f"{table.name}.{key.column_keys[-1]}": (table, key) for table, key in _references()}
    table, key = found[name]
    column = key.column_keys[-1]
    target = key.referred_table
    with full_desk.application.database.engine.connect() as connection:
        row = connection.execute(
            select(*table.primary_key).where(table.c.workspace_id == ours.workspace.id).limit(1)
        ).one()
        foreign = connection.execute(
            select(target.c.id).where(target.c.workspace_id == theirs.workspace.id).limit(1)
        ).scalar_one()
        this = and_(*(part == row._mapping[part.name] for part in table.primary_key))
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            connection.execute(update(table).where(this).values({column: foreign}))
        connection.rollback()


def test_every_tenant_table_that_others_may_name_is_tried() -> None:
    assert {"threads.conversation_id", "attachments.thread_id", "users.role_id"} <= set(NAMES)
