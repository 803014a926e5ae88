"""Who has a conversation open just now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base, WorkspaceScoped, within

PRESENCE_STATES = ("viewing", "replying")


class Presence(WorkspaceScoped, Base):
    """One member in one conversation, until ``expires_at`` unless they say so again."""

    __tablename__ = "presences"
    __table_args__ = (
        within("conversation_id", "conversations", ondelete="CASCADE"),
        within("user_id", "users", ondelete="CASCADE"),
        Index("ix_presences_expires", "workspace_id", "expires_at"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(15))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
