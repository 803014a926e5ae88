"""The rows that a broker is told of: handed, handed anew, taken back, and claimed by a worker.

The row stays the truth. A message in a broker only says that its row may be ready: one too many
finds no handed row and is dropped, one too few is sent again when the row's lease has run out.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, literal_column, select, text, update

from ..db.types import UTCDateTime
from .claims import TO_HAND, Claim, Claims
from .outbox import TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta

    from sqlalchemy import Connection, Select

    from ..db import Database

_handed = TABLE.c.state == literal_column("'handed'")

#: One process at a time fills a queue's window on PostgreSQL, or several would overfill it.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('support.jobs.handed'), hashtext(:queue))")

_LOOK = """
    SELECT CAST(:{name} AS VARCHAR(63)) AS queue,
      EXISTS (SELECT 1 FROM jobs WHERE queue = :{name} AND state = 'queued') AS queued,
      (SELECT count(*) FROM jobs WHERE queue = :{name} AND state = 'handed') AS handed,
      EXISTS (SELECT 1 FROM jobs WHERE queue = :{name} AND state = 'handed'
        AND lease_until <= :now) AS overdue
    """


class Handover:
    """What is handed to a broker, of one database.

    At most ``window`` jobs of a queue are handed at a time, so that the order between workspaces
    and priorities is decided here and a broker never grows.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], datetime],
        lease: timedelta,
        window: int,
        turn: AbstractContextManager[Any],
    ) -> None:
        self.window = window
        self._database = database
        self._clock = clock
        self._lease = lease
        self._turn = turn
        self._postgresql = database.dialect == "postgresql"
        self._claims = Claims(database, clock=clock, lease=lease, change=TO_HAND)
        self._lanes: dict[str, int] = {}

    def look(self, queues: Iterable[str]) -> tuple[set[str], set[str]]:
        """Return the queues with jobs to hand and room for them, and those with overdue ones."""
        names = {f"queue_{number}": queue for number, queue in enumerate(sorted(queues))}
        if not names:
            return set(), set()
        statement = text(" UNION ALL ".join(_LOOK.format(name=name) for name in names)).bindparams(
            bindparam("now", type_=UTCDateTime)
        )
        with self._database.transaction(write=False) as session:
            rows = session.connection().execute(statement, {**names, "now": self._clock()}).all()
        ready = {row.queue for row in rows if row.queued and self._room(row.handed)}
        return ready, {row.queue for row in rows if row.overdue}

    def waiting(self) -> set[str]:
        """Return the queues with jobs that are queued or handed."""
        with self._database.transaction(write=False) as session:
            found = session.connection().execute(
                select(TABLE.c.queue).where(TABLE.c.state.in_(("queued", "handed"))).distinct()
            )
            return set(found.scalars())

    def hand(self, queue: str) -> list[Claim]:
        """Mark queued jobs as handed, as far as the window goes, fairly between workspaces."""
        with self._turn, self._database.transaction() as session:
            connection = session.connection()
            if self._postgresql:
                connection.execute(_LOCK, {"queue": queue})
            handed = connection.scalar(select(func.count()).where(TABLE.c.queue == queue, _handed))
            room = self._room(handed or 0)
            if not room:
                return []
            claims = self._claims.take_in(
                connection, queue, owner="", count=room, after=self._lanes.get(queue, -1)
            )
        if claims:
            self._lanes[queue] = claims[-1].lane
        return claims

    def hand_again(self, queue: str, *, count: int) -> list[Claim]:
        """Extend overdue ones, of which a broker is to be told again; ``count`` at most."""
        now = self._clock()
        overdue = (
            select(TABLE.c.id)
            .where(TABLE.c.queue == queue, _handed, TABLE.c.lease_until <= now)
            .order_by(TABLE.c.lease_until, TABLE.c.id)
            .limit(count)
            .with_for_update(skip_locked=True)
        )
        with self._turn, self._database.transaction() as session:
            return self._change(session.connection(), overdue, lease_until=now + self._lease)

    def take_back(self, claims: Sequence[Claim]) -> None:
        """Queue handed jobs again of which the broker could not be told."""
        ours = TABLE.c.id.in_([claim.id for claim in claims])
        with self._turn, self._database.transaction() as session:
            session.connection().execute(
                update(TABLE)
                .where(ours, _handed)
                .values(state="queued", owner=None, lease_until=None, updated_at=self._clock())
            )

    def expire(self) -> None:
        """Make every handed job overdue: the broker may have forgotten all of them."""
        now = self._clock()
        with self._turn, self._database.transaction() as session:
            session.connection().execute(
                update(TABLE).where(_handed, TABLE.c.lease_until > now).values(lease_until=now)
            )

    def claim(self, message_ids: Sequence[str], *, owner: str) -> tuple[list[Claim], set[str]]:
        """Claim the handed jobs among these for a worker; also return the ids to try again.

        Those are handed and just being changed by somebody else: asked for once more, say.
        """
        wanted = TABLE.c.message_id.in_(message_ids)
        chosen = (
            select(TABLE.c.id)
            .where(wanted, _handed)
            .order_by(TABLE.c.id)
            .with_for_update(skip_locked=True)
        )
        with self._turn, self._database.transaction() as session:
            connection = session.connection()
            claims = self._change(
                connection,
                chosen,
                owner=owner,
                state="running",
                attempt=TABLE.c.attempt + 1,
                lease_until=self._clock() + self._lease,
            )
            if not self._postgresql or len(claims) == len(set(message_ids)):
                return claims, set()
            left = connection.execute(select(TABLE.c.message_id).where(wanted, _handed))
            return claims, set(left.scalars())

    def _room(self, handed: int) -> int:
        """Return how many more may be handed: none before half of the window is free."""
        room = self.window - handed
        return room if room > 0 and room * 2 >= self.window else 0

    def _change(
        self, connection: Connection, ids: Select[tuple[int]], **values: Any
    ) -> list[Claim]:
        rows = connection.execute(
            update(TABLE)
            .where(TABLE.c.id.in_(ids))
            .values(updated_at=self._clock(), **values)
            .returning(
                *(TABLE.c[name] for name in ("id", "message_id", "queue", "lane", "message")),
                *(TABLE.c[name] for name in ("owner", "attempt", "lease_until", "due_at")),
            )
        )
        claims = [
            Claim(
                id=row.id,
                message_id=row.message_id,
                queue=row.queue,
                lane=row.lane,
                message=bytes(row.message),
                owner=row.owner or "",
                attempt=row.attempt,
                lease_until=row.lease_until,
                due=row.due_at,
            )
            for row in rows
        ]
        return sorted(claims, key=attrgetter("due", "id"))
