"""Widgets, visitors, their conversations and files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import Id, Json, UTCDateTime

revision = "chat_0001"
down_revision = None
branch_labels = ("chat",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "chat_widgets",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("text_color", sa.String(length=7), nullable=False),
        sa.Column("position", sa.String(length=7), nullable=False),
        sa.Column("welcome_title", sa.String(length=255), nullable=False),
        sa.Column("welcome_tagline", sa.String(length=255), nullable=False),
        sa.Column("away_message", sa.Text(), nullable=False),
        sa.Column("reply_time", sa.String(length=255), nullable=False),
        sa.Column("require_email", sa.Boolean(), nullable=False),
        sa.Column("allowed_domains", Json, nullable=False),
        sa.Column("hmac_required", sa.Boolean(), nullable=False),
        sa.Column("hmac_secret", sa.Text(), nullable=False),
        sa.Column("timezone", sa.String(length=63), nullable=False),
        sa.Column("business_hours", Json, nullable=True),
        sa.Column("holidays", Json, nullable=False),
        sa.Column("pre_chat", Json, nullable=False),
        sa.Column("locale", sa.String(length=35), nullable=False),
        sa.Column("texts", Json, nullable=False),
        sa.Column("translations", Json, nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mailbox_id"],
            ["mailboxes.workspace_id", "mailboxes.id"],
            name=op.f("fk_chat_widgets_workspace_id_mailbox_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_widgets")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_chat_widgets_workspace_id_id")),
    )
    op.create_index("ix_chat_widgets_list", "chat_widgets", ["workspace_id", "id"], unique=False)
    op.create_index(
        "ix_chat_widgets_mailbox", "chat_widgets", ["workspace_id", "mailbox_id"], unique=False
    )
    op.create_index("uq_chat_widgets_token", "chat_widgets", ["token"], unique=True)
    op.create_table(
        "chat_contacts",
        sa.Column("widget_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor_id", sa.String(length=64), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("proven_email", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("answers", Json, nullable=False),
        sa.Column("page_url", sa.Text(), nullable=True),
        sa.Column("page_title", sa.String(length=255), nullable=True),
        sa.Column("referrer", sa.Text(), nullable=True),
        sa.Column("browser", sa.String(length=255), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("last_seen_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_chat_contacts_workspace_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "widget_id"],
            ["chat_widgets.workspace_id", "chat_widgets.id"],
            name=op.f("fk_chat_contacts_workspace_id_widget_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_contacts")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_chat_contacts_workspace_id_id")),
    )
    op.create_index(
        "ix_chat_contacts_customer", "chat_contacts", ["workspace_id", "customer_id"], unique=False
    )
    op.create_index(
        "ix_chat_contacts_proven",
        "chat_contacts",
        ["workspace_id", "widget_id", "proven_email"],
        unique=False,
    )
    op.create_index(
        "ix_chat_contacts_seen",
        "chat_contacts",
        ["workspace_id", "last_seen_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_chat_contacts_secret", "chat_contacts", ["workspace_id", "secret_id"], unique=True
    )
    op.create_index(
        "uq_chat_contacts_visitor",
        "chat_contacts",
        ["workspace_id", "widget_id", "visitor_id", "verified"],
        unique=True,
    )
    op.create_table(
        "chat_conversations",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("visitor_read_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_read_id", sa.BigInteger(), nullable=False),
        sa.Column("mailed_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["chat_contacts.workspace_id", "chat_contacts.id"],
            name=op.f("fk_chat_conversations_workspace_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_chat_conversations_workspace_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "conversation_id", name=op.f("pk_chat_conversations")
        ),
    )
    op.create_index(
        "ix_chat_conversations_contact",
        "chat_conversations",
        ["workspace_id", "contact_id", "conversation_id"],
        unique=False,
    )
    op.create_table(
        "chat_uploads",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "attachment_id"],
            ["attachments.workspace_id", "attachments.id"],
            name=op.f("fk_chat_uploads_workspace_id_attachment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["chat_contacts.workspace_id", "chat_contacts.id"],
            name=op.f("fk_chat_uploads_workspace_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "attachment_id", name=op.f("pk_chat_uploads")),
    )
    op.create_index(
        "ix_chat_uploads_contact",
        "chat_uploads",
        ["workspace_id", "contact_id", "created_at"],
        unique=False,
    )
