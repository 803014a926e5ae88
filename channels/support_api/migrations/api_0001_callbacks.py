"""Callbacks of mailboxes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import UTCDateTime

revision = "api_0001"
down_revision = None
branch_labels = ("api",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_callbacks",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mailbox_id"],
            ["mailboxes.workspace_id", "mailboxes.id"],
            name=op.f("fk_api_callbacks_workspace_id_mailbox_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "mailbox_id", name=op.f("pk_api_callbacks")),
    )
