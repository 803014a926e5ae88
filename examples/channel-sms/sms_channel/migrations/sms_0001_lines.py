"""Numbers of mailboxes, and who writes to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import UTCDateTime

revision = "sms_0001"
down_revision = None
branch_labels = ("sms",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sms_lines",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(16), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("webhook_secret", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("sms_lines", "mailbox_id", "mailboxes"),
        sa.PrimaryKeyConstraint("workspace_id", "mailbox_id", name=op.f("pk_sms_lines")),
    )
    op.create_table(
        "sms_contacts",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("phone", sa.String(16), nullable=False),
        sa.Column("conversation_id", sa.BigInteger()),
        sa.Column("customer_id", sa.BigInteger()),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("sms_contacts", "mailbox_id", "mailboxes"),
        _within("sms_contacts", "conversation_id", "conversations"),
        _within("sms_contacts", "customer_id", "customers"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "mailbox_id", "phone", name=op.f("pk_sms_contacts")
        ),
    )
    op.create_index("ix_sms_contacts_customer", "sms_contacts", ["workspace_id", "customer_id"])


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{target}.workspace_id", f"{target}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}"),
        ondelete="CASCADE",
    )
