"""The audit trail of administrative changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, WorkspaceScoped, now


class AuditEntry(Identified, WorkspaceScoped, Base):
    """Who changed what: names of changed fields, never their values."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_list", "workspace_id", "id"),)

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    action: Mapped[str] = mapped_column(String(63))
    target_type: Mapped[str] = mapped_column(String(31))
    target_id: Mapped[int | None] = mapped_column(BigInteger)
    fields: Mapped[list[str]] = mapped_column(Json)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    actor: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
