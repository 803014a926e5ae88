"""Leases of long-running units: which process runs what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base


class RunnerLease(Base):
    """Who runs a unit of a runner; an owner that does not renew ``lease_until`` has lost it."""

    __tablename__ = "runner_leases"

    name: Mapped[str] = mapped_column(String(127), primary_key=True)
    unit: Mapped[str] = mapped_column(String(127), primary_key=True)
    owner: Mapped[str] = mapped_column(String(63))
    lease_until: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
