"""Periodic jobs: each fires once per period, however many processes run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, NamedTuple

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..models.job import ScheduleState
from ..settings import ConfigurationError
from .outage import DATABASE_TROUBLE, Outage
from .outbox import enqueue, keyed_id
from .timings import Cron, Every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from ..db import Database
    from .declaration import Job
    from .timings import Timing

log = structlog.get_logger(__name__)

TABLE = ScheduleState.__table__

#: Seconds between two looks at what is due.
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Schedule:
    """A job that runs ``every`` so many seconds, or as a ``cron`` expression says.

    ``cron`` has cron's five fields, on the clocks of ``timezone`` (a name of the IANA database,
    UTC by default): ``Schedule("reports.nightly", send, cron="0 3 * * *",
    timezone="Europe/Berlin")``. The first firing is one period, or the expression's next time,
    after the schedule was first seen. What was missed while nothing ran is made up for by one.

    The job is given no arguments and no workspace; it opens the desks it needs. While one firing's
    job still waits, the next adds none.
    """

    name: str
    job: Job
    every: float | None = None
    cron: str | None = None
    timezone: str | None = None

    @property
    def key(self) -> str:
        """The key that its jobs are enqueued with."""
        return f"schedule:{self.name}"

    def timing(self) -> Timing:
        """Return when it fires; raises :class:`ConfigurationError` where that cannot be told."""
        try:
            if self.cron is not None and self.every is None:
                return Cron(self.cron, "UTC" if self.timezone is None else self.timezone)
            if self.every is not None and self.cron is None:
                if self.timezone is not None:
                    raise ValueError("a time zone is for cron expressions; it has a period")
                return Every(self.every)
            raise ValueError("it needs either a period (every) or a cron expression")
        except ValueError as error:
            raise ConfigurationError(f"The schedule {self.name}: {error}.") from None


class ScheduleRow(NamedTuple):
    """A schedule as an operator sees it; ``next_at`` is None until a worker has seen it."""

    name: str
    job: str
    when: str
    last_at: datetime | None
    next_at: datetime | None


class Scheduler:
    """Fires schedules. A conditional update in the enqueuing transaction decides who does."""

    def __init__(
        self, database: Database, schedules: Iterable[Schedule], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._clock = clock
        self._schedules: dict[str, Schedule] = {}
        self._timings: dict[str, Timing] = {}
        for schedule in schedules:
            if self._schedules.setdefault(schedule.name, schedule) is not schedule:
                raise ConfigurationError(
                    f"Two schedules are named {schedule.name}; rename one of them."
                )
            self._timings[schedule.name] = schedule.timing()
            try:
                schedule.job.check(())
            except TypeError as error:
                raise ConfigurationError(
                    f"The schedule {schedule.name} names a job that wants arguments: {error}."
                ) from None
        self._of_messages = {
            keyed_id(it.job, it.key, workspace_id=None): it.name for it in self._schedules.values()
        }
        self._stopping = Event()
        self._thread: Thread | None = None
        self._known = False

    def tick(self) -> list[str]:
        """Fire what is due; return the names of those that this call fired."""
        if not self._schedules:
            return []
        if not self._known:
            self._introduce()
            self._known = True
        now = self._clock()
        with self._database.transaction(write=False) as session:
            found = session.connection().execute(
                select(TABLE.c.name, TABLE.c.next_at, TABLE.c.timing).where(
                    TABLE.c.name.in_(self._schedules)
                )
            )
            rows = found.all()
        for row in rows:
            timing = self._timings[row.name]
            if row.timing == timing.text and timing.astray(row.next_at, now):
                self._bring_forward(row.name, row.next_at, now)
        due = [row for row in rows if row.next_at <= now]
        return [row.name for row in due if self._fire(row.name, row.next_at, now)]

    def start(self) -> None:
        """Start the thread that ticks."""
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="support-jobs-scheduler", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def listed(self, session: Session) -> Sequence[ScheduleRow]:
        """Return the declared schedules with when they fired and will fire, by name."""
        statement = select(TABLE.c.name, TABLE.c.last_at, TABLE.c.next_at)
        known = {row.name: row for row in session.execute(statement)}
        rows = []
        for name, schedule in sorted(self._schedules.items()):
            row = known.get(name)
            fired = (row.last_at, row.next_at) if row is not None else (None, None)
            rows.append(ScheduleRow(name, schedule.job.name, self._timings[name].text, *fired))
        return rows

    def schedule_of(self, message_id: str) -> str | None:
        """Return the name of the schedule that enqueued a job."""
        return self._of_messages.get(message_id)

    def _introduce(self) -> None:
        """Add the rows of new schedules; reckon those anew whose timing was changed.

        One that is overdue stays so: it fires now, and by the new timing from then on.
        """
        postgres = self._database.dialect == "postgresql"
        now = self._clock()
        with self._database.transaction() as session:
            for name, timing in sorted(self._timings.items()):
                first = timing.first(now)
                values = {"name": name, "next_at": first, "timing": timing.text}
                insert = (postgresql.insert if postgres else sqlite.insert)(TABLE)
                session.execute(insert.values(values).on_conflict_do_nothing())
                old = TABLE.c.timing
                changed = or_(old != timing.text, old.is_(None) & (TABLE.c.next_at > first))
                this = update(TABLE).where(TABLE.c.name == name)
                session.execute(this.where(changed, TABLE.c.next_at > now).values(next_at=first))
                session.execute(
                    this.where(old.is_distinct_from(timing.text)).values(timing=timing.text)
                )

    def _bring_forward(self, name: str, seen: datetime, now: datetime) -> None:
        """Mend a next time that was reckoned by a clock that ran ahead."""
        timing = self._timings[name]
        with self._database.transaction() as session:
            session.execute(
                update(TABLE)
                .where(TABLE.c.name == name, TABLE.c.next_at == seen)
                .values(next_at=timing.first(now))
            )
        log.warning("schedule_brought_forward", schedule=name, from_=seen.isoformat())

    def _fire(self, name: str, seen: datetime, now: datetime) -> bool:
        schedule = self._schedules[name]
        with self._database.transaction() as session:
            if not self._won(session, name, seen, now):
                return False
            enqueue(session, schedule.job, workspace_id=None, key=schedule.key, clock=self._clock)
        log.debug("schedule_fired", schedule=name)
        return True

    def _won(self, session: Session, name: str, seen: datetime, now: datetime) -> bool:
        won = session.execute(
            update(TABLE)
            .where(TABLE.c.name == name, TABLE.c.next_at == seen)
            .values(next_at=self._timings[name].following(seen, now), last_at=now)
            .returning(TABLE.c.name)
        )
        return won.first() is not None

    def _run(self) -> None:
        outage = Outage("scheduler")
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self.tick()
                outage.over()
                pause = LOOK_EVERY - (time.monotonic() - began)
            except DATABASE_TROUBLE as error:
                pause = outage.pause(error)
            self._stopping.wait(max(0.05, pause))
