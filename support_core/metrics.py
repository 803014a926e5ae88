"""Metrics that are read from the database when somebody scrapes: the state of the job queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from .follower_metrics import FollowersBehind
from .jobs import SHOWN_STATES, counts, oldest_due
from .jobs.tallies import MOST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client import Metric
    from pyramid.config import Configurator

    from .application import Application

log = structlog.get_logger(__name__)


class JobQueues(Collector):
    """Jobs by queue and state, and how long each queue's oldest due job has waited, in seconds.

    Every declared queue has its series, at 0 too; what lies in queues that nobody declares is one
    more, ``unknown``. A database that does not answer leaves them out of the scrape, beside a log
    line; the process's own metrics are shown all the same.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand, so that registering does not read the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Read the queues."""
        try:
            with self._application.database.transaction(write=False) as session:
                by_queue, due = counts(session), oldest_due(session)
        except SQLAlchemyError as error:
            log.warning("job_metrics_unavailable", error=type(error).__name__)
            return []
        now = self._application.clock()
        jobs = GaugeMetricFamily(
            "support_jobs_waiting",
            f"Jobs by queue and state; {MOST} means that many or more.",
            labels=("queue", "state"),
        )
        oldest = GaugeMetricFamily(
            "support_jobs_oldest_seconds",
            "How long the oldest due job of a queue has waited.",
            labels=("queue",),
        )
        declared = sorted({job.queue for job in self._application.jobs.declared.values()})
        numbers = {(queue, state): 0 for queue in declared for state in SHOWN_STATES}
        ages = dict.fromkeys(declared, 0.0)
        for queue, states in by_queue.items():
            for state, number in states.items():
                series = (queue if queue in ages else UNKNOWN, state)
                numbers[series] = min(MOST, numbers.get(series, 0) + number)
        for queue, since in due.items():
            name = queue if queue in declared else UNKNOWN
            ages[name] = max(ages.get(name, 0.0), (now - since).total_seconds())
        for series, number in numbers.items():
            jobs.add_metric(series, number)
        for queue, age in ages.items():
            oldest.add_metric((queue,), age)
        return [jobs, oldest]


class LiveEvents(Collector):
    """The bus, and the streams that this process holds open."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand; the streams come with the server."""
        return []

    def collect(self) -> Iterable[Metric]:
        """Look."""
        up = GaugeMetricFamily(
            "support_bus_up", "Whether the bus carries live events; 0 while they are polled for."
        )
        up.add_metric((), 0 if self._application.bus.problem() else 1)
        yield up
        hub = self._application.streams
        if hub is not None:
            streams = GaugeMetricFamily("support_streams_open", "Streams that are open.")
            streams.add_metric((), len(hub))
            yield streams
            sent = CounterMetricFamily(
                "support_stream_deliveries", "Times that events were sent to a live stream."
            )
            sent.add_metric((), hub.sent)
            yield sent


#: What series are called whose queue no code declares any more.
UNKNOWN = "unknown"


def includeme(config: Configurator) -> None:
    """Add the queues to the application's metrics."""
    application = config.registry.support
    application.metrics.register(JobQueues(application))
    application.metrics.register(LiveEvents(application))
    application.metrics.register(FollowersBehind(application))
