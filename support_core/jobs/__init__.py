"""Background jobs: declared with ``@job``, enqueued in a transaction, run by Dramatiq.

``config.include("support_core.jobs")`` lets ``config.scan`` collect them.
"""

from __future__ import annotations

from .broker import EmbeddedBroker
from .declaration import GiveUp, Job, JobContext, RetryLater, job
from .engine import JobEngine
from .inspection import JobRecord, counts, list_jobs, oldest_due, purge, retry_dead
from .outbox import cancel, enqueue, keyed_id
from .schedules import Schedule, Scheduler
from .wiring import DeclaredJobs, add_support_job, includeme
from .workers import Workers

__all__ = [
    "DeclaredJobs",
    "EmbeddedBroker",
    "GiveUp",
    "Job",
    "JobContext",
    "JobEngine",
    "JobRecord",
    "RetryLater",
    "Schedule",
    "Scheduler",
    "Workers",
    "add_support_job",
    "cancel",
    "counts",
    "enqueue",
    "includeme",
    "job",
    "keyed_id",
    "list_jobs",
    "oldest_due",
    "purge",
    "retry_dead",
]
