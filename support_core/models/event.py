"""The event log: what happened in a workspace, in order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, WorkspaceScoped, now


class Event(WorkspaceScoped, Base):
    """One domain event. ``id`` counts from 1 per workspace in commit order, without gaps.

    ``mailbox_id`` is the mailbox it concerns, as it was then; it may be gone by now.
    """

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_created", "workspace_id", "created_at"),)

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(63))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    mailbox_id: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
