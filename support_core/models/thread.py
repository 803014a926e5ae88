"""Threads: what was said in a conversation, and what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, WorkspaceScoped, now, tenant_key, within

THREAD_TYPES = ("customer", "message", "note", "lineitem")


class Thread(Identified, WorkspaceScoped, Base):
    """One entry of a conversation.

    ``body`` is kept as received in ``body_format`` (``text`` or ``html``) and sanitised when it is
    shown; ``body_text`` is its plain text. ``external_id`` is the channel's own id of it, unique
    per conversation, which makes a second delivery of the same message harmless.
    ``meta`` describes a line item: the field, its old and its new value.
    """

    __tablename__ = "threads"
    __table_args__ = (
        tenant_key(),
        within("conversation_id", "conversations"),
        within("user_id", "users"),
        Index("ix_threads_conversation", "workspace_id", "conversation_id", "id"),
        Index(
            "uq_threads_external",
            "workspace_id",
            "conversation_id",
            "external_id",
            unique=True,
        ),
    )

    conversation_id: Mapped[int] = mapped_column(BigInteger)
    type: Mapped[str] = mapped_column(String(15))
    body: Mapped[str] = mapped_column(Text)
    body_format: Mapped[str] = mapped_column(String(7), default="text")
    body_text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    cc: Mapped[list[str] | None] = mapped_column(Json)
    bcc: Mapped[list[str] | None] = mapped_column(Json)
    meta: Mapped[dict[str, Any] | None] = mapped_column(Json)
    external_id: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
