"""Since when a workspace has been without the feature, and since when it has it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import UTCDateTime

revision = "sla_0002"
down_revision = "sla_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sla_feature_changes",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", UTCDateTime()),
        sa.Column("returned_at", UTCDateTime()),
        sa.PrimaryKeyConstraint("workspace_id", name=op.f("pk_sla_feature_changes")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_sla_feature_changes_workspace_id"),
            ondelete="CASCADE",
        ),
    )
