"""The outbox of background jobs, which is also the embedded broker's queue; and schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import UTCDateTime
from .base import Base, Identified, now

#: ``delayed`` waits for its time, ``queued`` for a worker; ``dead`` failed for good. Beside them
#: there is ``handed``: queued, and a broker was told; people are shown ``queued``.
JOB_STATES = ("delayed", "queued", "running", "dead")


def _of_state(state: str) -> dict[str, Any]:
    """Make an index hold the rows of one state only; a change of state touches little else."""
    condition = text(f"state = '{state}'")
    return {"sqlite_where": condition, "postgresql_where": condition}


#: Jobs that no worker is near; the others pay nothing for an index of these.
RESTING = text("state = 'delayed' OR state = 'dead'")


class Job(Identified, Base):
    """A job that waits, runs or died; a finished one is deleted.

    Not tenant data: the job engine serves every workspace. ``message`` is the encoded Dramatiq
    message, whose arguments are ids only. ``lane`` is whom the claim takes turns between: the
    workspace, 0 for none. ``owner`` and ``attempt`` fence acknowledgements; ``lease_until`` is
    when a silent owner loses the job, and when a handed one is handed anew. ``again_at`` is set
    when a job with a key was asked for while it ran: it is queued anew instead of being deleted.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_claim", "queue", "priority", "lane", "due_at", "id", **_of_state("queued")),
        Index("ix_jobs_delayed", "due_at", "id", **_of_state("delayed")),
        Index("ix_jobs_handed", "queue", "lease_until", "id", **_of_state("handed")),
        Index("ix_jobs_lease", "lease_until", "id", **_of_state("running")),
        Index("ix_jobs_dead", "id", **_of_state("dead")),
        Index("ix_jobs_workspace", "workspace_id", "id"),
        Index(
            "ix_jobs_resting",
            *("workspace_id", "state", "id", "queue"),
            sqlite_where=RESTING,
            postgresql_where=RESTING,
        ),
    )

    message_id: Mapped[str] = mapped_column(String(63), unique=True)
    workspace_id: Mapped[int | None] = mapped_column(BigInteger)
    lane: Mapped[int] = mapped_column(BigInteger, default=0)
    queue: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(127))
    message: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(15), default="queued")
    priority: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    attempt: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None] = mapped_column(String(63))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    again_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now, onupdate=now)


class ScheduleState(Base):
    """When a declared schedule fires next; the row's update decides which process fires it.

    ``timing`` is the period or expression that ``next_at`` was reckoned by.
    """

    __tablename__ = "schedules"

    name: Mapped[str] = mapped_column(String(127), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    timing: Mapped[str | None] = mapped_column(String(255))
