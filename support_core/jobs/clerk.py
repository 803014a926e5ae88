"""The broker's own thread: writes settlements in batches, keeps leases, wakes delayed jobs."""

from __future__ import annotations

import time
from threading import Condition, Thread
from typing import TYPE_CHECKING

import structlog

from . import settlements
from .outage import DATABASE_TROUBLE, Outage
from .outbox import is_keyed
from .settlements import Settlement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from ..db import Database
    from .claims import Claim, Claims
    from .upkeep import Upkeep

log = structlog.get_logger(__name__)

#: Seconds between two looks for jobs that others delayed or lost.
LOOK_EVERY = 1.0


class Clerk:
    """Knows every claim this process holds, from the claim to the written settlement.

    Without :meth:`start` nothing happens by itself; :meth:`flush` and :meth:`look` do the same in
    the calling thread.
    """

    def __init__(  # noqa: PLR0913 - its collaborators, by keyword
        self,
        database: Database,
        *,
        claims: Claims,
        upkeep: Upkeep,
        clock: Callable[[], datetime],
        lease: float,
        wake: Callable[[set[str]], None],
    ) -> None:
        self._database = database
        self._turn = claims.turn
        self._upkeep = upkeep
        self._clock = clock
        self._renew_every = lease / 4
        self._wake = wake
        self._changed = Condition()
        self._held: dict[tuple[int, str, int], Claim] = {}
        self._pending: list[Settlement] = []
        self._thread: Thread | None = None
        self._stopping = False
        self._look = True

    def hold(self, claims: Iterable[Claim]) -> None:
        """Keep the leases of these claims until they are settled."""
        with self._changed:
            self._held.update({claim.fence: claim for claim in claims})

    def settle(self, settlement: Settlement) -> None:
        """Have a settlement written soon; of a claim that was given up already, never."""
        with self._changed:
            if settlement.claim.fence not in self._held:
                log.warning("job_was_handed_back", message_id=settlement.claim.message_id)
                return
            self._pending.append(settlement)
            self._changed.notify()

    def forget(self, claim: Claim) -> None:
        """Stop keeping the lease of a claim that was lost."""
        with self._changed:
            self._held.pop(claim.fence, None)

    def hurry(self) -> None:
        """Look for delayed jobs now: one may have become due, or due sooner."""
        with self._changed:
            self._look = True
            self._changed.notify()

    def start(self) -> None:
        """Start the thread."""
        self._stopping = False
        self._thread = Thread(target=self._run, name="support-jobs-clerk", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Hand back what is still held, write everything and end, within ``timeout`` seconds."""
        with self._changed:
            settled = {settlement.claim.fence for settlement in self._pending}
            self._pending += [
                Settlement(claim, "interrupted")
                for fence, claim in self._held.items()
                if fence not in settled
            ]
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        with self._changed:
            if self._pending:
                log.error("jobs_left_to_their_lease", count=len(self._pending))
            self._pending.clear()
            self._held.clear()

    def flush(self) -> None:
        """Write what is pending; what cannot be written stays so, and the error is raised."""
        with self._changed:
            batch, self._pending = self._pending, []
        groups = self._groups(batch)
        delayed = False
        try:
            while groups:
                try:
                    locked = self._write(groups[-1])
                except DATABASE_TROUBLE:
                    raise
                except Exception:  # noqa: BLE001 - logged there, once it is known whose it is
                    self._split(groups)
                    continue
                delayed |= any(one.may_delay for one in groups.pop())
                groups[:0] = [[one] for one in locked]
        finally:
            with self._changed:
                self._pending[:0] = [one for group in groups for one in group]
                self._look = self._look or delayed

    def _groups(self, batch: list[Settlement]) -> list[list[Settlement]]:
        """Return what is written in one transaction each; the last comes first.

        A row with a key may be locked by somebody who enqueues. On SQLite he has ended by then.
        """
        if self._database.dialect == "sqlite":
            return [batch] if batch else []
        keyed = [one for one in batch if is_keyed(one.claim.message_id)]
        plain = [one for one in batch if not is_keyed(one.claim.message_id)]
        return [group for group in (keyed, plain) if group]

    def _split(self, groups: list[list[Settlement]]) -> None:
        """Keep one settlement that cannot be written from stopping the others."""
        group = groups.pop()
        if len(group) > 1:
            groups += [[settlement] for settlement in group]
        else:
            log.exception("job_left_to_its_lease", message_id=group[0].claim.message_id)
            self.forget(group[0].claim)

    def _write(self, batch: list[Settlement]) -> list[Settlement]:
        """Write a group; return those whose rows somebody else has locked, each to go alone."""
        locked: list[Settlement] = []
        with self._turn, self._database.transaction() as session:
            connection = session.connection()
            if len(batch) > 1 and any(is_keyed(one.claim.message_id) for one in batch):
                free = settlements.lock_free(connection, batch)
                locked = [one for one in batch if one.claim.id not in free]
                batch = [one for one in batch if one.claim.id in free]
            found = settlements.write(connection, batch, moment=self._clock())
        with self._changed:
            for settlement in batch:
                self._held.pop(settlement.claim.fence, None)
        if found < len(batch):
            log.warning("jobs_lost_to_others", count=len(batch) - found)
        released = {one.claim.queue for one in batch if one.outcome in ("released", "interrupted")}
        if released:
            self._wake(released)
        return locked

    def look(self) -> bool:
        """Queue delayed jobs that are due, and lost ones; say whether there were any."""
        with self._turn:
            queues = self._upkeep.recover() | self._upkeep.promote()
        self._wake(queues)
        return bool(queues)

    def _pause_after_look(self) -> float:
        if self.look():
            return 0.0
        due = self._upkeep.next_due()
        if due is None:
            return LOOK_EVERY
        return min(max((due - self._clock()).total_seconds(), 0.0), LOOK_EVERY)

    def _run(self) -> None:
        outage = Outage("clerk")
        next_look = next_renewal = 0.0
        while True:
            with self._changed:
                pause = min(next_look, next_renewal) - time.monotonic()
                if pause > 0 and not (self._pending or self._stopping or self._look):
                    self._changed.wait(pause)
                looking = self._look or time.monotonic() >= next_look
                self._look = False
            try:
                self.flush()
                if time.monotonic() >= next_renewal:
                    self._renew()
                    next_renewal = time.monotonic() + self._renew_every
                if looking and not self._stopping:
                    next_look = time.monotonic() + self._pause_after_look()
                outage.over()
            except DATABASE_TROUBLE as error:
                time.sleep(outage.pause(error))
            except Exception:
                # Without this thread every lease would run out.
                log.exception("jobs_clerk_failed")
                time.sleep(LOOK_EVERY)
            with self._changed:
                if self._stopping and not self._pending:
                    return

    def _renew(self) -> None:
        with self._changed:
            held = list(self._held.values())
        if held:
            with self._turn:
                self._upkeep.renew(held)
