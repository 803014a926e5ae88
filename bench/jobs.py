"""How many jobs a second the brokers run, and how long a lone job waits.

``python -m bench.jobs [DATABASE_URL] [--broker URL] [--jobs N] [--threads N]
[--synchronous full|normal|off]``; without a URL on SQLite in a temporary folder, without a broker
on the embedded one. The jobs do nothing but end, so that what is measured is the engine: claim,
dispatch, acknowledgement. ``python -m bench.jobs --all`` starts throw-away servers and measures
every broker on both databases.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from prometheus_client import CollectorRegistry
from sqlalchemy import text

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

    def __init__(self, database: Database, broker: str) -> None:
        self.database = database
        self.settings = Settings({"support.broker": broker}, CORE_SETTINGS)
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


def measure(url: str, broker: str) -> None:
    """Measure on one database and with one broker, and print what was found."""
    database = Database(url, sqlite_synchronous=arguments.synchronous)
    upgrade(database, [])
    engine = JobEngine.build(cast("Application", BenchApplication(database, broker)), [nothing])
    kind = broker.partition(":")[0]
    print(f"{kind}, {database.dialect}, {arguments.threads} threads, {arguments.jobs} jobs")
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
        engine.close()
        database.dispose()


def measure_all() -> None:
    """Measure every broker on both databases, with servers of our own."""
    from tests.services.postgres import Cluster  # noqa: PLC0415 - the suite's, for this alone
    from tests.services.rabbitmq import Rabbitmq  # noqa: PLC0415
    from tests.services.redis import Redis  # noqa: PLC0415

    with ExitStack() as stack:
        rabbitmq, redis, cluster = Rabbitmq(vhosts=["0", "1"]), Redis(), Cluster()
        for server in (rabbitmq, redis, cluster):
            stack.callback(server.stop)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        admin = Database(cluster.url)
        stack.callback(admin.dispose)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for number in range(3):
                connection.execute(text(f"CREATE DATABASE bench{number}"))
        base = cluster.url.rpartition("/")[0]
        for number, address in enumerate(("embedded", rabbitmq.url, redis.url)):
            name = "" if address == "embedded" else "/{}"
            measure(f"sqlite:///{Path(folder, f'{number}.sqlite')}", address + name.format(0))
            measure(f"{base}/bench{number}", address + name.format(1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", nargs="?")
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--synchronous", default="full")
    parser.add_argument("--broker", default="embedded")
    parser.add_argument("--all", action="store_true")
    arguments = parser.parse_args()
    if arguments.all:
        measure_all()
    elif arguments.url:
        measure(arguments.url, arguments.broker)
    else:
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder, 'jobs.sqlite')}", arguments.broker)
