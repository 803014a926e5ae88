"""What keeps the table going: leases renewed, lost jobs recovered, delayed ones queued."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, select, update

from .outbox import TABLE
from .owner import is_gone
from .settlements import later_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from ..db import Database
    from .claims import Claim

#: Rows changed in one transaction, so that it stays short.
BATCH = 500

LOST = "Its worker ended, or gave no sign of life, while it ran."

_delayed = TABLE.c.state == literal_column("'delayed'")
_running = TABLE.c.state == literal_column("'running'")
_handed = TABLE.c.state == literal_column("'handed'")
_ANY_HANDED = select(TABLE.c.id).where(_handed).limit(1)


class Upkeep:
    """Timed work on the jobs of one database; any number of processes may do it at once."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
        keeps_handed: bool = False,
    ) -> None:
        """Take ``keeps_handed`` where a broker is told of jobs; else handed ones are left over."""
        self._keeps_handed = keeps_handed
        self._database = database
        self._clock = clock
        self._lease = lease

    def renew(self, claims: Sequence[Claim]) -> None:
        """Extend the leases of claims that are still held."""
        moment = self._clock()
        until = moment + self._lease
        held = (
            select(TABLE.c.id)
            .where(
                TABLE.c.id.in_([claim.id for claim in claims]),
                TABLE.c.owner.in_({claim.owner for claim in claims}),
                _running,
            )
            .order_by(TABLE.c.id)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(TABLE)
            .where(TABLE.c.id.in_(held))
            .values(lease_until=until)
            .returning(TABLE.c.id, TABLE.c.owner, TABLE.c.attempt)
        )
        with self._database.transaction() as session:
            renewed = {tuple(row) for row in session.connection().execute(statement)}
        for claim in claims:
            if (claim.id, claim.owner, claim.attempt) in renewed:
                claim.lease_until = until

    def recover(self) -> set[str]:
        """Queue running jobs whose lease ran out or whose process is gone; return their queues.

        So are jobs that were handed to a broker which is no longer configured.
        """
        with self._database.transaction(write=False) as session:
            forsaken = not self._keeps_handed and session.connection().execute(_ANY_HANDED).first()
            owners = session.connection().execute(
                select(TABLE.c.owner, func.min(TABLE.c.lease_until))
                .where(_running)
                .group_by("owner")
            )
            now = self._clock()
            gone, late = [], False
            for owner, oldest in owners:
                if is_gone(owner):
                    gone.append(owner)
                late = late or oldest < now
        queues: set[str] = set()
        if forsaken:
            queues = self._queue(
                select(TABLE.c.id)
                .where(_handed)
                .order_by(TABLE.c.id)
                .limit(BATCH)
                .with_for_update(skip_locked=True),
                lease_until=None,
            )
        if not gone and not late:
            return queues
        lost = (
            select(TABLE.c.id)
            .where(_running, (TABLE.c.lease_until < now) | TABLE.c.owner.in_(gone))
            .order_by(TABLE.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        return queues | self._queue(
            lost, last_error=LOST, owner=None, lease_until=None, again_at=later_again(now)
        )

    def promote(self) -> set[str]:
        """Queue delayed jobs that have become due; return their queues."""
        due = TABLE.c.due_at <= self._clock()
        with self._database.transaction(write=False) as session:
            found = session.connection().execute(
                select(TABLE.c.id).where(_delayed, due).order_by(TABLE.c.due_at).limit(1)
            )
            if found.first() is None:
                return set()
        return self._queue(
            select(TABLE.c.id)
            .where(_delayed, due)
            .order_by(TABLE.c.due_at, TABLE.c.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )

    def next_due(self) -> datetime | None:
        """Return when the next delayed job becomes due."""
        with self._database.transaction(write=False) as session:
            first: datetime | None = session.connection().scalar(
                select(TABLE.c.due_at).where(_delayed).order_by(TABLE.c.due_at).limit(1)
            )
        return first

    def _queue(self, ids: object, **values: object) -> set[str]:
        statement = (
            update(TABLE)
            .where(TABLE.c.id.in_(ids))  # type: ignore[arg-type]
            .values(state="queued", updated_at=self._clock(), **values)
            .returning(TABLE.c.queue)
        )
        with self._database.transaction() as session:
            return set(session.connection().execute(statement).scalars())
