"""The thread that tells a broker which jobs are ready, and knows whether the broker is there."""

from __future__ import annotations

import time
from threading import Condition, Lock, Thread
from typing import TYPE_CHECKING

import structlog
from dramatiq import Message
from dramatiq.errors import DecodeError

from .outage import DATABASE_TROUBLE, Outage
from .transport import TransportDown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .claims import Claim
    from .handover import Handover
    from .transport import Transport

log = structlog.get_logger(__name__)

#: Seconds between two looks for jobs that other processes left, and at the broker.
LOOK_EVERY = 1.0

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0


class Relay:
    """Hands queued jobs to a transport, never more than the window allows.

    Every process that enqueues has one, so that a commit reaches the broker at once; what a
    process left behind when it died, the others' find. Without :meth:`open` nothing happens by
    itself; :meth:`pump` does the same in the calling thread.
    """

    def __init__(
        self,
        handover: Handover,
        transport: Transport,
        *,
        queues: Callable[[], Iterable[str]],
        published: Callable[[set[str]], None],
    ) -> None:
        """Take what to call, with the queues, once this process has published something."""
        self._published = published
        self._handover = handover
        self._transport = transport
        self._queues = queues
        self._incarnation = ""
        self._turn = Lock()
        self._changed = Condition()
        self._rung: set[str] = set()
        self._thread: Thread | None = None
        self._stopping = False
        self.problem: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the thread runs, so that :attr:`problem` is kept up to date."""
        return self._thread is not None

    def wake(self, queues: Iterable[str]) -> None:
        """Hand over what is ready in these queues soon; callable from any thread."""
        with self._changed:
            if self._thread is not None:
                self._rung.update(queues)
                self._changed.notify()

    def open(self) -> None:
        """Start the thread, unless it runs."""
        with self._changed:
            if self._thread is None:
                self._stopping = False
                self._thread = Thread(target=self._run, name="support-jobs-relay", daemon=True)
                self._thread.start()

    def close(self, timeout: float = 10.0) -> None:
        """Hand over what was asked for, and end the thread."""
        with self._changed:
            thread = self._thread
            self._stopping = True
            self._changed.notify()
        if thread is not None:
            thread.join(timeout)
        with self._changed:
            self._thread = None

    def pump(self) -> None:
        """Hand over all that is ready and has room. Raises :class:`TransportDown`."""
        with self._turn:
            incarnation = self._transport.incarnation()
            if incarnation != self._incarnation:
                # What was handed to it before, it may have lost.
                self._handover.expire()
                self._incarnation = incarnation
            ready, overdue = self._handover.look(self._queues())
            for queue in sorted(overdue):
                self._hand_again(queue)
            for queue in sorted(ready):
                self._hand(queue)

    def _hand(self, queue: str) -> None:
        while claims := self._handover.hand(queue):
            self._publish(claims)

    def _hand_again(self, queue: str) -> None:
        """Tell the broker once more, unless it still has plenty to give to absent workers."""
        room = 2 * self._handover.window - self._transport.depth(queue)
        if room > 0 and (claims := self._handover.hand_again(queue, count=room)):
            self._publish(claims)

    def _publish(self, claims: Sequence[Claim]) -> None:
        try:
            self._transport.publish([_message(claim) for claim in claims])
        except BaseException:
            self._handover.take_back(claims)
            raise
        self._published({claim.queue for claim in claims})

    def _run(self) -> None:
        outage = Outage("relay")
        pause = next_look = 0.0
        while (queues := self._wait(next_look, patient=bool(pause))) is not None:
            try:
                if pause or time.monotonic() >= next_look:
                    self.pump()
                    next_look = time.monotonic() + LOOK_EVERY
                else:
                    with self._turn:
                        for queue in sorted(queues):
                            self._hand(queue)
                pause = 0.0
                self._up()
                outage.over()
                continue
            except TransportDown as error:
                pause = min(LONGEST_PAUSE, pause * 2 or FIRST_PAUSE)
                self._down(error)
            except DATABASE_TROUBLE as error:
                pause = outage.pause(error)
            except Exception:
                log.exception("jobs_relay_failed")
                pause = LOOK_EVERY
            next_look = time.monotonic() + pause
        self._transport.leave()

    def _wait(self, until: float, *, patient: bool) -> set[str] | None:
        """Wait for a ring, unless ``patient``, or for the time; None means to end."""
        with self._changed:
            while True:
                pause = until - time.monotonic()
                if self._stopping and (patient or not self._rung):
                    return None
                if pause <= 0 or (self._rung and not patient):
                    rung, self._rung = self._rung, set()
                    return rung
                self._changed.wait(pause)

    def _down(self, error: TransportDown) -> None:
        if self.problem is None:
            log.error("broker_lost", broker=self._transport.name, error=str(error))
        self.problem = str(error)

    def _up(self) -> None:
        if self.problem is not None:
            log.info("broker_back", broker=self._transport.name)
        self.problem = None


def _message(claim: Claim) -> Message[None]:
    try:
        return Message.decode(claim.message)
    except DecodeError:
        # Whoever claims it says what is wrong with it.
        return Message(
            queue_name=claim.queue,
            actor_name="unreadable",
            args=(),
            kwargs={},
            options={},
            message_id=claim.message_id,
        )
