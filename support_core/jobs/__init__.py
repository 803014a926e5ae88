"""Background jobs: declared with ``@job``, enqueued in a transaction, run by Dramatiq.

``config.include("support_core.jobs")`` lets ``config.scan`` collect them.
"""

from __future__ import annotations

from .broker import EmbeddedBroker, JobBroker
from .declaration import GiveUp, Job, JobContext, RetryLater, job
from .engine import JobEngine
from .inspection import SHOWN_STATES, JobRecord, find_job, list_jobs
from .outbox import JobCall, cancel, enqueue, keyed_id
from .replay import Choice, count_jobs, remove_jobs, retry_dead
from .schedules import Schedule, Scheduler
from .tallies import counts, oldest_due
from .wiring import DeclaredJobs, add_support_job, includeme
from .workers import Workers

__all__ = [
    "SHOWN_STATES",
    "Choice",
    "DeclaredJobs",
    "EmbeddedBroker",
    "GiveUp",
    "Job",
    "JobBroker",
    "JobCall",
    "JobContext",
    "JobEngine",
    "JobRecord",
    "RetryLater",
    "Schedule",
    "Scheduler",
    "Workers",
    "add_support_job",
    "cancel",
    "count_jobs",
    "counts",
    "enqueue",
    "find_job",
    "includeme",
    "job",
    "keyed_id",
    "list_jobs",
    "oldest_due",
    "remove_jobs",
    "retry_dead",
]
