"""``python -m bench.streams``: how many live streams one process holds, and how fast they are."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from threading import Thread
from typing import TYPE_CHECKING, Any

from support_core import app
from tests.services.redis import Redis
from tests.serving.processes import bootstrap, running, write_ini

from . import report
from .stream_client import Swarm, raise_file_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.application import Application
    from tests.serving.processes import Desk

    from .stream_client import Arrivals

RESULTS = Path(__file__).with_name("RESULTS.md")
PATH = "/api/support/events/stream"
ROUNDS = 10
#: Events that happen while nobody is connected.
MISSED = 20
PATIENCE = 120.0
MILLISECOND = 1000.0


@dataclass
class Bench:
    """A served desk, and an application beside it that publishes."""

    desk: Desk
    publisher: Application
    workspace_id: int
    headers: bytes
    options: argparse.Namespace

    def publish(self, mailbox_id: int = 0) -> tuple[int, float]:
        """Commit one event; return its id and when its transaction began."""
        began = time.monotonic()
        with self.publisher.desk(self.workspace_id) as desk:
            desk.events.publish("conversation.measured", conversation_id=1, mailbox_id=mailbox_id)
        with self.publisher.desk(self.workspace_id, write=False) as desk:
            return _head(desk), began

    def swarm(self, paths: Sequence[str]) -> Swarm:
        host, _, port = self.desk.url.removeprefix("http://").partition(":")
        return Swarm(
            (host, int(port)), self.headers, paths, processes=self.options.client_processes
        )

    @property
    def resident(self) -> int:
        """The server's memory, in KiB."""
        status = Path(f"/proc/{self.desk.process.pid}/status").read_text()
        line = next(it for it in status.splitlines() if it.startswith("VmRSS"))
        return int(line.split()[1])

    @property
    def cpu(self) -> float:
        """The server's processor time, in seconds."""
        fields = Path(f"/proc/{self.desk.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """What one scenario gave, as a row of the table."""

    name: str
    deliveries: int
    times: list[float]
    cpu: float

    def row(self) -> str:
        p99 = quantiles(self.times, n=100)[98]
        each = self.cpu / self.deliveries * 1e6
        return (
            f"| {self.name} | {self.deliveries:,} | {median(self.times) * MILLISECOND:.1f} "
            f"| {p99 * MILLISECOND:.1f} | {max(self.times) * MILLISECOND:.1f} | {each:.0f} |"
        )


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    raise_file_limit()
    with ExitStack() as stack:
        bench = _bench(stack, options)
        lines = _run(bench)
    if options.nchan:
        from .nchan import lines_of_nchan  # noqa: PLC0415 - it needs this module

        lines += lines_of_nchan(options)
    text = "\n\n".join([report.machine(report.sqlite_version()), *lines])
    sys.stdout.write(f"\n{text}\n")
    if options.output is not None:
        report.write(options.output, "Live streams", text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=main.__doc__)
    parser.add_argument("--streams", type=int, default=10_000)
    parser.add_argument("--events", type=int, default=1_000, help="to one stream each")
    parser.add_argument("--client-processes", type=int, default=2)
    parser.add_argument("--no-nchan", dest="nchan", action="store_false")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the tables are kept")
    parser.add_argument("--dry", dest="output", action="store_const", const=None)
    return parser.parse_args()


def _bench(stack: ExitStack, options: argparse.Namespace) -> Bench:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
    redis = Redis()
    stack.callback(redis.stop)
    ini = write_ini(
        folder,
        "sqlite:///%(here)s/desk.sqlite",
        {
            "support.bus": f"{redis.url}/0",
            "support.ratelimit.enabled": "false",
            "support.streams.max": str(options.streams + 100),
            "support.streams.per_caller": str(options.streams + 100),
            "support.workers": "0",
            "support.plugins": "api plans",
        },
    )
    made = bootstrap(ini)
    desk = stack.enter_context(running(ini, ready=""))
    configured = app.build(
        {
            "sqlalchemy.url": f"sqlite:///{folder / 'desk.sqlite'}",
            "support.keys_file": str(folder / "var" / "keys"),
            "support.blobs.path": str(folder / "var" / "blobs"),
            "support.sqlite.synchronous": "off",
            "support.bus": f"{redis.url}/0",
            "support.plugins": "api plans",
            "support.log.level": "warning",
        }
    )
    publisher: Application = configured.registry.support
    stack.callback(publisher.close)
    headers = f"Authorization: Bearer {made['token']}\r\nAccept: text/event-stream\r\n".encode()
    workspace_id = int(made["workspace"]["id"] if "workspace" in made else made["workspace_id"])
    return Bench(desk, publisher, workspace_id, headers, options)


def _run(bench: Bench) -> list[str]:
    number = bench.options.streams
    warm_up(bench)
    swarm = bench.swarm([PATH] * number)
    try:
        before = bench.resident
        open_now, seconds = opened(swarm, number)
        time.sleep(2)
        memory = (bench.resident - before) / number
        _say(f"{open_now:,} streams in {seconds:.1f} s, {memory:.1f} KiB each")
        rows = [to_all(bench, swarm)]
        again, events = reconnect(bench, swarm)
    finally:
        swarm.stop()
    rows.append(_to_one_each(bench))
    return [
        f"One `support-core serve` process (SQLite, bus over Redis, uvloop), {number:,} streams of "
        f"one workspace over loopback, the clients in {bench.options.client_processes} processes "
        "on the same machine; events are committed by another process.",
        f"* {open_now:,} streams opened in {seconds:.1f} s, each authenticated as any request is.\n"
        f"* **{memory:.1f} KiB** of resident memory a stream.\n"
        f"* All {number:,} cut at once and back with `Last-Event-ID`, while {events} events "
        f"happened: every stream had each of them once, in order, after **{again:.1f} s**.",
        "| events | deliveries | p50 ms | p99 ms | most ms | server CPU a delivery, µs |\n"
        "|---|--:|--:|--:|--:|--:|\n" + "\n".join(row.row() for row in rows),
        "Times run from the beginning of the transaction that commits the event to its arrival at "
        "the client.",
    ]


def warm_up(bench: Bench) -> None:
    """Let everything have been used once."""
    swarm = bench.swarm([PATH] * 200)
    swarm.open()
    bench.publish()
    swarm.wait_for(200, patience=PATIENCE)
    swarm.stop()
    time.sleep(1)


def opened(swarm: Swarm, number: int) -> tuple[int, float]:
    """Open all streams; return how many are, and the seconds that took."""
    began = time.monotonic()
    open_now = swarm.open()
    if open_now != number:
        raise SystemExit(f"{open_now} of {number} streams are open")
    return open_now, time.monotonic() - began


def to_all(bench: Bench, swarm: Swarm) -> Measured:
    """Publish some events, one after the other has reached everybody."""
    number, times, cpu = bench.options.streams, [], 0.0
    for _ in range(ROUNDS):
        swarm.forget()
        used = bench.cpu
        id_, began = bench.publish()
        swarm.wait_for(number, patience=PATIENCE)
        cpu += bench.cpu - used
        arrivals = swarm.collect()
        _require(arrivals, [[id_]] * number)
        times += [moment - began for stream in arrivals for _, moment in stream]
    _say(f"one to all: {median(times) * MILLISECOND:.1f} ms")
    return Measured("1 to all", ROUNDS * number, times, cpu)


def _to_one_each(bench: Bench) -> Measured:
    """Publish events that are each for one stream, as fast as they can be committed."""
    number, events = bench.options.streams, bench.options.events
    swarm = bench.swarm([f"{PATH}?mailbox_id={1 + index}" for index in range(number)])
    try:
        opened(swarm, number)
        swarm.forget()
        used = bench.cpu
        began = dict(bench.publish(1 + index * (number // events)) for index in range(events))
        swarm.wait_for(events, patience=PATIENCE)
        cpu = bench.cpu - used
        arrivals = swarm.collect()
    finally:
        swarm.stop()
    got = sorted(id_ for stream in arrivals for id_, _ in stream)
    if got != sorted(began) or any(len(stream) > 1 for stream in arrivals):
        raise SystemExit("Events went to other streams than they are for.")
    times = [moment - began[id_] for stream in arrivals for id_, moment in stream]
    _say(f"one each: {median(times) * MILLISECOND:.1f} ms")
    return Measured(f"{events:,} to one each", events, times, cpu)


def reconnect(bench: Bench, swarm: Swarm) -> tuple[float, int]:
    """Cut all streams, and let them come back while more happens."""
    swarm.forget()
    swarm.cut()
    wanted = [bench.publish()[0] for _ in range(MISSED)]
    later: list[int] = []

    def meanwhile() -> None:
        for _ in range(MISSED):
            later.append(bench.publish()[0])
            time.sleep(0.2)

    publishing = Thread(target=meanwhile)
    began = time.monotonic()
    publishing.start()
    opened(swarm, bench.options.streams)
    publishing.join()
    wanted += later
    swarm.wait_for(len(wanted) * bench.options.streams, patience=PATIENCE)
    seconds = time.monotonic() - began
    _require(swarm.collect(), [wanted] * bench.options.streams)
    _say(f"all back in {seconds:.1f} s")
    return seconds, len(wanted)


def _require(arrivals: Sequence[Arrivals], wanted: Sequence[list[int]]) -> None:
    for stream, ids in zip(arrivals, wanted, strict=True):
        got = [id_ for id_, _ in stream]
        if got != ids:
            raise SystemExit(f"A stream had {got[:50]} instead of {ids[:50]}.")


def _head(desk: Any) -> int:
    from support_core.streams.log import head  # noqa: PLC0415 - beside the one use

    return head(desk.session)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
