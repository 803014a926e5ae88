"""Answers kept for requests that carry an Idempotency-Key."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Ciphertext, UTCDateTime
from .base import Base, WorkspaceScoped, now


class IdempotencyKey(WorkspaceScoped, Base):
    """The first answer to a key. ``caller`` keeps users' keys apart; the body is encrypted,
    because an answer may hold a secret that is shown once."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created", "created_at"),)

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    caller: Mapped[str] = mapped_column(String(63), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column()
    body: Mapped[str | None] = mapped_column(Ciphertext)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
