"""Attachments: the description here, the bytes in the blob store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base, Identified, WorkspaceScoped, now, tenant_key, within


class Attachment(Identified, WorkspaceScoped, Base):
    """An uploaded file; ``thread_id`` is null until a message takes it. ``size`` is in bytes."""

    __tablename__ = "attachments"
    __table_args__ = (
        tenant_key(),
        within("thread_id", "threads"),
        within("user_id", "users"),
        Index("ix_attachments_thread", "workspace_id", "thread_id", "id"),
        Index("ix_attachments_blob", "workspace_id", "blob_key"),
    )

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(255))
    content_type: Mapped[str] = mapped_column(String(127))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    blob_key: Mapped[str] = mapped_column(String(127))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
