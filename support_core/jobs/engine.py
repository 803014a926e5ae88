"""The jobs of one application: its broker, workers and schedules behind one object."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from dramatiq import actor
from dramatiq.middleware import CurrentMessage, Retries, ShutdownNotifications, TimeLimit
from prometheus_client import CollectorRegistry

from ..settings import ConfigurationError
from .broker import EmbeddedBroker, JobBroker
from .declaration import JobContext
from .drain import drain
from .observer import Observer
from .outbox import enqueue, enqueue_many
from .relayed import RelayedBroker
from .schedules import Schedule, Scheduler
from .tallies import oldest_due
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from dramatiq import Message
    from sqlalchemy.orm import Session

    from ..application import Application
    from ..db import WorkspaceSession
    from ..runner_host import RunnerHost
    from .declaration import Job
    from .outbox import JobCall

#: A due job that has not begun for so long means that no worker is there, or not enough.
LATE = timedelta(minutes=5)

#: Seconds that long-running units get to end.
RUNNERS_SECONDS = 10.0


class JobEngine:
    """Enqueues and runs the jobs that were declared to one application."""

    def __init__(self, application: Application, broker: JobBroker, scheduler: Scheduler) -> None:
        self.application = application
        self.broker = broker
        self.scheduler = scheduler
        self.declared: dict[str, Job] = {}
        self.runners: RunnerHost | None = None
        self._workers: Workers | None = None
        self._booted = False

    @classmethod
    def build(
        cls,
        application: Application,
        jobs: Iterable[Job],
        *,
        schedules: Iterable[Schedule] = (),
        metrics_registry: CollectorRegistry | None = None,
    ) -> JobEngine:
        """Declare the jobs on a broker of their own; start nothing.

        Raises :class:`~support_core.settings.ConfigurationError` for two jobs or schedules of one
        name, for a schedule whose job is not among ``jobs``, and for a broker whose client is not
        installed.
        """
        broker = _broker(application, metrics_registry or CollectorRegistry())
        known: dict[str, Job] = {}
        for job in jobs:
            _declare(application, broker, job)
            known[job.name] = job
        declared = tuple(schedules)
        for schedule in declared:
            if schedule.job.name not in broker.actors:
                raise ConfigurationError(
                    f"The schedule {schedule.name} names the job {schedule.job.name}, which was "
                    "not registered; scan its module with config.scan()."
                )
        scheduler = Scheduler(application.database, declared, clock=application.clock)
        engine = cls(application, broker, scheduler)
        engine.declared = known
        return engine

    def enqueue(  # noqa: PLR0913 - options, by keyword
        self,
        session: WorkspaceSession,
        job: Job,
        *args: int | str,
        workspace_id: int | None,
        delay: float | None = None,
        due_at: datetime | None = None,
        key: str | None = None,
        move: bool = False,
    ) -> str:
        """Write a job into the session's transaction; see :func:`support_core.jobs.enqueue`.

        Raises :class:`LookupError` for a job that this application does not know.
        """
        self._require(job)
        return enqueue(
            session,
            job,
            *args,
            workspace_id=workspace_id,
            delay=delay,
            due_at=due_at,
            key=key,
            move=move,
            clock=self.application.clock,
        )

    def enqueue_many(
        self,
        session: Session,
        job: Job,
        calls: Iterable[JobCall],
        *,
        workspace_id: int | None,
        move: bool = False,
    ) -> None:
        """Write many jobs of one kind; see :func:`support_core.jobs.outbox.enqueue_many`."""
        self._require(job)
        enqueue_many(
            session,
            job,
            calls,
            workspace_id=workspace_id,
            move=move,
            clock=self.application.clock,
        )

    def _require(self, job: Job) -> None:
        if job.name not in self.broker.actors:
            raise LookupError(f"{job.name} is not registered; scan its module with config.scan()")

    def open(self) -> None:
        """Begin to pass on what this process commits; to be called before it serves or works.

        Raises :class:`~support_core.settings.ConfigurationError` where the broker does not answer.
        """
        self.broker.check()
        self.broker.open()

    def start_workers(self, threads: int, *, queues: Iterable[str] | None = None) -> None:
        """Start worker threads, the scheduler and, unless for some ``queues`` only, the runners.

        With 0 threads none of them. Starts no second set.
        """
        if threads < 1 or self._workers is not None:
            return
        if not self._booted:
            # Starts the thread of Dramatiq's time limits, which cannot be ended or started again.
            self.broker.emit_after("process_boot")
            self._booted = True
        self._workers = Workers(self.broker, threads, queues=queues)
        self._workers.start()
        self.scheduler.start()
        if self.runners is not None and queues is None:
            self.runners.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Stop scheduler and workers; running jobs end or are handed back within ``timeout``."""
        self.scheduler.stop()
        if self.runners is not None:
            self.runners.stop(min(timeout, RUNNERS_SECONDS))
        workers, self._workers = self._workers, None
        if workers is not None:
            workers.stop(timeout)

    def close(self) -> None:
        """Stop, and pass on nothing more; the object is of no use afterwards."""
        self.stop()
        self.broker.close()

    def problem(self) -> str | None:
        """Say what is wrong with the jobs, or None: due ones that nobody has begun for long."""
        with self.application.database.transaction(write=False) as session:
            due = oldest_due(session)
        now = self.application.clock()
        late = sorted(queue for queue, since in due.items() if now - since > LATE)
        if not late:
            return None
        minutes = int(LATE.total_seconds() // 60)
        return (
            f"Jobs have been waiting for more than {minutes} minutes in: {', '.join(late)}. "
            "Are workers running?"
        )

    def drain(self, timeout: float = 60.0) -> int:
        """Run what is due in the calling thread; see :func:`support_core.jobs.drain.drain`."""
        return drain(self.broker, timeout=timeout)


def _broker(application: Application, registry: CollectorRegistry) -> JobBroker:
    options: dict[str, Any] = {
        "clock": application.clock,
        "lease": float(application.settings["support.jobs.lease"]),
        "middleware": [
            # First, so that it hears last how a job ended; see Observer.
            Observer(registry),
            CurrentMessage(),
            TimeLimit(),
            ShutdownNotifications(),
            Retries(),
        ],
    }
    url = application.settings["support.broker"]
    if url == "embedded":
        return EmbeddedBroker(application.database, **options)
    window = application.settings["support.jobs.window"]
    broker = RelayedBroker(application.database, url=url, window=window, **options)
    broker.observe(registry)
    return broker


def _declare(application: Application, broker: JobBroker, job: Job) -> None:
    if job.name in broker.actors:
        raise ConfigurationError(f"Two jobs are named {job.name}; rename one of them.")
    try:
        actor(
            broker=broker,
            actor_name=job.name,
            queue_name=job.queue,
            priority=job.priority,
            **job.options,
        )(_in_context(application, job))
    except ValueError as error:
        raise ConfigurationError(f"The job {job.name} cannot be declared: {error}.") from error


def _in_context(application: Application, job: Job) -> Callable[..., None]:
    """Return the job's function as Dramatiq calls it, with the context in front."""

    def run(*args: int | str) -> None:
        message = cast("Message[Any]", CurrentMessage.get_current_message())
        context = JobContext(
            application=application,
            workspace_id=message.options.get("workspace_id"),
            message_id=message.message_id,
            attempt=getattr(message, "attempt", 1),
        )
        job(context, *args)

    return run
