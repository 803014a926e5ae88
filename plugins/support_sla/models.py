"""Calendars, policies, the clock of each conversation, and what reports are made of."""

from __future__ import annotations

from datetime import date, datetime  # noqa: TC003 - annotations of mapped columns are read
from typing import Any

from sqlalchemy import BigInteger, Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import (
    Base,
    Id,
    Identified,
    Json,
    Timestamped,
    UTCDateTime,
    WorkspaceScoped,
    tenant_key,
    within,
)


def _only(condition: str) -> dict[str, Any]:
    """Make an index hold some of the rows only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _owned() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"))


class BusinessHours(Identified, Timestamped, WorkspaceScoped, Base):
    """When a team works. ``blocks`` are weekday, start and end; ``holidays`` dates with names."""

    __tablename__ = "sla_business_hours"
    __table_args__ = (tenant_key(), Index("ix_sla_business_hours_list", "workspace_id", "id"))

    workspace_id: Mapped[int] = _owned()
    name: Mapped[str] = mapped_column(String(255))
    timezone: Mapped[str] = mapped_column(String(63))
    always_open: Mapped[bool] = mapped_column(default=False)
    blocks: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    holidays: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    holiday_country: Mapped[str | None] = mapped_column(String(2))
    holiday_subdivision: Mapped[str | None] = mapped_column(String(63))


class Policy(Identified, Timestamped, WorkspaceScoped, Base):
    """What is promised to which conversations.

    Of the active policies the first by ``position`` whose ``conditions`` fit is a conversation's,
    else the default one. ``targets`` are minutes by priority and target. One that is deleted stays
    for the reports, as ``deleted_at``.
    """

    __tablename__ = "sla_policies"
    __table_args__ = (
        tenant_key(),
        within("business_hours_id", "sla_business_hours"),
        Index("ix_sla_policies_list", "workspace_id", "position", "id"),
        Index(
            "uq_sla_policies_default",
            "workspace_id",
            unique=True,
            **_only("is_default AND deleted_at IS NULL"),
        ),
    )

    workspace_id: Mapped[int] = _owned()
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    conditions: Mapped[dict[str, Any]] = mapped_column(Json)
    targets: Mapped[dict[str, Any]] = mapped_column(Json)
    business_hours_id: Mapped[int | None] = mapped_column(BigInteger)
    at_risk_percent: Mapped[int] = mapped_column(default=25)
    pause_when_pending: Mapped[bool] = mapped_column(default=True)
    pause_when_waiting: Mapped[bool] = mapped_column(default=False)
    on_at_risk: Mapped[dict[str, Any]] = mapped_column(Json)
    on_breached: Mapped[dict[str, Any]] = mapped_column(Json)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


def _by(name: str, column: str) -> Index:
    return Index(
        f"ix_sla_clocks_{name}",
        *("workspace_id", column, "conversation_id"),
        **_only(f"{column} IS NOT NULL"),
    )


class Clock(WorkspaceScoped, Base):
    """How one conversation stands; all of it follows from its threads, its policy and the time.

    ``fires_at`` is its next turning point, at which a job is due; ``turned`` are those behind that
    were told. ``due_at`` is the soonest due time that lies ahead. Seconds of business time are
    ``*_spent``, those on the wall ``*_seconds``. Of a deleted conversation status and due times
    are null.
    """

    __tablename__ = "sla_clocks"
    __table_args__ = (
        within("conversation_id", "conversations", ondelete="CASCADE"),
        within("policy_id", "sla_policies"),
        _by("status", "sla_status"),
        _by("due", "due_at"),
        _by("first_due", "first_response_due_at"),
        _by("next_due", "next_response_due_at"),
        _by("resolution_due", "resolution_due_at"),
        _by("fires", "fires_at"),
        _by("policy", "policy_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    policy_id: Mapped[int | None] = mapped_column(BigInteger)
    sla_status: Mapped[str | None] = mapped_column(String(15))
    first_response_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_response_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    resolution_due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    turned: Mapped[list[str]] = mapped_column(Json)
    first_response_met: Mapped[bool | None] = mapped_column()
    first_response_spent: Mapped[int | None] = mapped_column(BigInteger)
    first_response_seconds: Mapped[int | None] = mapped_column(BigInteger)
    resolution_met: Mapped[bool | None] = mapped_column()
    resolution_spent: Mapped[int | None] = mapped_column(BigInteger)
    resolution_seconds: Mapped[int | None] = mapped_column(BigInteger)
    next_response_met: Mapped[int] = mapped_column(default=0)
    next_response_breached: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Recomputation(Identified, Timestamped, WorkspaceScoped, Base):
    """Reckoning all open conversations anew after a change of rules, and how far it has come.

    It goes through the statuses in turn, each in the order of the list; ``position`` is the last
    conversation's place. What is touched meanwhile is reckoned by the new rules anyway.
    """

    __tablename__ = "sla_recomputations"
    __table_args__ = (
        tenant_key(),
        Index("ix_sla_recomputations_list", "workspace_id", "id"),
        Index("ix_sla_recomputations_state", "workspace_id", "state"),
    )

    workspace_id: Mapped[int] = _owned()
    reason: Mapped[str] = mapped_column(String(31))
    state: Mapped[str] = mapped_column(String(15), default="queued")
    total: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    position: Mapped[list[Any] | None] = mapped_column(Json)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class FeatureChange(WorkspaceScoped, Base):
    """When a workspace was last found without the feature, and when it was found to have it again.

    There is no row for one that has had it all the time.
    """

    __tablename__ = "sla_feature_changes"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    lost_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class StaleDay(WorkspaceScoped, Base):
    """A note that a day's figures are to be added up anew; only ever added and removed."""

    __tablename__ = "sla_stale_days"
    __table_args__ = (Index("ix_sla_stale_days_day", "workspace_id", "day", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[int] = _owned()
    day: Mapped[date] = mapped_column(Date)


class DayFigures(WorkspaceScoped, Base):
    """What the conversations of one day come to, under one value of one dimension.

    ``dimension`` is ``day`` for all of them, with the value ``""``. ``counts`` are numbers by name.
    ``samples`` are all measured times, whole seconds, sorted: see :mod:`.figures`.
    """

    __tablename__ = "sla_day_figures"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    dimension: Mapped[str] = mapped_column(String(15), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    value: Mapped[str] = mapped_column(String(63), primary_key=True)
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    samples: Mapped[bytes] = mapped_column(LargeBinary)
