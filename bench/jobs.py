"""How many jobs a second the embedded broker runs, and how long a lone job waits.

``python -m bench.jobs [DATABASE_URL] [--jobs N] [--threads N] [--synchronous full|normal|off]``;
without a URL on SQLite in a temporary folder. The jobs do nothing but end, so that what is
measured is the engine: claim, dispatch, acknowledgement.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prometheus_client import CollectorRegistry

from support_core.db import Database
from support_core.jobs import JobContext, JobEngine, job
from support_core.migrations import upgrade
from support_core.settings import CORE_SETTINGS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.application import Application

LONE_JOBS = 100

ended: list[float] = []
goal = threading.Event()
wanted = {"count": 0}


@job(queue="bench")
def nothing(context: JobContext, number: int) -> None:  # noqa: ARG001 - there is nothing to do
    """Note the time and end."""
    ended.append(time.perf_counter())
    if len(ended) >= wanted["count"]:
        goal.set()


class BenchApplication:
    """What the engine needs of an application."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.settings = Settings({}, CORE_SETTINGS)
        self.metrics = CollectorRegistry()

    def clock(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    @contextmanager
    def desk(self, workspace_id: int | None, *, write: bool = True) -> Iterator[Any]:
        """Open a transaction."""
        with self.database.transaction(workspace_id, write=write) as session:
            yield session


def expect(count: int) -> None:
    """Wait for so many jobs to end from now on."""
    ended.clear()
    goal.clear()
    wanted["count"] = count


def throughput(engine: JobEngine, database: Database, *, jobs: int, workspaces: int) -> float:
    """Return jobs a second with a full queue; starts the workers and leaves them running."""
    expect(jobs)
    began = time.perf_counter()
    with database.transaction() as session:
        for number in range(jobs):
            engine.enqueue(session, nothing, number, workspace_id=1 + number % workspaces)
    enqueued = time.perf_counter() - began
    print(f"  enqueue: {jobs / enqueued:9,.0f} jobs/s in one transaction")
    began = time.perf_counter()
    engine.start_workers(arguments.threads)
    if not goal.wait(300):
        raise TimeoutError
    return jobs / (ended[-1] - began)


def latencies(engine: JobEngine, database: Database) -> list[float]:
    """Return the seconds from the commit of lone jobs to their end, sorted."""
    found = []
    for number in range(LONE_JOBS):
        expect(1)
        with database.transaction() as session:
            engine.enqueue(session, nothing, number, workspace_id=1)
        committed = time.perf_counter()
        if not goal.wait(10):
            raise TimeoutError
        found.append(ended[-1] - committed)
        time.sleep(0.01)
    return sorted(found)


def measure(url: str) -> None:
    """Measure on one database and print what was found."""
    database = Database(url, sqlite_synchronous=arguments.synchronous)
    upgrade(database, [])
    engine = JobEngine.build(cast("Application", BenchApplication(database)), [nothing])
    print(f"{database.dialect}, {arguments.threads} threads, {arguments.jobs} jobs")
    try:
        for workspaces in (1, 50):
            rate = throughput(engine, database, jobs=arguments.jobs, workspaces=workspaces)
            print(f"  run:     {rate:9,.0f} jobs/s, {workspaces} workspaces")
            engine.stop()
        engine.start_workers(arguments.threads)
        time.sleep(0.5)
        lone = latencies(engine, database)
        print(
            f"  latency: median {statistics.median(lone) * 1000:.2f} ms, "
            f"95th percentile {lone[int(LONE_JOBS * 0.95)] * 1000:.2f} ms"
        )
    finally:
        engine.stop()
        database.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--synchronous", default="full")
    arguments = parser.parse_args()
    if arguments.url:
        measure(arguments.url)
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder, 'jobs.sqlite')}")
