"""What single workspaces have beyond their plan."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import Base, Timestamped, WorkspaceScoped


class PlanOverride(Timestamped, WorkspaceScoped, Base):
    """A feature granted or taken (``kind`` feature, ``amount`` 1 or 0), or a limit of its own.

    For ``kind`` limit, an ``amount`` of null is unlimited.
    """

    __tablename__ = "plan_overrides"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(String(15), primary_key=True)
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    amount: Mapped[int | None] = mapped_column(BigInteger)


class PlanLock(WorkspaceScoped, Base):
    """One row per workspace, locked while a reservation counts and creates."""

    __tablename__ = "plan_locks"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
