"""Background jobs as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..jobs import SHOWN_STATES
from .shapes import ANY_OBJECT, COUNT, FLAG, ID, MOMENT, TEXT, component, many, maybe, obj

if TYPE_CHECKING:
    from datetime import datetime

    from ..desk import Desk
    from ..jobs import JobRecord
    from ..services.jobs import Standing

STATE = {"type": "string", "enum": list(SHOWN_STATES)}
JOB = component(
    "Job",
    obj(
        id=ID,
        name=TEXT,
        queue=TEXT,
        state=STATE,
        priority={"type": "integer"},
        args=ANY_OBJECT,
        keyed=FLAG,
        attempts=COUNT,
        max_attempts=maybe(ID),
        last_error=maybe(TEXT),
        age_seconds=COUNT,
        due_at=MOMENT,
        created_at=MOMENT,
        updated_at=MOMENT,
    ),
)
QUEUE = component(
    "JobQueue",
    obj(
        queue=TEXT,
        **dict.fromkeys(SHOWN_STATES, COUNT),
        oldest_seconds=maybe(COUNT),
    ),
)
SUMMARY = obj(queues=many(QUEUE), most=COUNT)


def present_job(desk: Desk, job: JobRecord) -> dict[str, Any]:
    """Return a job with its arguments, which are ids and short names."""
    declared = desk.application.jobs.declared
    known = declared.get(job.name)
    return {
        "id": job.id,
        "name": job.name,
        "queue": job.queue,
        "state": job.state,
        "priority": job.priority,
        "args": job.arguments(declared),
        "keyed": job.keyed,
        "attempts": job.attempt,
        "max_attempts": known.max_attempts if known is not None else None,
        "last_error": job.last_error,
        "age_seconds": job.age(desk.clock()),
        "due_at": job.due_at,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
    }


def present_summary(standing: Standing, *, now: datetime) -> dict[str, Any]:
    """Return what each queue holds, by name."""
    oldest = standing.oldest
    queues = [
        {
            "queue": queue,
            **{state: states.get(state, 0) for state in SHOWN_STATES},
            "oldest_seconds": max(0, int((now - oldest[queue]).total_seconds()))
            if queue in oldest
            else None,
        }
        for queue, states in sorted(standing.counts.items())
    ]
    return {"queues": queues, "most": standing.most}
