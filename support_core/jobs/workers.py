"""Dramatiq's worker threads on the application's broker, inside whatever process wants them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dramatiq import Worker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .broker import JobBroker

#: Milliseconds between an idle worker thread's looks at whether it is to stop.
WORKER_TIMEOUT = 250


class Workers:
    """``threads`` worker threads on all queues, or on ``queues`` only. Starts and stops once."""

    def __init__(
        self, broker: JobBroker, threads: int, *, queues: Iterable[str] | None = None
    ) -> None:
        self._broker = broker
        self._worker = Worker(
            broker,
            queues=set(queues) if queues is not None else None,
            worker_threads=threads,
            worker_timeout=WORKER_TIMEOUT,
        )
        self._worker.queue_prefetch = threads
        self._middleware = list(broker.middleware)

    def start(self) -> None:
        """Start the threads."""
        self._broker.open()
        self._broker.clerk.start()
        self._worker.start()

    def stop(self, timeout: float = 30.0) -> None:
        """Let running jobs end and hand back the waiting ones, within about ``timeout`` seconds.

        A job that still runs then is handed back too: it will run again, here or elsewhere, and
        what its thread still does is no longer acknowledged.
        """
        deadline = time.monotonic() + timeout
        self._worker.stop(timeout=int(timeout * 1000))
        self._broker.clerk.stop(max(1.0, deadline - time.monotonic()))
        # The worker leaves a middleware behind that would start consumers of a stopped worker.
        self._broker.middleware[:] = self._middleware
