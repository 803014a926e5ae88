"""An application small enough for the job engine's tests: a database, desks, a clock."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, update

from support_core.db import Database
from support_core.jobs import JobEngine
from support_core.models import Job as JobRow
from support_core.settings import CORE_SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.db import WorkspaceSession

effects = Table(
    "effects",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("job", String(63)),
    Column("argument", Integer),
    Column("workspace", Integer),
)


@dataclass
class Clock:
    """The time, which tests move forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **duration: float) -> None:
        """Let time pass."""
        self.ahead += timedelta(**duration)


@dataclass
class Desk:
    """A transaction."""

    session: WorkspaceSession


@dataclass
class SmallApplication:
    """What the engine needs of an application. ``jobs`` is the engine, once it was built."""

    url: str
    lease: float = 60.0
    broker: str = "embedded"
    window: int = 128
    clock: Clock = field(default_factory=Clock)
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.database = Database(self.url, sqlite_synchronous="off")
        self.settings = Settings(
            {
                "support.jobs.lease": str(int(self.lease)),
                "support.jobs.window": str(self.window),
                "support.broker": self.broker,
            },
            CORE_SETTINGS,
        )
        self.jobs: JobEngine

    def build(self, *jobs: Any, schedules: Any = ()) -> JobEngine:
        """Give the application an engine with these jobs."""
        self.jobs = JobEngine.build(self, jobs, schedules=schedules, metrics_registry=self.metrics)
        return self.jobs

    @contextmanager
    def desk(self, workspace_id: int | None, *, write: bool = True) -> Iterator[Desk]:
        """Open a transaction."""
        with self.database.transaction(workspace_id, write=write) as session:
            yield Desk(session)

    def enqueue(self, job: Any, *args: Any, workspace_id: int | None = 1, **options: Any) -> str:
        """Enqueue in a transaction of its own."""
        with self.desk(workspace_id) as desk:
            return self.jobs.enqueue(desk.session, job, *args, workspace_id=workspace_id, **options)

    def rows(self, **criteria: Any) -> list[Any]:
        """Return the rows of ``jobs``."""
        with self.database.transaction(write=False) as session:
            statement = select(JobRow.__table__).filter_by(**criteria).order_by(JobRow.id)
            return list(session.execute(statement))

    def change(self, **values: Any) -> None:
        """Change all rows of ``jobs``, as another process might have."""
        with self.database.transaction() as session:
            session.execute(update(JobRow.__table__).values(**values))

    def effects(self, job: str = "note") -> list[int]:
        """Return the arguments of the jobs that took effect, in the order they did."""
        with self.database.transaction(write=False) as session:
            statement = select(effects.c.argument).where(effects.c.job == job)
            return list(session.execute(statement.order_by(effects.c.id)).scalars())

    def close(self) -> None:
        """Stop whatever runs."""
        if hasattr(self, "jobs"):
            self.jobs.stop(timeout=10)
            self.jobs.close()
        self.database.dispose()


def state_of(row: Any) -> str:
    """Return a row's state as people see it: whether a broker was told of it is no matter."""
    return "queued" if row.state == "handed" else str(row.state)


def take_effect(desk: Any, job: str, argument: int, *, once: bool = False) -> None:
    """Write an effect; with ``once``, unless it is there."""
    if once:
        present = desk.session.execute(
            select(func.count()).where(effects.c.job == job, effects.c.argument == argument)
        )
        if present.scalar_one():
            return
    desk.session.execute(
        insert(effects).values(job=job, argument=argument, workspace=desk.session.workspace_id)
    )
