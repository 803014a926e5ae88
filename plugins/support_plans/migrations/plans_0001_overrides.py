"""Overrides and reservation locks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import UTCDateTime

revision = "plans_0001"
down_revision = None
branch_labels = ("plans",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_overrides",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(15), nullable=False),
        sa.Column("name", sa.String(63), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_plan_overrides_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "kind", "name", name=op.f("pk_plan_overrides")),
    )
    op.create_table(
        "plan_locks",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_plan_locks_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_plan_locks")),
    )
