"""Numbers, webhooks as they came, what they told, and what messages belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import Id, Json, UTCDateTime

revision = "whatsapp_0001"
down_revision = None
branch_labels = ("whatsapp",)
depends_on = None


def upgrade() -> None:
    _accounts()
    _payloads()
    _reactions()
    _templates()
    _contacts()
    _items()
    _media()
    _messages()
    _parts()


def _accounts() -> None:
    op.create_table(
        "whatsapp_accounts",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("phone_number_id", sa.String(length=63), nullable=False),
        sa.Column("waba_id", sa.String(length=63), nullable=True),
        sa.Column("access_token", sa.Text(), nullable=False),
        sa.Column("app_secret", sa.Text(), nullable=False),
        sa.Column("verify_token", sa.Text(), nullable=False),
        sa.Column("display_phone_number", sa.String(length=63), nullable=True),
        sa.Column("verified_name", sa.String(length=255), nullable=True),
        sa.Column("quality_rating", sa.String(length=31), nullable=True),
        sa.Column("throughput", sa.String(length=31), nullable=True),
        sa.Column("token_valid", sa.Boolean(), nullable=True),
        sa.Column("checked_at", UTCDateTime(), nullable=True),
        sa.Column("last_inbound_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_error_at", UTCDateTime(), nullable=True),
        sa.Column("templates_synced_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("whatsapp_accounts", "mailbox_id", "mailboxes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_accounts")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_whatsapp_accounts_workspace_id_id")
        ),
    )
    op.create_index(
        "ix_whatsapp_accounts_mailbox",
        "whatsapp_accounts",
        ["workspace_id", "mailbox_id"],
        unique=False,
    )
    op.create_index(
        "uq_whatsapp_accounts_number",
        "whatsapp_accounts",
        ["workspace_id", "phone_number_id"],
        unique=True,
    )


def _payloads() -> None:
    op.create_table(
        "whatsapp_payloads",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("received_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("whatsapp_payloads", "account_id", "whatsapp_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_payloads")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_whatsapp_payloads_workspace_id_id")
        ),
    )
    op.create_index(
        "ix_whatsapp_payloads_received",
        "whatsapp_payloads",
        ["workspace_id", "received_at"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_payloads_waiting",
        "whatsapp_payloads",
        ["workspace_id", "account_id", "attempts", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'received'"),
        sqlite_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "uq_whatsapp_payloads_digest",
        "whatsapp_payloads",
        ["workspace_id", "account_id", "digest"],
        unique=True,
    )


def _reactions() -> None:
    op.create_table(
        "whatsapp_reactions",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("target_id", sa.String(length=255), nullable=False),
        sa.Column("sender", sa.String(length=127), nullable=False),
        sa.Column("emoji", sa.String(length=63), nullable=True),
        sa.Column("reacted_at", UTCDateTime(), nullable=False),
        _within("whatsapp_reactions", "account_id", "whatsapp_accounts"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "account_id", "target_id", "sender", name=op.f("pk_whatsapp_reactions")
        ),
    )


def _templates() -> None:
    op.create_table(
        "whatsapp_templates",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=15), nullable=False),
        sa.Column("status", sa.String(length=31), nullable=False),
        sa.Column("category", sa.String(length=31), nullable=True),
        sa.Column("parameter_format", sa.String(length=31), nullable=True),
        sa.Column("components", Json, nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("whatsapp_templates", "account_id", "whatsapp_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_templates")),
    )
    op.create_index(
        "uq_whatsapp_templates_name",
        "whatsapp_templates",
        ["workspace_id", "account_id", "name", "language"],
        unique=True,
    )


def _contacts() -> None:
    op.create_table(
        "whatsapp_contacts",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=127), nullable=False),
        sa.Column("wa_id", sa.String(length=63), nullable=True),
        sa.Column("user_id", sa.String(length=127), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("last_inbound_at", UTCDateTime(), nullable=True),
        sa.Column("last_message_id", sa.String(length=255), nullable=True),
        sa.Column("read_message_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("whatsapp_contacts", "account_id", "whatsapp_accounts"),
        _within("whatsapp_contacts", "conversation_id", "conversations"),
        _within("whatsapp_contacts", "customer_id", "customers"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "account_id", "key", name=op.f("pk_whatsapp_contacts")
        ),
    )
    op.create_index(
        "ix_whatsapp_contacts_conversation",
        "whatsapp_contacts",
        ["workspace_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_contacts_customer",
        "whatsapp_contacts",
        ["workspace_id", "customer_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_contacts_user",
        "whatsapp_contacts",
        ["workspace_id", "account_id", "user_id"],
        unique=False,
    )


def _items() -> None:
    op.create_table(
        "whatsapp_items",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("payload_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=63), nullable=False),
        sa.Column("type", sa.String(length=63), nullable=True),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("target_id", sa.String(length=255), nullable=True),
        sa.Column("sender", sa.String(length=127), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", Json, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("whatsapp_items", "account_id", "whatsapp_accounts"),
        _within("whatsapp_items", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_items")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_whatsapp_items_workspace_id_id")),
    )
    op.create_index(
        "ix_whatsapp_items_conversation",
        "whatsapp_items",
        ["workspace_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_items_list",
        "whatsapp_items",
        ["workspace_id", "account_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_items_payload",
        "whatsapp_items",
        ["workspace_id", "payload_id", "position"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_items_state",
        "whatsapp_items",
        ["workspace_id", "account_id", "state", "id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_items_target",
        "whatsapp_items",
        ["workspace_id", "account_id", "target_id", "state"],
        unique=False,
    )


def _media() -> None:
    op.create_table(
        "whatsapp_media",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("media_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("mime_type", sa.String(length=255), nullable=True),
        sa.Column("sha256", sa.String(length=127), nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.BigInteger(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("whatsapp_media", "account_id", "whatsapp_accounts"),
        _within("whatsapp_media", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_media")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_whatsapp_media_workspace_id_id")),
    )
    op.create_index(
        "ix_whatsapp_media_conversation",
        "whatsapp_media",
        ["workspace_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_media_thread", "whatsapp_media", ["workspace_id", "thread_id"], unique=False
    )


def _messages() -> None:
    op.create_table(
        "whatsapp_messages",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        _within("whatsapp_messages", "account_id", "whatsapp_accounts"),
        _within("whatsapp_messages", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "account_id", "external_id", name=op.f("pk_whatsapp_messages")
        ),
    )
    op.create_index(
        "ix_whatsapp_messages_conversation",
        "whatsapp_messages",
        ["workspace_id", "conversation_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_messages_thread",
        "whatsapp_messages",
        ["workspace_id", "thread_id"],
        unique=False,
    )


def _parts() -> None:
    op.create_table(
        "whatsapp_parts",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=63), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("media_id", sa.String(length=255), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("whatsapp_parts", "delivery_id", "deliveries"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "delivery_id", "number", name=op.f("pk_whatsapp_parts")
        ),
    )
    op.create_index(
        "ix_whatsapp_parts_external",
        "whatsapp_parts",
        ["workspace_id", "external_id"],
        unique=False,
    )
    op.create_index(
        "ix_whatsapp_parts_message", "whatsapp_parts", ["workspace_id", "message_id"], unique=False
    )


def _within(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{other}.workspace_id", f"{other}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}"),
        ondelete="CASCADE",
    )
