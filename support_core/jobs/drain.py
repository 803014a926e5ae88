"""Running what is due in the calling thread, through the real broker and middleware."""

from __future__ import annotations

import time
from queue import PriorityQueue
from typing import TYPE_CHECKING, Any, cast

from dramatiq.worker import ConsumerThread, WorkerThread

if TYPE_CHECKING:
    from dramatiq import Consumer

    from .broker import JobBroker

#: Jobs claimed from one queue at a time.
BATCH = 16

#: Milliseconds to wait for one that travels.
PATIENCE = 20


def drain(broker: JobBroker, *, timeout: float = 60.0) -> int:
    """Run jobs until none is due, those that they enqueue included; return how many ran.

    Starts no thread: for tests, demos and one-shot commands. Jobs that are delayed, retries with
    back-off among them, stay. Raises :class:`TimeoutError` when jobs are still due after
    ``timeout`` seconds, and :class:`~.transport.TransportDown` where their broker is away.
    """
    deadline = time.monotonic() + timeout
    work: PriorityQueue[Any] = PriorityQueue()
    # Dramatiq's own threads, never started: their methods are what handles a message.
    consumers = {
        queue: ConsumerThread(
            broker=broker, queue_name=queue, prefetch=BATCH, work_queue=work, worker_timeout=0
        )
        for queue in sorted(broker.get_declared_queues())
    }
    worker = WorkerThread(broker=broker, consumers=consumers, work_queue=work, worker_timeout=0)
    for queue, thread in consumers.items():
        thread.consumer = broker.consume(
            queue, prefetch=BATCH, timeout=PATIENCE if broker.travels else 0
        )
    ran = 0
    try:
        while True:
            broker.hand_over()
            _claim(consumers, broker.waiting())
            began = work.qsize()
            if broker.travelling():
                _require_time(deadline, timeout)
            while not work.empty():
                _require_time(deadline, timeout)
                worker.process_message(work.get_nowait().message)
                ran += 1
            broker.clerk.flush()
            if not began and not broker.clerk.look() and not broker.travelling():
                return ran
    finally:
        while not work.empty():
            message = work.get_nowait().message
            consumers[message.queue_name].requeue_messages([message])
        for thread in consumers.values():
            thread.close()
        broker.clerk.flush()


def _require_time(deadline: float, timeout: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"jobs were still due after {timeout} seconds")


def _claim(consumers: dict[str, ConsumerThread], queues: set[str]) -> None:
    for queue in sorted(queues):
        thread = consumers[queue]
        consumer = cast("Consumer", thread.consumer)
        while (message := next(consumer)) is not None:
            thread.handle_message(message)
