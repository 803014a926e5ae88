"""The application's Dramatiq broker: the ``jobs`` table of SQLite or PostgreSQL keeps every job."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from dramatiq import Broker, Consumer, Message
from dramatiq.errors import QueueNotFound

from . import bell
from .claims import Claims
from .clerk import Clerk
from .consumer import EmbeddedConsumer
from .messages import JobMessage
from .outbox import insert_message
from .upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from dramatiq.middleware import Middleware

    from ..db import Database
    from .consumer import JobConsumer


class JobBroker(Broker):
    """What every broker of ours has in common: the table, its upkeep, and settlements.

    ``lease`` is in seconds: so long after the last sign of life of its process a claimed job is
    taken from it; at once when that process is known to have ended. Jobs run at least once.
    """

    #: Whether a job needs time between the table and its consumer.
    travels = False
    #: Where jobs travel through, as people may see it.
    server = "embedded"

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        lease: float,
        middleware: Sequence[Middleware],
        keeps_handed: bool = False,
    ) -> None:
        super().__init__(middleware=list(middleware))
        self.database = database
        self.url = database.url
        self.clock = clock
        self.claims = Claims(database, clock=clock, lease=timedelta(seconds=lease))
        self.clerk = Clerk(
            database,
            claims=self.claims,
            upkeep=Upkeep(
                database, clock=clock, lease=timedelta(seconds=lease), keeps_handed=keeps_handed
            ),
            clock=clock,
            lease=lease,
            wake=self.wake_for,
        )
        self._consumers: set[JobConsumer] = set()
        self._lock = Lock()
        bell.listen(self)

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue; nothing is made in the database."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = True
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> Consumer:
        """Return a consumer that holds at least ``prefetch`` jobs; ``timeout`` in milliseconds."""
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]
        consumer = self._new_consumer(queue_name, prefetch, timeout / 1000)
        with self._lock:
            self._consumers.add(consumer)
        return consumer

    def _new_consumer(self, queue: str, prefetch: int, timeout: float) -> JobConsumer:
        raise NotImplementedError

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Retry a claimed job, or write a new one in a transaction of its own.

        A retry is only noted here and written when the message is acknowledged: Dramatiq calls
        this where an error would be swallowed, and the job with it.
        """
        self.emit_before("enqueue", message, delay)
        if isinstance(message, JobMessage):
            message.retry_in = delay or 0
        else:
            moment = self.clock()
            actor = self.get_actor(message.actor_name)
            with self.database.transaction() as session:
                insert_message(
                    session,
                    message,
                    priority=actor.priority,
                    due=moment + timedelta(milliseconds=delay or 0),
                    moment=moment,
                )
        self.emit_after("enqueue", message, delay)
        return message

    def wake(self, queues: set[str]) -> None:
        """See :class:`support_core.jobs.bell.Listener`."""
        self.wake_for(queues)
        self.clerk.hurry()

    def wake_for(self, queues: set[str]) -> None:
        """Have somebody look for jobs that are ready in these queues."""
        self.wake_consumers(queues)

    def wake_consumers(self, queues: Iterable[str]) -> None:
        """Wake this process's consumers of some queues."""
        with self._lock:
            consumers = [consumer for consumer in self._consumers if consumer.queue in queues]
        for consumer in consumers:
            consumer.wake()

    def forget(self, consumer: JobConsumer) -> None:
        """Wake a consumer no more that was closed."""
        with self._lock:
            self._consumers.discard(consumer)

    def check(self) -> None:
        """Raise :class:`~support_core.settings.ConfigurationError` where jobs cannot travel."""

    def problem(self) -> str | None:
        """Say what keeps jobs from travelling, or None."""
        return None

    def open(self) -> None:
        """Begin what this broker does in the background; harmless when it has begun."""

    def hand_over(self) -> None:
        """Do in the calling thread what lies between a queued job and its consumer."""

    def waiting(self) -> set[str]:
        """Return the queues that consumers may find jobs in."""
        return set(self.get_declared_queues())

    def travelling(self) -> bool:
        """Say whether jobs are on their way to consumers."""
        return False

    def close(self) -> None:
        """Stop listening for commits."""
        bell.leave(self)


class EmbeddedBroker(JobBroker):
    """Claims jobs by ``UPDATE … RETURNING``, with a due time, a lease and fenced acknowledgements.

    There is no server: consumers look into the table, and are woken by commits of their process.
    """

    def _new_consumer(self, queue: str, prefetch: int, timeout: float) -> EmbeddedConsumer:
        return EmbeddedConsumer(self, queue=queue, prefetch=prefetch, timeout=timeout)
