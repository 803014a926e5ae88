"""How far the followers of the event log have come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base, WorkspaceScoped, now


class FollowerPosition(WorkspaceScoped, Base):
    """That a follower follows a workspace, and the last event it has dealt with.

    ``missed`` counts events that the log had dropped before the follower came to them.
    """

    __tablename__ = "followers"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    last_event_id: Mapped[int] = mapped_column(BigInteger)
    missed: Mapped[int] = mapped_column(BigInteger, default=0)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
