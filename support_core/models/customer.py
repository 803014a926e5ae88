"""Customers: the people who write to a workspace."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, Timestamped, WorkspaceScoped, tenant_key


class Customer(Identified, Timestamped, WorkspaceScoped, Base):
    """A customer, known by e-mail address, phone number or both."""

    __tablename__ = "customers"
    __table_args__ = (
        tenant_key(),
        Index(
            "uq_customers_email",
            "workspace_id",
            "email_key",
            unique=True,
            postgresql_where=text("deleted_at IS NULL AND email_key IS NOT NULL"),
            sqlite_where=text("deleted_at IS NULL AND email_key IS NOT NULL"),
        ),
        Index("ix_customers_phone", "workspace_id", "phone"),
        Index(
            "ix_customers_list",
            "workspace_id",
            "created_at",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
            sqlite_where=text("deleted_at IS NULL"),
        ),
    )

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE")
    )
    email: Mapped[str | None] = mapped_column(String(255))
    email_key: Mapped[str | None] = mapped_column(String(255))
    display_name: Mapped[str | None] = mapped_column(String(255))
    first_name: Mapped[str | None] = mapped_column(String(255))
    last_name: Mapped[str | None] = mapped_column(String(255))
    phone: Mapped[str | None] = mapped_column(String(63))
    company: Mapped[str | None] = mapped_column(String(255))
    notes: Mapped[str | None] = mapped_column(Text)
    attributes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
