"""Mailboxes: the addresses under which a workspace is written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base, Identified, Timestamped, WorkspaceScoped, tenant_key


class Mailbox(Identified, Timestamped, WorkspaceScoped, Base):
    """A mailbox; what a channel needs of it besides lies in the channel's own table."""

    __tablename__ = "mailboxes"
    __table_args__ = (
        tenant_key(),
        Index(
            "uq_mailboxes_email",
            "workspace_id",
            "email_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255))
    email_key: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    signature: Mapped[str | None] = mapped_column(Text)
    auto_reply_enabled: Mapped[bool] = mapped_column(default=False)
    auto_reply_subject: Mapped[str | None] = mapped_column(String(500))
    auto_reply_body: Mapped[str | None] = mapped_column(Text)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
