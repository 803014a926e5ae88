"""Deliveries: the way of an agent's message out through its channel."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, Timestamped, WorkspaceScoped, tenant_key, within

#: In the order in which a delivery may move on; ``failed`` may be retried, ``cancelled`` is final.
DELIVERY_STATES = ("pending", "sending", "sent", "delivered", "read", "failed")


class Delivery(Identified, Timestamped, WorkspaceScoped, Base):
    """One message's delivery. ``error`` says in words why it failed or waits.

    ``message_id`` stays the same over all attempts, so that a receiver can tell repeats;
    ``external_id`` is what the channel's provider called it. ``due_at`` is when it may leave.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        tenant_key(),
        within("conversation_id", "conversations"),
        within("thread_id", "threads"),
        Index("uq_deliveries_thread", "workspace_id", "thread_id", unique=True),
        Index("uq_deliveries_message", "workspace_id", "message_id", unique=True),
        Index("ix_deliveries_external", "workspace_id", "channel", "external_id"),
        Index("ix_deliveries_state", "workspace_id", "state", "updated_at"),
    )

    conversation_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(String(31))
    state: Mapped[str] = mapped_column(String(15), default="pending")
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[str] = mapped_column(String(63))
    external_id: Mapped[str | None] = mapped_column(String(255))
    recipients: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    due_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
