"""One queue's consumer: claims ahead of the workers, but never far."""

from __future__ import annotations

import time
from collections import deque
from threading import Condition
from typing import TYPE_CHECKING, Any, cast

import structlog
from dramatiq import Consumer

from .messages import open_claim
from .outage import DATABASE_TROUBLE, Outage
from .owner import new_owner
from .settlements import Settlement

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dramatiq.broker import MessageProxy

    from .broker import EmbeddedBroker, JobBroker
    from .claims import Claim
    from .messages import JobMessage

log = structlog.get_logger(__name__)

#: Seconds between two looks into the queue when nobody rings.
POLL_EVERY = 1.0

#: Seconds of work that may be claimed ahead, by the pace of the last jobs, and jobs at most.
AHEAD = 0.2
MOST_AHEAD = 64


class Pace:
    """How many jobs to hold: a worker's worth of slow ones, a good batch of fast ones.

    Jobs held here are not available to other processes, nor can another workspace's overtake them.
    """

    def __init__(self, least: int) -> None:
        self._least = least
        self._interval = 1.0
        self._last = time.monotonic()

    def settled(self) -> None:
        """Note that a job was settled."""
        now = time.monotonic()
        self._interval += 0.1 * (min(now - self._last, 1.0) - self._interval)
        self._last = now

    @property
    def most(self) -> int:
        """The number of jobs to hold at most."""
        return max(self._least, min(MOST_AHEAD, int(AHEAD / max(self._interval, 1e-6))))


class JobConsumer(Consumer):
    """Iterates over one queue's claimed jobs; yields None when there was none for a while."""

    def __init__(
        self,
        broker: JobBroker,
        *,
        queue: str,
        prefetch: int,
        timeout: float,
    ) -> None:
        self.queue = queue
        self._broker = broker
        self._clerk = broker.clerk
        self._timeout = timeout
        self._owner = new_owner()
        self._pace = Pace(prefetch)
        self._outage = Outage(f"consumer of {queue}")
        self._changed = Condition()
        self._ready: deque[JobMessage] = deque()
        self._out = 0

    def wake(self) -> None:
        """Look for jobs now; callable from any thread."""
        raise NotImplementedError

    def _refill(self) -> None:
        """Claim jobs and :meth:`_accept` them; wait ``timeout`` seconds for some at most."""
        raise NotImplementedError

    def __next__(self) -> MessageProxy | None:
        if not self._ready:
            self._refill()
        with self._changed:
            if not self._ready:
                return None
            self._out += 1
            return self._ready.popleft()

    def ack(self, message: MessageProxy) -> None:
        """Have it written that the job is over, or when it is to run again."""
        message = cast("JobMessage", message)
        with self._changed:
            self._out -= 1
            self._pace.settled()
            self._changed.notify()
        settlement = message.settlement(self._broker.clock)
        if settlement is None:
            self._clerk.forget(message.claim)
        else:
            self._clerk.settle(settlement)

    #: A rejected message knows by itself that it failed.
    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Hand back jobs that were not begun."""
        for message in messages:
            claim = cast("JobMessage", message).claim
            self._clerk.settle(Settlement(claim, "released"))

    def close(self) -> None:
        """Hand back what was not even given out."""
        with self._changed:
            left, self._ready = list(self._ready), deque()
        self.requeue(left)
        self._broker.forget(self)

    def _accept(self, claims: list[Claim]) -> None:
        for claim in claims:
            opened = open_claim(claim)
            if isinstance(opened, Settlement):
                log.error("job_unusable", message_id=claim.message_id, error=opened.last_error)
                self._clerk.settle(opened)
            else:
                self._ready.append(opened)


class EmbeddedConsumer(JobConsumer):
    """Claims queued jobs out of the table."""

    def __init__(self, broker: EmbeddedBroker, **options: Any) -> None:
        super().__init__(broker, **options)
        self._claims = broker.claims
        self._lane = -1
        self._rung = True
        self._next_poll = 0.0

    def wake(self) -> None:
        """See :meth:`JobConsumer.wake`."""
        with self._changed:
            self._rung = True
            self._changed.notify()

    def _refill(self) -> None:
        room = self._wait()
        if not room:
            return
        try:
            claims = self._take(room)
        except DATABASE_TROUBLE as error:
            self._next_poll = time.monotonic() + self._outage.pause(error)
            return
        self._outage.over()
        # Whoever found work looks again at once, whoever found none waits to be rung.
        self._next_poll = 0.0 if claims else time.monotonic() + POLL_EVERY
        if claims:
            self._lane = claims[-1].lane
        self._accept(claims)

    def _wait(self) -> int:
        """Wait for a reason to look into the queue; return how many jobs there is room for."""
        deadline = time.monotonic() + self._timeout
        with self._changed:
            while True:
                now = time.monotonic()
                room = self._pace.most - self._out
                if room > 0 and (self._rung or now >= self._next_poll):
                    self._rung = False
                    return room
                wake_at = deadline if room <= 0 else min(deadline, self._next_poll)
                if now >= deadline:
                    return 0
                self._changed.wait(max(0.0, wake_at - now))

    def _take(self, room: int) -> list[Claim]:
        if not self._claims.waiting(self.queue):
            return []
        claims = self._claims.take(self.queue, owner=self._owner, count=room, after=self._lane)
        self._clerk.hold(claims)
        return claims
