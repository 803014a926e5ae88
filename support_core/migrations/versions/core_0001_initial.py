"""The core's tables, search indexes and tally triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.db.types import Id, Json, UTCDateTime
from support_core.migrations import search_sql, tally_sql

revision = "core_0001"
down_revision = None
branch_labels = ("core",)
depends_on = None


def upgrade() -> None:
    _tables()
    _job_indexes()
    dialect = op.get_bind().dialect.name
    for statement in [*search_sql.create(dialect), *tally_sql.create(dialect)]:
        op.execute(statement)


def _job_indexes() -> None:
    for name, columns, state in (
        ("ix_jobs_claim", ["queue", "priority", "lane", "due_at", "id"], "queued"),
        ("ix_jobs_delayed", ["due_at", "id"], "delayed"),
        ("ix_jobs_lease", ["lease_until", "id"], "running"),
        ("ix_jobs_dead", ["id"], "dead"),
    ):
        condition = sa.text(f"state = '{state}'")
        op.create_index(name, "jobs", columns, sqlite_where=condition, postgresql_where=condition)


def _tables() -> None:
    op.create_table(
        "jobs",
        sa.Column("message_id", sa.String(length=63), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=True),
        sa.Column("lane", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=127), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", UTCDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=63), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("again_at", UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("message_id", name=op.f("uq_jobs_message_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_workspace", "jobs", ["workspace_id", "id"], unique=False)
    op.create_table(
        "login_sessions",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_login_sessions_secret_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_login_sessions_expires_at"), "login_sessions", ["expires_at"], unique=False
    )
    op.create_table(
        "schedules",
        sa.Column("name", sa.String(length=127), nullable=False),
        sa.Column("next_at", UTCDateTime(), nullable=False),
        sa.Column("last_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_schedules")),
    )
    op.create_table(
        "workspaces",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("slug", sa.String(length=63), nullable=False),
        sa.Column("plan", sa.String(length=63), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspaces_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "audit_entries",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=63), nullable=False),
        sa.Column("target_type", sa.String(length=31), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("fields", Json, nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", Json, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_audit_entries_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entries_list", "audit_entries", ["workspace_id", "id"], unique=False)
    op.create_table(
        "conversation_tallies",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("priority", sa.String(length=15), nullable=False),
        sa.Column("assigned_to", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("conversations", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_conversation_tallies_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id",
            "mailbox_id",
            "status",
            "channel",
            "priority",
            "assigned_to",
            "slot",
            name=op.f("pk_conversation_tallies"),
        ),
        info={"workspace_scoped": True},
    )
    op.create_table(
        "counters",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=31), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_counters_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "name", name=op.f("pk_counters")),
        info={"workspace_scoped": True},
    )
    op.create_table(
        "customers",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("email_key", sa.String(length=255), nullable=True),
        sa.Column("display_name", sa.String(length=255), nullable=True),
        sa.Column("first_name", sa.String(length=255), nullable=True),
        sa.Column("last_name", sa.String(length=255), nullable=True),
        sa.Column("phone", sa.String(length=63), nullable=True),
        sa.Column("company", sa.String(length=255), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("erased_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_customers_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_customers_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_customers_list",
        "customers",
        ["workspace_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_customers_phone", "customers", ["workspace_id", "phone"], unique=False)
    op.create_index(
        "uq_customers_email",
        "customers",
        ["workspace_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND email_key IS NOT NULL"),
        sqlite_where=sa.text("deleted_at IS NULL AND email_key IS NOT NULL"),
    )
    op.create_table(
        "events",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=63), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", Json, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_events_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_events")),
        info={"workspace_scoped": True},
    )
    op.create_index("ix_events_created", "events", ["workspace_id", "created_at"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("caller", sa.String(length=63), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_idempotency_keys_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("workspace_id", "caller", "key", name=op.f("pk_idempotency_keys")),
        info={"workspace_scoped": True},
    )
    op.create_index("ix_idempotency_keys_created", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "mailboxes",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("email_key", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("auto_reply_enabled", sa.Boolean(), nullable=False),
        sa.Column("auto_reply_subject", sa.String(length=500), nullable=True),
        sa.Column("auto_reply_body", sa.Text(), nullable=True),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_mailboxes_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_mailboxes_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_mailboxes_email",
        "mailboxes",
        ["workspace_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "roles",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("permissions", Json, nullable=False),
        sa.Column("is_builtin", sa.Boolean(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_roles_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_roles_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index("uq_roles_name", "roles", ["workspace_id", "name"], unique=True)
    op.create_table(
        "users",
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("email_key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role_id", sa.BigInteger(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_available", sa.Boolean(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "role_id"],
            ["roles.workspace_id", "roles.id"],
            name=op.f("fk_users_workspace_id_role_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_users_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index("ix_users_login", "users", ["email_key"], unique=False)
    op.create_index(
        "uq_users_email",
        "users",
        ["workspace_id", "email_key"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("abilities", Json, nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.Column("last_used_at", UTCDateTime(), nullable=True),
        sa.Column("revoked_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_api_tokens_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_api_tokens_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index("ix_api_tokens_workspace", "api_tokens", ["workspace_id", "id"], unique=False)
    op.create_index("uq_api_tokens_secret", "api_tokens", ["secret_hash"], unique=True)
    op.create_table(
        "conversations",
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("priority", sa.String(length=15), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("assigned_to", sa.BigInteger(), nullable=True),
        sa.Column("tags", Json, nullable=False),
        sa.Column("last_reply_at", UTCDateTime(), nullable=False),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "assigned_to"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_conversations_workspace_id_assigned_to"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customers.workspace_id", "customers.id"],
            name=op.f("fk_conversations_workspace_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "mailbox_id"],
            ["mailboxes.workspace_id", "mailboxes.id"],
            name=op.f("fk_conversations_workspace_id_mailbox_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_conversations_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_conversations_assignee",
        "conversations",
        ["workspace_id", "assigned_to", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_channel",
        "conversations",
        ["workspace_id", "channel", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_created",
        "conversations",
        ["workspace_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_conversations_customer",
        "conversations",
        ["workspace_id", "customer_id", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_inbox",
        "conversations",
        ["workspace_id", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_mailbox",
        "conversations",
        ["workspace_id", "mailbox_id", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_priority",
        "conversations",
        ["workspace_id", "priority", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_status",
        "conversations",
        ["workspace_id", "status", "last_reply_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
        sqlite_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_conversations_updated",
        "conversations",
        ["workspace_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "uq_conversations_number", "conversations", ["workspace_id", "number"], unique=True
    )
    op.create_table(
        "login_session_users",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["login_sessions.id"],
            name=op.f("fk_login_session_users_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_login_session_users_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "user_id", name=op.f("pk_login_session_users")),
    )
    op.create_index(
        op.f("ix_login_session_users_user_id"), "login_session_users", ["user_id"], unique=False
    )
    op.create_table(
        "conversation_tags",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("tag", sa.String(length=63), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_conversation_tags_workspace_id_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "workspace_id", "tag", "conversation_id", name=op.f("pk_conversation_tags")
        ),
        info={"workspace_scoped": True},
    )
    op.create_table(
        "threads",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=15), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_format", sa.String(length=7), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("cc", Json, nullable=True),
        sa.Column("bcc", Json, nullable=True),
        sa.Column("meta", Json, nullable=True),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_threads_workspace_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_threads_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threads")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_threads_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_threads_conversation",
        "threads",
        ["workspace_id", "conversation_id", "id"],
        unique=False,
    )
    op.create_index(
        "uq_threads_external",
        "threads",
        ["workspace_id", "conversation_id", "external_id"],
        unique=True,
    )
    op.create_table(
        "attachments",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("content_type", sa.String(length=127), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("blob_key", sa.String(length=127), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "thread_id"],
            ["threads.workspace_id", "threads.id"],
            name=op.f("fk_attachments_workspace_id_thread_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_attachments_workspace_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspaces.id"],
            name=op.f("fk_attachments_workspace_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_attachments_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_attachments_blob", "attachments", ["workspace_id", "blob_key"], unique=False
    )
    op.create_index(
        "ix_attachments_thread", "attachments", ["workspace_id", "thread_id", "id"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=63), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=True),
        sa.Column("recipients", Json, nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("id", Id, nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "conversation_id"],
            ["conversations.workspace_id", "conversations.id"],
            name=op.f("fk_deliveries_workspace_id_conversation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "thread_id"],
            ["threads.workspace_id", "threads.id"],
            name=op.f("fk_deliveries_workspace_id_thread_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_deliveries_workspace_id_id")),
        info={"workspace_scoped": True},
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_deliveries_external",
        "deliveries",
        ["workspace_id", "channel", "external_id"],
        unique=False,
    )
    op.create_index(
        "ix_deliveries_state", "deliveries", ["workspace_id", "state", "updated_at"], unique=False
    )
    op.create_index(
        "uq_deliveries_message", "deliveries", ["workspace_id", "message_id"], unique=True
    )
    op.create_index(
        "uq_deliveries_thread", "deliveries", ["workspace_id", "thread_id"], unique=True
    )
