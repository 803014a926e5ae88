"""Claiming queued jobs: fair between workspaces, by index only, on SQLite and PostgreSQL."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from ..db.types import UTCDateTime

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from ..db import Database

#: Lanes (workspaces) that one claim takes from at most; the next claim goes on after them.
MAX_LANES = 16


@dataclass
class Claim:
    """A job that this process holds, fenced by owner and attempt, and until when (the lease)."""

    id: int
    message_id: str
    queue: str
    lane: int
    message: bytes
    owner: str
    attempt: int
    lease_until: datetime
    due: Any = None

    @property
    def fence(self) -> tuple[int, str, int]:
        """What tells this claim from every other, of this job too."""
        return self.id, self.owner, self.attempt


_ANY_QUEUED = text("SELECT 1 FROM jobs WHERE queue = :queue AND state = 'queued' LIMIT 1")

_TOP_PRIORITY = text("SELECT min(priority) FROM jobs WHERE queue = :queue AND state = 'queued'")

#: The next lanes with queued jobs after :after, in turn and beginning anew after the last: one
#: index seek for each, however many jobs there are.
_LANES = text(
    """
    WITH RECURSIVE turns(lane, turn) AS (
      SELECT coalesce(
        (SELECT min(lane) FROM jobs WHERE queue = :queue AND state = 'queued'
           AND priority = :priority AND lane > :after),
        (SELECT min(lane) FROM jobs WHERE queue = :queue AND state = 'queued'
           AND priority = :priority)), 1
      UNION ALL
      SELECT coalesce(
        (SELECT min(lane) FROM jobs WHERE queue = :queue AND state = 'queued'
           AND priority = :priority AND lane > turns.lane),
        (SELECT min(lane) FROM jobs WHERE queue = :queue AND state = 'queued'
           AND priority = :priority)), turn + 1
      FROM turns WHERE turn < :count
    )
    SELECT lane FROM turns WHERE lane IS NOT NULL ORDER BY turn
    """
)

_CLAIM = """
    WITH picked AS MATERIALIZED (
      SELECT id FROM jobs
      WHERE queue = :queue AND state = 'queued' AND priority = :priority AND lane = :lane
      ORDER BY due_at, id LIMIT :count {lock}
    )
    UPDATE jobs SET {change}, lease_until = :lease_until, updated_at = :now
    WHERE id IN (SELECT id FROM picked)
    RETURNING id, message_id, message, attempt, due_at
    """

#: What a claim makes of a row: a worker's own, or one that a broker is told of.
TO_RUN = "state = 'running', owner = :owner, attempt = attempt + 1"
TO_HAND = "state = 'handed'"


class Claims:
    """Claims the jobs of one database.

    Workspaces take turns, at each priority: a workspace with any number of queued jobs delays
    another's by no more than a claim. Within a workspace the order is due time, then id.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
        change: str = TO_RUN,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._postgresql = database.dialect == "postgresql"
        lock = "FOR UPDATE SKIP LOCKED" if self._postgresql else ""
        self._claim = text(_CLAIM.format(change=change, lock=lock)).bindparams(
            bindparam("lease_until", type_=UTCDateTime), bindparam("now", type_=UTCDateTime)
        )
        #: On SQLite our own threads queue here: its busy handler would make them sleep.
        self.turn: AbstractContextManager[Any] = nullcontext() if self._postgresql else Lock()

    def waiting(self, queue: str) -> bool:
        """Say whether a job of this queue is ready to be claimed; takes no lock."""
        with self._database.transaction(write=False) as session:
            return session.connection().execute(_ANY_QUEUED, {"queue": queue}).first() is not None

    def take(self, queue: str, *, owner: str, count: int, after: int) -> list[Claim]:
        """Claim up to ``count`` jobs of the best priority there is.

        Lanes take turns, beginning with the first above ``after``. Returned in the order they
        should run in; the last one's lane is the next ``after``.
        """
        with self.turn, self._database.transaction() as session:
            return self.take_in(session.connection(), queue, owner=owner, count=count, after=after)

    def take_in(
        self, connection: Connection, queue: str, *, owner: str, count: int, after: int
    ) -> list[Claim]:
        """Do what :meth:`take` does in a transaction that somebody else ends."""
        if self._postgresql:
            # A plan made while the table was empty would read the whole of it ever after.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        where: dict[str, Any] = {"queue": queue}
        priority = connection.execute(_TOP_PRIORITY, where).scalar()
        if priority is None:
            return []
        where["priority"] = priority
        turns = connection.execute(
            _LANES, {**where, "after": after, "count": min(count, MAX_LANES)}
        )
        lanes = list(dict.fromkeys(turns.scalars()))
        share = max(1, count // max(1, len(lanes)))
        by_lane = [self._take(connection, where, lane, owner, share) for lane in lanes]
        return [claim for row in _columns(by_lane) for claim in row]

    def _take(
        self, connection: Connection, where: dict[str, Any], lane: int, owner: str, count: int
    ) -> list[Claim]:
        now = self._clock()
        until = now + self._lease
        rows = connection.execute(
            self._claim,
            {
                **where,
                "lane": lane,
                "owner": owner,
                "count": count,
                "lease_until": until,
                "now": now,
            },
        )
        claims = [
            Claim(
                id=row.id,
                message_id=row.message_id,
                queue=where["queue"],
                lane=lane,
                message=bytes(row.message),
                owner=owner,
                attempt=row.attempt,
                lease_until=until,
                due=row.due_at,
            )
            for row in rows
        ]
        return sorted(claims, key=attrgetter("due", "id"))


def _columns(by_lane: list[list[Claim]]) -> list[list[Claim]]:
    """Take the first of every lane, then the second of every lane, and so on."""
    longest = max(map(len, by_lane), default=0)
    return [[lane[place] for lane in by_lane if place < len(lane)] for place in range(longest)]
