"""Metrics that are read from the database when somebody scrapes: the state of the job queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from .jobs import counts, oldest_due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric
    from pyramid.config import Configurator

    from .application import Application

log = structlog.get_logger(__name__)


class JobQueues(Collector):
    """Jobs by queue and state, and how long each queue's oldest due job has waited, in seconds.

    A database that does not answer leaves them out of the scrape, beside a log line; the process's
    own metrics are shown all the same.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering does not read the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read the queues."""
        jobs = GaugeMetricFamily(
            "support_jobs_waiting", "Jobs by queue and state.", labels=("queue", "state")
        )
        oldest = GaugeMetricFamily(
            "support_jobs_oldest_seconds",
            "How long the oldest due job of a queue has waited.",
            labels=("queue",),
        )
        try:
            with self._application.database.transaction(write=False) as session:
                by_queue, due = counts(session), oldest_due(session)
        except SQLAlchemyError as error:
            log.warning("job_metrics_unavailable", error=type(error).__name__)
            return []
        now = self._application.clock()
        for queue, states in by_queue.items():
            for state, number in states.items():
                jobs.add_metric((queue, state), number)
        for queue, since in due.items():
            oldest.add_metric((queue,), max(0.0, (now - since).total_seconds()))
        return [jobs, oldest]


def includeme(config: Configurator) -> None:
    """Add the queues to the application's metrics."""
    application = config.registry.support
    application.metrics.register(JobQueues(application))
