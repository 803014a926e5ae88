"""Calendars, policies, clocks, recomputations and the figures of reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import Id, Json, UTCDateTime

revision = "sla_0001"
down_revision = None
branch_labels = ("sla",)
depends_on = None


def upgrade() -> None:
    _business_hours()
    _policies()
    _clocks()
    _recomputations()
    _figures()
    _note_every_day()


def _business_hours() -> None:
    op.create_table(
        "sla_business_hours",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("timezone", sa.String(63), nullable=False),
        sa.Column("always_open", sa.Boolean(), nullable=False),
        sa.Column("blocks", Json, nullable=False),
        sa.Column("holidays", Json, nullable=False),
        sa.Column("holiday_country", sa.String(2), nullable=True),
        sa.Column("holiday_subdivision", sa.String(63), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _owned("sla_business_hours"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_business_hours")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_sla_business_hours_workspace_id_id")
        ),
    )
    op.create_index("ix_sla_business_hours_list", "sla_business_hours", ["workspace_id", "id"])


def _policies() -> None:
    op.create_table(
        "sla_policies",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("conditions", Json, nullable=False),
        sa.Column("targets", Json, nullable=False),
        sa.Column("business_hours_id", sa.BigInteger(), nullable=True),
        sa.Column("at_risk_percent", sa.Integer(), nullable=False),
        sa.Column("pause_when_pending", sa.Boolean(), nullable=False),
        sa.Column("pause_when_waiting", sa.Boolean(), nullable=False),
        sa.Column("on_at_risk", Json, nullable=False),
        sa.Column("on_breached", Json, nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _owned("sla_policies"),
        _belongs("sla_policies", "business_hours_id", "sla_business_hours"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policies")),
        sa.UniqueConstraint("workspace_id", "id", name=op.f("uq_sla_policies_workspace_id_id")),
    )
    op.create_index("ix_sla_policies_list", "sla_policies", ["workspace_id", "position", "id"])
    op.create_index(
        "uq_sla_policies_default",
        "sla_policies",
        ["workspace_id"],
        unique=True,
        **_only("is_default AND deleted_at IS NULL"),
    )


def _clocks() -> None:
    op.create_table(
        "sla_clocks",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=True),
        sa.Column("sla_status", sa.String(15), nullable=True),
        sa.Column("first_response_due_at", UTCDateTime(), nullable=True),
        sa.Column("next_response_due_at", UTCDateTime(), nullable=True),
        sa.Column("resolution_due_at", UTCDateTime(), nullable=True),
        sa.Column("due_at", UTCDateTime(), nullable=True),
        sa.Column("fires_at", UTCDateTime(), nullable=True),
        sa.Column("turned", Json, nullable=False),
        sa.Column("first_response_met", sa.Boolean(), nullable=True),
        sa.Column("first_response_spent", sa.BigInteger(), nullable=True),
        sa.Column("first_response_seconds", sa.BigInteger(), nullable=True),
        sa.Column("resolution_met", sa.Boolean(), nullable=True),
        sa.Column("resolution_spent", sa.BigInteger(), nullable=True),
        sa.Column("resolution_seconds", sa.BigInteger(), nullable=True),
        sa.Column("next_response_met", sa.Integer(), nullable=False),
        sa.Column("next_response_breached", sa.Integer(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _belongs("sla_clocks", "conversation_id", "conversations", ondelete="CASCADE"),
        _belongs("sla_clocks", "policy_id", "sla_policies"),
        sa.PrimaryKeyConstraint("workspace_id", "conversation_id", name=op.f("pk_sla_clocks")),
    )
    for name, column in (
        ("status", "sla_status"),
        ("due", "due_at"),
        ("first_due", "first_response_due_at"),
        ("next_due", "next_response_due_at"),
        ("resolution_due", "resolution_due_at"),
        ("fires", "fires_at"),
        ("policy", "policy_id"),
    ):
        op.create_index(
            f"ix_sla_clocks_{name}",
            "sla_clocks",
            ["workspace_id", column, "conversation_id"],
            **_only(f"{column} IS NOT NULL"),
        )


def _recomputations() -> None:
    op.create_table(
        "sla_recomputations",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(31), nullable=False),
        sa.Column("state", sa.String(15), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("position", Json, nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        _owned("sla_recomputations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_recomputations")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_sla_recomputations_workspace_id_id")
        ),
    )
    op.create_index("ix_sla_recomputations_list", "sla_recomputations", ["workspace_id", "id"])
    op.create_index("ix_sla_recomputations_state", "sla_recomputations", ["workspace_id", "state"])


def _figures() -> None:
    op.create_table(
        "sla_stale_days",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _owned("sla_stale_days"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_stale_days")),
    )
    op.create_index("ix_sla_stale_days_day", "sla_stale_days", ["workspace_id", "day", "id"])
    op.create_table(
        "sla_day_figures",
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.String(15), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.String(63), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        _owned("sla_day_figures"),
        sa.PrimaryKeyConstraint(
            "workspace_id", "dimension", "day", "value", name=op.f("pk_sla_day_figures")
        ),
    )


def _note_every_day() -> None:
    """Have the figures of all days added up that saw conversations before there was a plugin."""
    postgresql = op.get_bind().dialect.name == "postgresql"
    moment = "created_at AT TIME ZONE 'UTC'" if postgresql else "created_at"
    conversations = sa.table("conversations", sa.column("workspace_id"))
    day = sa.func.date(sa.literal_column(moment))
    op.execute(
        sa.insert(
            sa.table("sla_stale_days", sa.column("workspace_id"), sa.column("day"))
        ).from_select(
            ["workspace_id", "day"], sa.select(conversations.c.workspace_id, day).distinct()
        )
    )


def _owned(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id"],
        ["workspaces.id"],
        name=op.f(f"fk_{table}_workspace_id"),
        ondelete="CASCADE",
    )


def _belongs(
    table: str, column: str, other: str, *, ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", column],
        [f"{other}.workspace_id", f"{other}.id"],
        name=op.f(f"fk_{table}_workspace_id_{column}"),
        ondelete=ondelete,
    )


def _only(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
