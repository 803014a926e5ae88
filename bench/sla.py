"""How late turning points are told, how long a change of rules takes, how fast reports are.

``python -m bench.sla [DATABASE_URL] [--open N] [--all N] [--rate N] [--seconds N]``; without a URL
on SQLite in a temporary folder, with ``--both`` on that and on a PostgreSQL of its own. The
conversations are made by the database itself; everything measured is the product's own way: clocks
and timers of those that are open, turning points, a whole recomputation, and the adding up of a
year's days for the reports. All of it takes some ten minutes for each database.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from support_core.testing import make_desk, probe
from support_sla import clocks, folding, jobs

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace

MINUTES = 100 * 1440
DAYS = 365
PART = 20_000
UNSCOPED = {"unscoped": "a bench makes its rows at once"}

_SERIES = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {begin} UNION ALL SELECT n + 1 FROM s "
    "WHERE n < {end}) ",
    "postgresql": "WITH s AS (SELECT n FROM generate_series({begin}, {end}) AS s(n)) ",
}
_AGO = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f000', '{now}', '-' || ({expression}) || ' seconds')",
    "postgresql": "timestamptz '{now}+00' - ({expression}) * interval '1 second'",
}


def percentile(values: list[float], percent: int) -> float:
    """Return the nearest-rank percentile of sorted values."""
    return values[max(0, -(-len(values) * percent // 100) - 1)]


class Stock:
    """Makes conversations by the database's own hand."""

    def __init__(self, workspace: TestWorkspace) -> None:
        self.workspace = workspace
        self.database = workspace.under_test.application.database
        self.dialect = self.database.dialect
        self.mailboxes = [workspace.mailbox() for _ in range(3)]
        self.members = [workspace.member() for _ in range(10)]
        made = workspace.conversation()
        self.customer = made["customer"]["id"]
        self.policy: int | None = None

    def run(self, statement: str, count: int) -> None:
        """Run an INSERT for every ``n`` from 1 to ``count``, some of them in each transaction."""
        into, _, rest = statement.partition("SELECT")
        for begin in range(1, count + 1, PART):
            span = {"begin": begin, "end": min(begin + PART - 1, count)}
            series = _SERIES[self.dialect].format(**span)
            with self.database.transaction(self.workspace.id) as session:
                session.execute(
                    text(f"{into} {series} SELECT{rest}".replace(":", r"\:")),
                    execution_options=UNSCOPED,
                )

    def ago(self, expression: str) -> str:
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return _AGO[self.dialect].format(now=now, expression=expression)

    def pick(self, values: list[int], expression: str) -> str:
        cases = " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values))
        return f"CASE ({expression}) % {len(values)} {cases} END"

    def conversations(self, count: int, *, first: int, ago: str, status: str = "'active'") -> None:
        moment = self.ago(ago)
        closed = f"CASE WHEN {status} = 'closed' THEN {moment} END"
        self.run(
            "INSERT INTO conversations (id, workspace_id, number, subject, status, channel, "
            "priority, mailbox_id, customer_id, assigned_to, tags, last_reply_at, created_at, "
            "updated_at, closed_at) "
            f"SELECT {first} + n, {self.workspace.id}, {first} + n, 'Question ' || n, {status}, "
            f"CASE n % 3 WHEN 0 THEN 'probe' WHEN 1 THEN 'api' ELSE 'email' END, 'normal', "
            f"{self.pick(self.mailboxes, 'n')}, {self.customer}, "
            f"{self.pick(self.members, 'n / 7')}, '[]', {moment}, {moment}, {moment}, {closed} "
            "FROM s",
            count,
        )

    def threads(self, count: int, *, first: int, ago: str) -> None:
        self.run(
            "INSERT INTO threads (workspace_id, conversation_id, type, body, body_format, "
            "body_text, created_at) "
            f"SELECT {self.workspace.id}, {first} + n, 'customer', 'Hello', 'text', 'Hello', "
            f"{self.ago(ago)} FROM s",
            count,
        )

    def analyse(self) -> None:
        with self.database.transaction() as session:
            session.execute(text("ANALYZE"), execution_options=UNSCOPED)


class Caller:
    """Somebody who goes on working: what requests take meanwhile."""

    def __init__(self, workspace: TestWorkspace) -> None:
        self._client = workspace.client()
        self._path = f"/conversations/{workspace.conversation()['id']}"
        self.times: dict[str, list[float]] = {"list": [], "change": []}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> Caller:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        turn = 0
        while not self._over.wait(0.05):
            turn += 1
            self._time("list", lambda: self._client.get("/conversations?sort=sla_due_at&cursor="))
            body = {"subject": f"Another subject {turn}"}
            self._time("change", lambda body=body: self._client.patch(self._path, body))

    def _time(self, name: str, call: Any) -> None:
        began = time.perf_counter()
        answer = call()
        assert answer.status_int == 200, answer.text
        self.times[name].append(time.perf_counter() - began)

    def said(self) -> str:
        parts = []
        for name, times in self.times.items():
            found = sorted(times)
            parts.append(
                f"{name} p50 {percentile(found, 50) * 1000:.0f} ms, "
                f"p99 {percentile(found, 99) * 1000:.0f} ms, worst {found[-1] * 1000:.0f} ms"
            )
        return "; ".join(parts)


def recomputation(stock: Stock) -> None:
    """Measure what a change of the policy costs those who go on working, from start to end."""
    owner = stock.workspace.owner
    with Caller(stock.workspace) as caller:
        targets = {"normal": {"first_response": MINUTES + 60}}
        began = time.perf_counter()
        answer = owner.put(f"/sla-policies/{stock.policy}", {"targets": targets})
        asked = time.perf_counter() - began
        assert answer.status_int == 200, answer.text
        told: list[int] = []
        until = time.monotonic() + arguments.patience
        while time.monotonic() < until:
            found = owner.get("/sla-recomputations").json["data"][0]
            told.append(found["done"])
            if found["state"] == "finished":
                break
            time.sleep(0.25)
        took = time.perf_counter() - began
    done = told[-1]
    print(
        f"  a change of the policy: answered in {asked * 1000:.0f} ms; {done:,} of "
        f"{found['total']:,} reckoned anew in {took:.0f} s ({done / took:,.0f}/s), "
        f"{len(set(told))} steps of progress seen"
    )
    print(f"  requests meanwhile: {caller.said()}", flush=True)


def lateness(stock: Stock, *, first: int, rate: int, seconds: int) -> None:
    """Measure from a due time to when its event can be read, committed, by somebody else."""
    count = rate * seconds
    spread = f"{MINUTES * 45 - 15} - n / {rate}"  # at risk after three quarters of the time
    stock.conversations(count, first=first, ago=spread)
    stock.threads(count, first=first, ago=spread)
    ids = list(range(first + 1, first + count + 1))
    began = time.perf_counter()
    for start in range(0, count, 200):
        with stock.workspace.desk() as desk:
            jobs.refresh(desk, ids[start : start + 200])
    armed = time.perf_counter() - began
    seen: list[float] = []
    after = _newest(stock)
    until = time.monotonic() + seconds + 120
    while len(seen) < count and time.monotonic() < until:
        with stock.workspace.desk(write=False) as desk:
            events = desk.events.read(after=after, limit=1000)
        now = datetime.now(UTC)
        for event in events:
            after = event.id
            if event.type.startswith("sla."):
                seen.append((now - datetime.fromisoformat(event.payload["at"])).total_seconds())
        time.sleep(0.02)
    seen.sort()
    print(
        f"  turning points: {len(seen):,} of {count:,} told, {rate} a second (armed in "
        f"{armed:.1f} s): p50 {percentile(seen, 50):.2f} s, p99 {percentile(seen, 99):.2f} s, "
        f"most {seen[-1]:.2f} s late",
        flush=True,
    )


def _newest(stock: Stock) -> int:
    with stock.workspace.desk(write=False) as desk:
        now = desk.clock()
        span = desk.events.span(after=now - timedelta(days=1), before=now + timedelta(days=1))
    return span[1] if span else 0


def closed(stock: Stock, count: int, *, first: int) -> None:
    """Make a year's closed conversations with what was measured of them."""
    wall = "(n % 3607 + (n % 9973 * 31 % 100) * (n % 9973 * 31 % 100) * 9)"
    met = f"({wall} < 30000)"
    ago = f"86400 * (1 + n % {DAYS}) + n % 40000"
    stock.conversations(count, first=first, ago=ago, status="'closed'")
    stock.run(
        "INSERT INTO sla_clocks (workspace_id, conversation_id, policy_id, sla_status, turned, "
        "first_response_met, first_response_spent, first_response_seconds, resolution_met, "
        "resolution_spent, resolution_seconds, next_response_met, next_response_breached, "
        "updated_at) "
        f"SELECT {stock.workspace.id}, {first} + n, {stock.policy}, "
        f"CASE WHEN {met} THEN 'met' ELSE 'breached' END, '[]', {met}, {wall} / 3, {wall}, "
        f"{met}, {wall}, {wall} * 4, n % 3, 0, {stock.ago('n % 86400')} FROM s",
        count,
    )
    with stock.workspace.desk() as desk:
        today = desk.clock().date()
        clocks.stale(desk, (today - timedelta(days=day) for day in range(DAYS + 3)))


def reports(stock: Stock, *, count: int) -> None:
    """Measure reports over a year of closed conversations, whose days the product adds up."""
    began = time.perf_counter()
    closed(stock, count, first=100_000_000)
    stock.analyse()
    made = time.perf_counter()
    days = 0
    while folding.fold_day(stock.workspace.desk):
        days += 1
    print(
        f"  {count:,} closed conversations made in {made - began:.0f} s; {days} days added up by "
        f"the product in {time.perf_counter() - made:.0f} s",
        flush=True,
    )
    stock.analyse()
    today = datetime.now(UTC).date()
    owner = stock.workspace.owner
    span = f"from={today - timedelta(days=367)}&to={today}"
    for kind in ("sla", "conversations"):
        for by in ("day", "mailbox", "agent", "channel", "policy"):
            times = []
            for _ in range(5):
                began = time.perf_counter()
                answer = owner.get(f"/reports/{kind}?group_by={by}&{span}")
                times.append(time.perf_counter() - began)
                assert answer.json["data"]["totals"]["conversations"] > count * 0.98
            times.sort()
            print(f"  /reports/{kind} by {by}: {times[2] * 1000:.0f} ms", flush=True)


def measure(url: str, folder: Path) -> None:
    """Measure everything on one database."""
    with ExitStack() as ended:
        desk: DeskUnderTest = make_desk(
            folder,
            url,
            plugins=("api", "email", "plans", "webhooks", "sla"),
            extra={"probe": probe},
            support__sqlite__synchronous="normal",
        )
        ended.callback(desk.application.close)
        stock = Stock(desk.workspace())
        print(f"{stock.dialect}:", flush=True)
        stock.policy = _policy(stock)
        ago = f"{MINUTES * 10} + n * 20"
        stock.conversations(arguments.open, first=1_000, ago=ago)
        stock.threads(arguments.open, first=1_000, ago=ago)
        armed(stock, first=1_000, count=arguments.open)
        stock.analyse()
        desk.application.jobs.start_workers(4)
        lateness(stock, first=50_000_000, rate=arguments.rate, seconds=arguments.seconds)
        lateness(stock, first=60_000_000, rate=arguments.burst, seconds=1)
        recomputation(stock)
        desk.application.jobs.stop()
        if arguments.all:
            reports(stock, count=arguments.all)


def _policy(stock: Stock) -> int:
    targets = {"normal": {"first_response": MINUTES}}
    body = {"name": "Everybody", "is_default": True, "targets": targets}
    made: int = stock.workspace.owner.post("/sla-policies", body).json["data"]["id"]
    stock.workspace.under_test.run_jobs()
    return made


def armed(stock: Stock, *, first: int, count: int) -> None:
    """Reckon the conversations that are open, which arms their timers, as messages would."""
    began = time.perf_counter()
    for start in range(first + 1, first + count + 1, 500):
        with stock.workspace.desk() as desk:
            jobs.refresh(desk, range(start, min(start + 500, first + count + 1)))
    took = time.perf_counter() - began
    print(f"  {count:,} open conversations reckoned and armed in {took:.0f} s", flush=True)


def main() -> None:
    """Measure what was asked for."""
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        urls = [arguments.url or f"sqlite:///{folder / 'bench.sqlite'}"]
        if arguments.postgresql:
            urls = []
        if arguments.both or arguments.postgresql:
            from tests.services.postgres import Cluster, driver_url  # noqa: PLC0415

            cluster = Cluster(durable=True)
            held.callback(cluster.stop)
            urls.append(driver_url(cluster.url))
        for number, url in enumerate(urls):
            own = folder / str(number)
            own.mkdir()
            measure(url, own)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url", nargs="?")
parser.add_argument("--both", action="store_true", help="SQLite, and a PostgreSQL of its own")
parser.add_argument("--postgresql", action="store_true", help="a PostgreSQL of its own only")
parser.add_argument("--open", type=int, default=100_000, help="open conversations")
parser.add_argument(
    "--all", type=int, default=1_000_000, help="conversations of the reports; 0 for no reports"
)
parser.add_argument("--patience", type=int, default=1200, help="seconds for a change of rules")
parser.add_argument("--rate", type=int, default=50, help="turning points in a second")
parser.add_argument("--seconds", type=int, default=60, help="for so long")
parser.add_argument("--burst", type=int, default=500, help="turning points within one second")

if __name__ == "__main__":
    arguments = parser.parse_args()
    main()
