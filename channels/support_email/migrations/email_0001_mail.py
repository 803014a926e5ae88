"""Mailboxes' servers, the ledger of mails, and what mails belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import Id, Json, UTCDateTime

revision = "email_0001"
down_revision = None
branch_labels = ("email",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "email_accounts",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("imap_host", sa.String(length=255), nullable=True),
        sa.Column("imap_port", sa.Integer(), nullable=True),
        sa.Column("imap_encryption", sa.String(length=15), nullable=False),
        sa.Column("imap_verify", sa.Boolean(), nullable=False),
        sa.Column("imap_auth", sa.String(length=15), nullable=False),
        sa.Column("imap_username", sa.String(length=255), nullable=True),
        sa.Column("imap_password", sa.Text(), nullable=True),
        sa.Column("imap_folder", sa.String(length=255), nullable=False),
        sa.Column("imap_start", sa.String(length=15), nullable=False),
        sa.Column("smtp_host", sa.String(length=255), nullable=True),
        sa.Column("smtp_port", sa.Integer(), nullable=True),
        sa.Column("smtp_encryption", sa.String(length=15), nullable=False),
        sa.Column("smtp_verify", sa.Boolean(), nullable=False),
        sa.Column("smtp_auth", sa.String(length=15), nullable=False),
        sa.Column("smtp_username", sa.String(length=255), nullable=True),
        sa.Column("smtp_password", sa.Text(), nullable=True),
        sa.Column("from_name", sa.String(length=255), nullable=True),
        sa.Column("plus_addressing", sa.Boolean(), nullable=False),
        sa.Column("quote_history", sa.Boolean(), nullable=False),
        sa.Column("token_secret", sa.Text(), nullable=False),
        sa.Column("oauth_token_url", sa.Text(), nullable=True),
        sa.Column("oauth_client_id", sa.String(length=255), nullable=True),
        sa.Column("oauth_client_secret", sa.Text(), nullable=True),
        sa.Column("oauth_refresh_token", sa.Text(), nullable=True),
        sa.Column("oauth_scope", sa.Text(), nullable=True),
        sa.Column("oauth_access_token", sa.Text(), nullable=True),
        sa.Column("oauth_expires_at", UTCDateTime(), nullable=True),
        sa.Column("oauth_refresh_expires_at", UTCDateTime(), nullable=True),
        sa.Column("oauth_error", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("last_success_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UTCDateTime(), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("email_accounts", "mailbox_id", "mailboxes"),
        sa.PrimaryKeyConstraint("workspace_id", "mailbox_id", name=op.f("pk_email_accounts")),
    )
    op.create_table(
        "email_ingests",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=15), nullable=False),
        sa.Column("folder", sa.String(length=255), nullable=True),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("sender", sa.String(length=255), nullable=True),
        sa.Column("subject", sa.String(length=500), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("blob_key", sa.String(length=127), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.String(length=15), nullable=True),
        sa.Column("answer_to", sa.String(length=255), nullable=True),
        sa.Column("received_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        _within("email_ingests", "mailbox_id", "mailboxes"),
        _within("email_ingests", "conversation_id", "conversations"),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_email_ingests_workspace_id_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_ingests")),
    )
    op.create_index("ix_email_ingests_blob", "email_ingests", ["workspace_id", "blob_key"])
    op.create_index(
        "ix_email_ingests_conversation", "email_ingests", ["workspace_id", "conversation_id"]
    )
    op.create_index(
        "ix_email_ingests_mailbox", "email_ingests", ["workspace_id", "mailbox_id", "state", "id"]
    )
    op.create_index("ix_email_ingests_thread", "email_ingests", ["workspace_id", "thread_id"])
    op.create_index(
        "uq_email_ingests_message",
        "email_ingests",
        ["workspace_id", "mailbox_id", "message_key"],
        unique=True,
        postgresql_where=sa.text("state <> 'duplicate'"),
        sqlite_where=sa.text("state <> 'duplicate'"),
    )
    op.create_index(
        "uq_email_ingests_uid",
        "email_ingests",
        ["workspace_id", "mailbox_id", "folder", "uidvalidity", "uid"],
        unique=True,
    )
    op.create_table(
        "email_refs",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("direction", sa.String(length=7), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        _within("email_refs", "conversation_id", "conversations"),
        _within("email_refs", "mailbox_id", "mailboxes"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "mailbox_id", "message_key", name=op.f("pk_email_refs")
        ),
    )
    op.create_index("ix_email_refs_conversation", "email_refs", ["workspace_id", "conversation_id"])
    op.create_table(
        "email_participants",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("address_key", sa.String(length=255), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=15), nullable=False),
        sa.Column("copied", sa.Boolean(), nullable=False),
        sa.Column("reply_to", sa.String(length=255), nullable=True),
        _within("email_participants", "conversation_id", "conversations"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "conversation_id", "address_key", name=op.f("pk_email_participants")
        ),
    )
    op.create_table(
        "email_sendings",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("recipients", Json, nullable=True),
        sa.Column("facts", Json, nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _within("email_sendings", "delivery_id", "deliveries"),
        sa.PrimaryKeyConstraint("workspace_id", "delivery_id", name=op.f("pk_email_sendings")),
    )
    op.create_table(
        "email_answered",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("address_digest", sa.String(length=64), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("answers", sa.Integer(), nullable=False),
        _within("email_answered", "mailbox_id", "mailboxes"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "mailbox_id", "address_digest", name=op.f("pk_email_answered")
        ),
    )


def _within(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{target}.workspace_id", f"{target}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}"),
        ondelete="CASCADE",
    )
