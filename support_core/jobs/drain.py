"""Running what is due in the calling thread, through the real broker and middleware."""

from __future__ import annotations

import time
from queue import PriorityQueue
from typing import TYPE_CHECKING, Any, cast

from dramatiq.worker import ConsumerThread, WorkerThread

if TYPE_CHECKING:
    from dramatiq import Consumer

    from .broker import EmbeddedBroker

#: Jobs claimed from one queue at a time.
BATCH = 16


def drain(broker: EmbeddedBroker, *, timeout: float = 60.0) -> int:
    """Run jobs until none is due, those that they enqueue included; return how many ran.

    Starts no thread: for tests, demos and one-shot commands. Jobs that are delayed, retries with
    back-off among them, stay. Raises :class:`TimeoutError` when jobs are still due after
    ``timeout`` seconds.
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
        thread.consumer = broker.consume(queue, prefetch=BATCH, timeout=0)
    ran = 0
    try:
        while True:
            _claim(consumers)
            began = work.qsize()
            while not work.empty():
                if time.monotonic() > deadline:
                    raise TimeoutError(f"jobs were still due after {timeout} seconds")
                worker.process_message(work.get_nowait().message)
                ran += 1
            broker.clerk.flush()
            if not began and not broker.clerk.look():
                return ran
    finally:
        while not work.empty():
            message = work.get_nowait().message
            consumers[message.queue_name].requeue_messages([message])
        for thread in consumers.values():
            thread.close()
        broker.clerk.flush()


def _claim(consumers: dict[str, ConsumerThread]) -> None:
    for thread in consumers.values():
        consumer = cast("Consumer", thread.consumer)
        while (message := next(consumer)) is not None:
            thread.handle_message(message)
