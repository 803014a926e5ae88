"""Periodic jobs: each fires once per period, however many processes run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from ..models.job import ScheduleState
from ..settings import ConfigurationError
from .outage import DATABASE_TROUBLE, Outage
from .outbox import enqueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from ..db import Database
    from .declaration import Job

log = structlog.get_logger(__name__)

TABLE = ScheduleState.__table__

#: Seconds between two looks at what is due.
LOOK_EVERY = 1.0


@dataclass(frozen=True)
class Schedule:
    """A job that runs every so many seconds, first one period after it was first seen.

    The job is given no arguments and no workspace; it opens the desks it needs. While one firing's
    job still waits, the next adds none.
    """

    name: str
    job: Job
    every: float

    def next_after(self, last: datetime, now: datetime) -> datetime:
        """Return the first time after ``now`` in step with ``last``: what was missed is missed."""
        periods = max(0, int((now - last).total_seconds() // self.every)) + 1
        return last + timedelta(seconds=self.every) * periods


class Scheduler:
    """Fires schedules. A conditional update in the enqueuing transaction decides who does."""

    def __init__(
        self, database: Database, schedules: Iterable[Schedule], *, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._clock = clock
        self._schedules: dict[str, Schedule] = {}
        for schedule in schedules:
            if schedule.every <= 0:
                raise ConfigurationError(f"The schedule {schedule.name} needs a period above zero.")
            try:
                schedule.job.check(())
            except TypeError as error:
                raise ConfigurationError(
                    f"The schedule {schedule.name} names a job that wants arguments: {error}."
                ) from None
            if self._schedules.setdefault(schedule.name, schedule) is not schedule:
                raise ConfigurationError(
                    f"Two schedules are named {schedule.name}; rename one of them."
                )
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
            due = session.connection().execute(
                select(TABLE.c.name, TABLE.c.next_at).where(
                    TABLE.c.name.in_(self._schedules), TABLE.c.next_at <= now
                )
            )
            found = due.all()
        return [name for name, next_at in found if self._fire(self._schedules[name], next_at, now)]

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

    def _introduce(self) -> None:
        """Add rows of new schedules; bring those forward whose period was shortened."""
        postgres = self._database.dialect == "postgresql"
        with self._database.transaction() as session:
            for schedule in self._schedules.values():
                first = self._clock() + timedelta(seconds=schedule.every)
                insert = (postgresql.insert if postgres else sqlite.insert)(TABLE)
                session.execute(
                    insert.values(name=schedule.name, next_at=first).on_conflict_do_nothing()
                )
                session.execute(
                    update(TABLE)
                    .where(TABLE.c.name == schedule.name, TABLE.c.next_at > first)
                    .values(next_at=first)
                )

    def _fire(self, schedule: Schedule, seen: datetime, now: datetime) -> bool:
        with self._database.transaction() as session:
            if not self._won(session, schedule, seen, now):
                return False
            enqueue(
                session,
                schedule.job,
                workspace_id=None,
                key=f"schedule:{schedule.name}",
                clock=self._clock,
            )
        log.debug("schedule_fired", schedule=schedule.name)
        return True

    def _won(self, session: Session, schedule: Schedule, seen: datetime, now: datetime) -> bool:
        won = session.execute(
            update(TABLE)
            .where(TABLE.c.name == schedule.name, TABLE.c.next_at == seen)
            .values(next_at=schedule.next_after(seen, now), last_at=now)
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
