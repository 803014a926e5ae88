"""The broker of a desk that has a RabbitMQ or a Redis: the table keeps, the server carries."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from prometheus_client import Gauge

from ..settings import ConfigurationError
from .broker import JobBroker
from .handover import Handover
from .relay import Relay
from .relayed_consumer import RelayedConsumer
from .transport import TransportDown, connect, shown

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

#: Seconds for which an answer of the server is believed, in processes without a relay.
BELIEVED = 2.0


class RelayedBroker(JobBroker):
    """Gives workers on any machine the jobs of one table, by a server that may lose everything.

    ``window`` is how many jobs of a queue the server is told of at a time.
    """

    travels = True

    def __init__(self, *args: Any, url: str, window: int, **options: Any) -> None:
        super().__init__(*args, **options, keeps_handed=True)
        self.server = shown(url)
        self.transport = connect(url)
        self.handover = Handover(
            self.database,
            clock=self.clock,
            lease=timedelta(seconds=options["lease"]),
            window=window,
            turn=self.claims.turn,
        )
        self.relay = Relay(
            self.handover,
            self.transport,
            queues=self.get_declared_queues,
            published=self.wake_consumers,
        )
        self._asked = Lock()
        self._answer: tuple[float, str | None] = (0.0, None)

    def _new_consumer(self, queue: str, prefetch: int, timeout: float) -> RelayedConsumer:
        return RelayedConsumer(self, queue=queue, prefetch=prefetch, timeout=timeout)

    def wake_for(self, queues: set[str]) -> None:
        """Have the relay hand over what is ready."""
        self.relay.wake(queues)

    def check(self) -> None:
        """See :meth:`JobBroker.check`."""
        try:
            self.transport.check()
        except TransportDown as error:
            raise ConfigurationError(
                f"support.broker: {self.server} does not answer ({error}); start it, or correct "
                "support.broker."
            ) from None

    def problem(self) -> str | None:
        """See :meth:`JobBroker.problem`."""
        problem = self.relay.problem if self.relay.is_open else self._ask()
        if problem is None:
            return None
        # Why it does not, the log says: this is told to whoever asks.
        return f"{self.transport.name} does not answer. Jobs wait until it is back."

    def open(self) -> None:
        """Start the relay."""
        self.relay.open()

    def hand_over(self) -> None:
        """See :meth:`JobBroker.hand_over`; raises :class:`TransportDown`."""
        self.relay.pump()

    def waiting(self) -> set[str]:
        """See :meth:`JobBroker.waiting`."""
        return self.handover.waiting() & set(self.get_declared_queues())

    def travelling(self) -> bool:
        """See :meth:`JobBroker.travelling`."""
        return bool(self.waiting())

    def close(self) -> None:
        """End the relay and close every connection."""
        super().close()
        self.relay.close()
        self.transport.close()

    def observe(self, registry: CollectorRegistry) -> None:
        """Show in the metrics whether the server answers."""
        gauge = Gauge(
            "support_broker_up",
            "Whether the broker of support.broker answers.",
            registry=registry,
        )
        gauge.set_function(lambda: float(self.problem() is None))

    def _ask(self) -> str | None:
        with self._asked:
            asked, problem = self._answer
            if time.monotonic() - asked > BELIEVED:
                try:
                    self.transport.check()
                    problem = None
                except TransportDown as error:
                    problem = str(error)
                self._answer = (time.monotonic(), problem)
            return problem
