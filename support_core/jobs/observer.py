"""The middleware that makes jobs visible: log context, one log line per failure, metrics.

It never touches the database.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import structlog
from dramatiq.errors import Retry
from dramatiq.middleware import Middleware, SkipMessage
from prometheus_client import Counter, Histogram

from .messages import JobMessage

if TYPE_CHECKING:
    from contextvars import Token

    from dramatiq import Broker
    from dramatiq.broker import MessageProxy
    from prometheus_client import CollectorRegistry

log = structlog.get_logger(__name__)

BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0)


class Observer(Middleware):
    """Binds the job to the log's context and counts how jobs end.

    Must stand first among the middleware: it then hears last of a job's end, when it is decided.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ["queue", "job"]
        self._seconds = Histogram(
            "support_job_seconds", "How long jobs ran.", labels, registry=registry, buckets=BUCKETS
        )
        self._started = Counter(
            "support_jobs_started", "Jobs that a worker began.", labels, registry=registry
        )
        self._ended = Counter(
            "support_jobs",
            "Jobs by how they ended: done, retried, dead, interrupted, lost.",
            [*labels, "outcome"],
            registry=registry,
        )
        self._running: dict[str, tuple[float, dict[str, Token[Any]]]] = {}
        _silence_dramatiq()

    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Bind the job's context; skip a job that this process has lost while it waited here."""
        tokens = structlog.contextvars.bind_contextvars(
            job=message.actor_name,
            message_id=message.message_id,
            workspace_id=message.options.get("workspace_id"),
        )
        self._running[message.message_id] = (time.perf_counter(), dict(tokens))
        clock = getattr(broker, "clock", None)
        if isinstance(message, JobMessage) and clock and clock() > message.claim.lease_until:
            message.lost = True
            log.warning("job_lost_before_it_began")
            raise SkipMessage("The lease ran out.")
        self._started.labels(*_labels(broker, message)).inc()

    def after_process_message(
        self,
        broker: Broker,
        message: MessageProxy,
        *,
        result: Any | None = None,  # noqa: ARG002
        exception: BaseException | None = None,
    ) -> None:
        """Count and log how the job ended."""
        outcome = _outcome(message, exception)
        if outcome == "dead":
            log.error("job_died", exc_info=exception)
        elif outcome == "interrupted":
            log.info("job_interrupted")
        elif isinstance(exception, Retry):
            log.info("job_retried", reason=str(exception))
        elif outcome == "retried":
            log.warning("job_failed", exc_info=exception)
        self._end(broker, message, outcome)

    def after_skip_message(self, broker: Broker, message: MessageProxy) -> None:
        """Count a job that was not run."""
        self._end(broker, message, "lost")

    def _end(self, broker: Broker, message: MessageProxy, outcome: str) -> None:
        began, tokens = self._running.pop(message.message_id)
        structlog.contextvars.reset_contextvars(**tokens)
        labels = _labels(broker, message)
        self._ended.labels(*labels, outcome).inc()
        if outcome != "lost":
            self._seconds.labels(*labels).observe(time.perf_counter() - began)


def _labels(broker: Broker, message: MessageProxy) -> tuple[str, str]:
    """Return queue and job; what nobody declares is one series, however much there is of it."""
    actor = broker.actors.get(message.actor_name)
    return (actor.queue_name, actor.actor_name) if actor is not None else ("unknown", "unknown")


def _outcome(message: MessageProxy, exception: BaseException | None) -> str:
    if isinstance(message, JobMessage) and message.interrupted:
        return "interrupted"
    if message.failed:
        return "dead"
    return "done" if exception is None else "retried"


def _ours(record: logging.LogRecord) -> bool:
    """Say whether Dramatiq's worker reports the failure of a job, which we report ourselves."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return bool(
        record.exc_info
        and arguments
        and isinstance(arguments[0], JobMessage)
        and "unhandled exception" in str(record.msg)
    )


def _let_pass(record: logging.LogRecord) -> bool:
    return not _ours(record)


def _silence_dramatiq() -> None:
    """Keep Dramatiq from logging a second time what :class:`Observer` logs with its context."""
    logging.getLogger("dramatiq.worker.WorkerThread").addFilter(_let_pass)
