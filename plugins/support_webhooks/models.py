"""Endpoints, what is to be sent to each, every attempt at it, and replays."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - annotations of mapped columns are read at run time
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import (
    Base,
    Ciphertext,
    Identified,
    Json,
    Timestamped,
    UTCDateTime,
    WorkspaceScoped,
    tenant_key,
    within,
)

#: ``waiting`` stands behind an earlier event about the same thing; ``pending`` has a time.
OPEN = ("waiting", "pending", "sending")
STATES = (*OPEN, "delivered", "failed")


def _only(condition: str) -> dict[str, Any]:
    """Make an index hold some of the rows only."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class WebhookEndpoint(Identified, Timestamped, WorkspaceScoped, Base):
    """Where a workspace's events are sent. Its row's lock orders all who work on its deliveries.

    ``is_active`` is the workspace's own switch, ``disabled_at`` ours. ``old_secret`` signs beside
    ``secret`` until ``old_secret_until``. ``failing_since`` is the first failure after the last
    success; nothing is sent before ``paused_until``. A job removes what is ``deleted_at``.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (tenant_key(), Index("ix_webhook_endpoints_list", "workspace_id", "id"))

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(Json)
    is_active: Mapped[bool] = mapped_column(default=True)
    secret: Mapped[str] = mapped_column(Ciphertext)
    old_secret: Mapped[str | None] = mapped_column(Ciphertext)
    old_secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    disabled_reason: Mapped[str | None] = mapped_column(Text)
    last_success_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_failure_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_failure: Mapped[str | None] = mapped_column(Text)
    consecutive_failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def is_on(self) -> bool:
        """Whether events are recorded and sent."""
        return self.is_active and self.disabled_at is None and self.deleted_at is None


class WebhookDelivery(Identified, WorkspaceScoped, Base):
    """One event on its way to one endpoint; ``message_id`` is its ``webhook-id``.

    ``topic`` is what the event is about (``conversation:7``): of one topic one delivery at a time
    is pending or sending, the others wait in the order of their ids. ``due_at`` is when it is
    sent next, and while it is being sent, when it is taken for lost. ``tries`` counts the attempts
    since it was last asked for, ``attempts`` all of them. ``body`` is what is sent, byte for byte.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        tenant_key(),
        within("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        Index(
            "uq_webhook_deliveries_message",
            "workspace_id",
            "endpoint_id",
            "message_id",
            unique=True,
        ),
        Index("ix_webhook_deliveries_list", "workspace_id", "endpoint_id", "id"),
        Index("ix_webhook_deliveries_state", "workspace_id", "endpoint_id", "state", "id"),
        Index("ix_webhook_deliveries_type", "workspace_id", "endpoint_id", "event_type", "id"),
        Index(
            "ix_webhook_deliveries_about", "workspace_id", "endpoint_id", "conversation_id", "id"
        ),
        Index("ix_webhook_deliveries_created", "workspace_id", "endpoint_id", "created_at"),
        Index("ix_webhook_deliveries_conversation", "workspace_id", "conversation_id"),
        Index(
            "ix_webhook_deliveries_due",
            "workspace_id",
            "endpoint_id",
            "due_at",
            "id",
            **_only("state IN ('pending', 'sending')"),
        ),
        Index(
            "ix_webhook_deliveries_topic",
            "workspace_id",
            "endpoint_id",
            "topic",
            "id",
            **_only("state IN ('waiting', 'pending', 'sending')"),
        ),
    )

    endpoint_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[str] = mapped_column(String(63))
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    event_type: Mapped[str] = mapped_column(String(63))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    topic: Mapped[str | None] = mapped_column(String(63))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(15))
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    status: Mapped[int | None] = mapped_column()
    error: Mapped[str | None] = mapped_column(Text)
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime)


# In literals, as the partial indexes have them: no planner takes those for a parameter.
OPEN_ROW = WebhookDelivery.state.in_([literal_column(f"'{state}'") for state in OPEN])
DUE_ROW = WebhookDelivery.state.in_([literal_column(f"'{state}'") for state in OPEN[1:]])


class WebhookAttempt(Identified, WorkspaceScoped, Base):
    """One attempt: what went out beside the body, and what came back, cut to a sane size."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        within("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
        Index("ix_webhook_attempts_delivery", "workspace_id", "delivery_id", "id"),
    )

    delivery_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column()
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    duration_ms: Mapped[int] = mapped_column()
    url: Mapped[str] = mapped_column(Text)
    request_headers: Mapped[dict[str, str]] = mapped_column(Json)
    status: Mapped[int | None] = mapped_column()
    response_headers: Mapped[dict[str, str] | None] = mapped_column(Json)
    response_body: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)


class WebhookReplay(Identified, Timestamped, WorkspaceScoped, Base):
    """A wish to send what happened between two moments again, and how far it has come.

    It goes through the events, or with ``only_failed`` the deliveries, after ``position`` up to
    ``last``; ``total`` of them there were at its start.
    """

    __tablename__ = "webhook_replays"
    __table_args__ = (
        tenant_key(),
        within("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        Index("ix_webhook_replays_list", "workspace_id", "endpoint_id", "id"),
    )

    endpoint_id: Mapped[int] = mapped_column(BigInteger)
    after: Mapped[datetime] = mapped_column(UTCDateTime)
    before: Mapped[datetime] = mapped_column(UTCDateTime)
    event_types: Mapped[list[str]] = mapped_column(Json)
    only_failed: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(15), default="running")
    position: Mapped[int] = mapped_column(BigInteger)
    looked_at: Mapped[int] = mapped_column(BigInteger, default=0)
    queued: Mapped[int] = mapped_column(BigInteger, default=0)
    last: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
