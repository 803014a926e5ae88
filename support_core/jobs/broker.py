"""A Dramatiq broker over the ``jobs`` table of SQLite or PostgreSQL: no server of its own."""

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
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dramatiq.middleware import Middleware

    from ..db import Database


class EmbeddedBroker(Broker):
    """Claims jobs by ``UPDATE … RETURNING``, with a due time, a lease and fenced acknowledgements.

    ``lease`` is in seconds: so long after the last sign of life of its process a claimed job is
    taken from it; at once when that process is known to have ended. Jobs run at least once.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        lease: float,
        middleware: Sequence[Middleware],
    ) -> None:
        super().__init__(middleware=list(middleware))
        self.database = database
        self.url = database.url
        self.clock = clock
        self.claims = Claims(database, clock=clock, lease=timedelta(seconds=lease))
        self.clerk = Clerk(
            database,
            claims=self.claims,
            upkeep=Upkeep(database, clock=clock, lease=timedelta(seconds=lease)),
            clock=clock,
            lease=lease,
            wake=self._wake_consumers,
        )
        self._consumers: set[EmbeddedConsumer] = set()
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
        consumer = EmbeddedConsumer(
            self, queue=queue_name, prefetch=prefetch, timeout=timeout / 1000
        )
        with self._lock:
            self._consumers.add(consumer)
        return consumer

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
        self._wake_consumers(queues)
        self.clerk.hurry()

    def close(self) -> None:
        """Stop listening for commits."""
        bell.leave(self)

    def _wake_consumers(self, queues: set[str]) -> None:
        with self._lock:
            consumers = [consumer for consumer in self._consumers if consumer.queue in queues]
        for consumer in consumers:
            consumer.wake()

    def forget(self, consumer: EmbeddedConsumer) -> None:
        """Wake a consumer no more that was closed."""
        with self._lock:
            self._consumers.discard(consumer)
