"""The harness: a desk of real processes, jobs asked for through HTTP, and a seeded executioner."""

from __future__ import annotations

import os
import random
import shutil
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from support_core.db import Database
from support_core.models import Job
from tests.faults.plugin.support_faults import asked, effects, metadata
from tests.services.postgres import Cluster
from tests.services.rabbitmq import Rabbitmq
from tests.services.redis import Redis
from tests.serving.processes import bootstrap, listening, write_ini

from .parts import FrozenChild, Part, Process, ServerPart, WorkerChild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLUGIN = Path(__file__).parent / "plugin"
BATCH = 25
SETUPS = ("embedded sqlite", "embedded postgresql", "rabbitmq postgresql", "redis postgresql")

#: What was committed must survive a kill -9: the suite's clusters are laxer than that.
DURABLE = text("ALTER DATABASE postgres SET synchronous_commit = on")


@dataclass
class Plan:
    """How much is to happen. ``pause`` is the span of seconds between two kills."""

    jobs: int
    rounds: int
    seed: int
    lease: float = 3.0
    pause: tuple[float, float] = (0.3, 2.0)
    away: tuple[float, float] = (0.0, 1.0)
    patience: float = 120.0


@dataclass
class Outcome:
    """What happened."""

    setup: str
    seed: int
    jobs: int = 0
    killed: dict[str, int] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    uncalled: list[int] = field(default_factory=list)
    left: list[Any] = field(default_factory=list)
    overstayed: dict[int, float] = field(default_factory=dict)
    again: int = 0
    seconds: float = 0.0
    settling: float = 0.0

    @property
    def faults(self) -> list[str]:
        """What must not have happened."""
        found = {
            "effects missing": self.missing,
            "effects nobody asked for": self.uncalled,
            "jobs left": self.left,
            "jobs stuck for more than twice their lease": self.overstayed,
        }
        return [f"{name}: {what}" for name, what in found.items() if what]

    def told(self) -> str:
        """Return the outcome in one line."""
        killed = ", ".join(f"{name} {times}" for name, times in sorted(self.killed.items()))
        return (
            f"{self.setup}: {self.jobs} jobs in {self.seconds:.0f} s, {self.again} came twice and "
            f"did nothing the second time, settled {self.settling:.1f} s after the last kill; "
            f"killed: {killed}; seed {self.seed}; "
            f"{'; '.join(self.faults) or 'nothing lost, nothing stuck'}"
        )


class Trial:
    """One desk on one setup."""

    def __init__(self, setup: str, plan: Plan, folder: Path, stack: ExitStack) -> None:
        broker, dialect = setup.split()
        self.plan = plan
        self.outcome = Outcome(setup, plan.seed)
        self.random = random.Random(f"{setup} {plan.seed}")  # noqa: S311 - to be repeatable
        self.parts: list[Part] = []
        url = "sqlite:///%(here)s/faults.sqlite"
        if dialect == "postgresql":
            cluster = Cluster()
            stack.callback(cluster.stop)
            url = cluster.url
            self.parts.append(ServerPart("postgresql", cluster))
        changes = {
            "support.plugins": "api plans faults",
            "support.ratelimit.enabled": "false",
            "support.workers": "0",
            "support.jobs.lease": str(plan.lease),
            "support.broker": "embedded",
            "support.log.format": "json",
        }
        if broker != "embedded":
            server = Rabbitmq(vhosts=["0"]) if broker == "rabbitmq" else Redis()
            stack.callback(server.stop)
            self.parts.append(ServerPart(broker, server))
            changes["support.broker"] = f"{server.url}/0"
        path = [str(_installed(folder)), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {"PYTHONPATH": os.pathsep.join(path)}
        self.ini = write_ini(folder, url, changes)
        self.url = f"{listening(self.ini)}/api/support"
        self.database = Database(url.replace("%(here)s", str(folder)), sqlite_synchronous="off")
        stack.callback(self.database.dispose)
        if dialect == "postgresql":
            with self.database.transaction() as session:
                session.connection().execute(DURABLE)
            self.database.dispose()
        self.web = Process("serve", self.ini, ["serve"], self._environment)
        self.workers = Process(
            "worker",
            self.ini,
            ["worker", "--processes", "2", "--threads", "2"],
            self._environment,
        )
        self.parts += [
            self.web,
            self.workers,
            WorkerChild(self.workers),
            FrozenChild(self.workers, plan.lease),
        ]
        self._stopping = threading.Event()
        self._killing = threading.Lock()
        self._broken: list[BaseException] = []
        self._away_until = time.time()

    def run(self) -> Outcome:
        """Ask, kill, settle, judge."""
        began = time.monotonic()
        token = bootstrap(self.ini, environment=self._environment)["token"]
        with self.database.transaction() as session:
            metadata.create_all(session.connection())
        self.web.start()
        self.workers.start()
        try:
            self._wait(self._answers, "the desk never answered")
            with self._beside(self._ask, token), self._beside(self._watch):
                for _ in range(self.plan.rounds):
                    self._kill_one()
                killed = time.monotonic()
                self._wait(self._settled, "jobs are left")
            self.outcome.settling = time.monotonic() - killed
        finally:
            statuses = [part.end() for part in (self.web, self.workers)]
        assert statuses == [0, 0], f"the desk ended with {statuses}"
        self._judge()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _kill_one(self) -> None:
        plan = self.plan
        time.sleep(self.random.uniform(*plan.pause))
        part = self.random.choice(self.parts)
        away = self.random.uniform(*plan.away)
        self.outcome.killed[part.name] = self.outcome.killed.get(part.name, 0) + 1
        with self._killing:
            self._away_until = float("inf")
            part.kill()
            time.sleep(away)
            part.start()
            self._away_until = time.time()

    def _ask(self, token: str) -> None:
        """Ask for all jobs, in time with the kills, until each was answered 2xx."""
        headers = {"Authorization": f"Bearer {token}"}
        plan = self.plan
        kills = plan.rounds * (sum(plan.pause) + sum(plan.away)) / 2
        pause = kills * BATCH / plan.jobs
        with httpx.Client(headers=headers, timeout=10) as client:
            for first in range(0, plan.jobs, BATCH):
                body = {"first": first, "count": min(BATCH, plan.jobs - first)}
                self._stopping.wait(pause)
                while not self._posted(client, body):
                    if self._stopping.wait(0.1):
                        return

    def _posted(self, client: httpx.Client, body: dict[str, int]) -> bool:
        try:
            answer = client.post(f"{self.url}/faults", json=body)
        except httpx.TransportError:
            return False
        assert answer.status_code in {200, 500, 503}, answer.text
        return answer.status_code == 200

    def _watch(self) -> None:
        """Note jobs that nobody took up for a lease after theirs ran out, all being there.

        Also start anew what ended by itself, as an init system would: a desk that is started
        while its broker is away says so and ends.
        """
        lease = self.plan.lease
        while not self._stopping.wait(0.2):
            with self._killing:
                for process in (self.web, self.workers):
                    if process.ended:
                        self._away_until = time.time()
                        process.start()
            with suppress(SQLAlchemyError):
                for id_, until in self._overdue():
                    late = time.time() - max(until, self._away_until)
                    if late > lease:
                        self.outcome.overstayed[id_] = round(late + lease, 1)

    def _overdue(self) -> list[tuple[int, float]]:
        table = Job.__table__
        with self.database.transaction(write=False) as session:
            rows = session.execute(
                select(table.c.id, table.c.lease_until).where(
                    table.c.state == "running", table.c.queue == "faults"
                )
            ).all()
        now = time.time()
        return [(id_, until.timestamp()) for id_, until in rows if until.timestamp() < now]

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/healthz").status_code == 200
        return False

    def _settled(self) -> bool:
        """Say whether everything was asked for and nothing is left of it."""
        with suppress(SQLAlchemyError), self.database.transaction(write=False) as session:
            if session.execute(select(func.count()).select_from(asked)).scalar() < self.plan.jobs:
                return False
            return not self._left(session)
        return False

    def _left(self, session: Any) -> list[Any]:
        table = Job.__table__
        columns = (table.c.id, table.c.state, table.c.attempt, table.c.last_error)
        return list(session.execute(select(*columns).where(table.c.queue == "faults").limit(20)))

    def _judge(self) -> None:
        with self.database.transaction(write=False) as session:
            wanted = set(session.execute(select(asked.c.number)).scalars())
            rows = session.execute(select(effects.c.number, effects.c.runs))
            found = {number: runs for number, runs in rows}  # noqa: C416 - rows are no pairs to mypy
            self.outcome.left = self._left(session)
        self.outcome.jobs = len(wanted)
        self.outcome.missing = sorted(wanted - found.keys())
        self.outcome.uncalled = sorted(found.keys() - wanted)
        self.outcome.again = sum(runs - 1 for runs in found.values())

    def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + self.plan.patience
        while not condition():
            if self._broken:
                raise self._broken[0]
            if time.monotonic() > deadline:
                with self.database.transaction(write=False) as session:
                    left = self._left(session)
                raise AssertionError(f"{complaint}: {left}; {self.outcome.told()}")
            time.sleep(0.1)

    @contextmanager
    def _beside(self, function: Callable[..., None], *arguments: Any) -> Iterator[None]:
        """Run a function in a thread of its own, and end it with the block."""

        def run() -> None:
            try:
                function(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised in the main thread
                self._broken.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()


def _installed(folder: Path) -> Path:
    """Make a folder from which the plugin is importable and has its entry point."""
    home = folder / "site"
    about = home / "support_faults-1.dist-info"
    about.mkdir(parents=True)
    shutil.copy(PLUGIN / "support_faults.py", home)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: support-faults\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[support_core.plugins]\nfaults = support_faults\n")
    return home


def run(setup: str, plan: Plan, folder: Path) -> Outcome:
    """Run one trial in an empty folder."""
    with ExitStack() as stack:
        return Trial(setup, plan, folder, stack).run()
