"""The mailbox of events, which streams are filtered by, and who is in a conversation just now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.db.types import UTCDateTime

revision = "core_0004"
down_revision = "core_0003"
branch_labels = None
depends_on = None

FILL_IN = """
    UPDATE events SET mailbox_id = (
        SELECT conversations.mailbox_id FROM conversations
        WHERE conversations.workspace_id = events.workspace_id
        AND conversations.id = events.conversation_id
    ) WHERE conversation_id IS NOT NULL
"""


def upgrade() -> None:
    op.add_column("events", sa.Column("mailbox_id", sa.BigInteger(), nullable=True))
    op.execute(FILL_IN)
    op.create_table(
        "presences",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_presences_workspace_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_presences_workspace_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "conversation_id", "user_id", name=op.f("pk_presences")
        ),
        info={"workspace_scoped": True},
    )
    op.create_index("ix_presences_expires", "presences", ["workspace_id", "expires_at"])
