"""Workspaces: the tenants, and their gapless counters."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, Identified, Timestamped, WorkspaceScoped


class Workspace(Identified, Timestamped, Base):
    """One tenant. ``plan`` is a name that the entitlement plugin understands, or null."""

    __tablename__ = "workspaces"

    name: Mapped[str] = mapped_column(String(255))
    slug: Mapped[str] = mapped_column(String(63), unique=True)
    plan: Mapped[str | None] = mapped_column(String(63))


class Counter(WorkspaceScoped, Base):
    """A number that grows by one per use without gaps: its row lock orders the users of it."""

    __tablename__ = "counters"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(31), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, default=0)
