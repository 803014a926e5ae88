"""One queue's consumer with a server in between: claims the rows that messages stand for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import structlog

from .consumer import JobConsumer
from .outage import DATABASE_TROUBLE
from .transport import TransportDown

if TYPE_CHECKING:
    from dramatiq.broker import MessageProxy

    from .relayed import RelayedBroker
    from .transport import Inbox

log = structlog.get_logger(__name__)

#: Seconds without room for another job after which waiting messages are left to other workers.
HOARD = 1.0

#: Seconds between two attempts to reach a server that is away, and to claim a row that is locked.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
LOCKED_PAUSE = 0.02


class RelayedConsumer(JobConsumer):
    """Receives messages, claims their rows, and has the server forget them at once.

    From then on the row's lease protects the job. A message that finds no handed row is one too
    many. Losing the server is said by the relay; here it only means to try again.
    """

    def __init__(self, broker: RelayedBroker, **options: Any) -> None:
        super().__init__(broker, **options)
        self._transport = broker.transport
        self._handover = broker.handover
        self._relay = broker.relay
        self._inbox: Inbox | None = None
        self._unclaimed: list[MessageProxy] = []
        self._next_try = 0.0
        self._pause = 0.0
        self._full_since: float | None = None

    def wake(self) -> None:
        """See :meth:`JobConsumer.wake`."""
        inbox = self._inbox
        if inbox is not None:
            inbox.nudge()

    def close(self) -> None:
        """Hand back what was not given out, claimed or not."""
        super().close()
        self._leave()

    def _refill(self) -> None:
        room = self._wait_for_room()
        if not room:
            return
        try:
            if not self._unclaimed:
                self._unclaimed = self._receive(room)
            if self._unclaimed:
                self._claim()
            self._pause = 0.0
            self._outage.over()
        except TransportDown as error:
            log.debug("broker_does_not_answer", queue=self.queue, error=str(error))
            self._leave()
            self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
            self._next_try = time.monotonic() + self._pause
        except DATABASE_TROUBLE as error:
            self._next_try = time.monotonic() + self._outage.pause(error)

    def _wait_for_room(self) -> int:
        """Wait until there is room and a reason to try; return how many jobs there is room for."""
        deadline = time.monotonic() + self._timeout
        with self._changed:
            while True:
                now = time.monotonic()
                room = self._pace.most - self._out
                if room > 0 and now >= self._next_try:
                    self._full_since = None
                    return room
                if room <= 0:
                    self._full_since = self._full_since or now
                if now >= deadline:
                    break
                self._changed.wait(
                    min(deadline, self._next_try) - now if room > 0 else deadline - now
                )
        if self._full_since is not None and now - self._full_since > HOARD:
            self._leave()
        return 0

    def _receive(self, room: int) -> list[MessageProxy]:
        if self._inbox is None:
            self._inbox = self._transport.inbox(self.queue, timeout=self._timeout)
        return list(self._inbox.receive(room, timeout=self._timeout))

    def _claim(self) -> None:
        claims, locked = self._handover.claim(
            [message.message_id for message in self._unclaimed], owner=self._owner
        )
        self._clerk.hold(claims)
        order = {message.message_id: place for place, message in enumerate(self._unclaimed)}
        self._accept(sorted(claims, key=lambda claim: order[claim.message_id]))
        settled = [message for message in self._unclaimed if message.message_id not in locked]
        self._unclaimed = [message for message in self._unclaimed if message.message_id in locked]
        if locked:
            self._next_try = time.monotonic() + LOCKED_PAUSE
        if claims:
            self._relay.wake((self.queue,))
        if settled and self._inbox is not None:
            self._inbox.acknowledge(settled)

    def _leave(self) -> None:
        """Give back what is unclaimed; the server brings it to somebody else, or here again."""
        inbox, self._inbox, self._unclaimed = self._inbox, None, []
        if inbox is not None:
            inbox.close()
