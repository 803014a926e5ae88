"""How many signed webhooks a second the desk takes, and whether a kill loses one.

``python -m bench.whatsapp [--seconds N] [--connections N] [--database sqlite|postgresql] [--dry]``:
one ``support-core serve`` process with its workers inside, as ``make run`` has it, on a database of
its own; the client is another process on the same machine. Each webhook is a text with an id of
its own. In the middle the server is killed (SIGKILL) and started anew; at the end every webhook
that was answered 200 must be a message in the desk, once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from support_core.testing import make_desk
from support_whatsapp.signatures import HEADER, signature
from support_whatsapp.simulator import Customer
from tests.services.postgres import Cluster
from tests.services.process import LOOPBACK, free_port

from . import report

if TYPE_CHECKING:
    from collections.abc import Sequence

RESULTS = Path(__file__).with_name("RESULTS.md")
SECRET = "bench-secret"  # noqa: S105 - of a benchmark
NUMBER = "106540352242922"
WANTED = 500
CUSTOMERS = 200
START_SECONDS = 60
SETTLE_SECONDS = 900


@dataclass
class Tally:
    """What the client saw: ids that were answered 200, the milliseconds of each, and the rest."""

    taken: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: int = 0
    broken: int = 0


class Server:
    """The desk as a process."""

    def __init__(self, ini: Path, port: int) -> None:
        self.port = port
        self._ini = ini
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""

        command = Path(sys.executable).with_name("support-core")
        self._process = subprocess.Popen([command, "-c", self._ini, "serve"])
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                asyncio.run(_get(self.port))
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit("The desk did not start.")

    def processor_seconds(self) -> float:
        """Return the processor time that it and its threads have had."""
        assert self._process is not None
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("ascii").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End it as a power cut of the process would."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(30)


async def _get(port: int) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(b"GET /api/support/healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
    await writer.drain()
    if b" 200 " not in await reader.readline():
        raise OSError("not ready")
    writer.close()


@dataclass(frozen=True)
class Load:
    """What the client is to do; ``start`` is the first message's number."""

    port: int
    account: int
    seconds: float
    connections: int
    start: int


def client(load: Load, results: Any) -> None:
    """Post webhooks as fast as they are answered; put the tally into ``results``."""
    results.put(asyncio.run(_all(load)))


async def _all(load: Load) -> Tally:
    tally = Tally()
    end = time.monotonic() + load.seconds
    numbers = iter(range(load.start, load.start + 10_000_000))
    await asyncio.gather(*(_connection(load, end, numbers, tally) for _ in range(load.connections)))
    return tally


async def _connection(load: Load, end: float, numbers: Any, tally: Tally) -> None:
    writer = None
    port, account = load.port, load.account
    while time.monotonic() < end:
        number = next(numbers)
        name, request = _request(port, account, number)
        try:
            if writer is None:
                reader, writer = await asyncio.open_connection(LOOPBACK, port)
            started = time.perf_counter()
            writer.write(request)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            tally.broken += 1
            writer = None
            await asyncio.sleep(0.05)
            continue
        if b" 200 " in head.partition(b"\r\n")[0]:
            tally.taken.append(name)
            tally.took.append((time.perf_counter() - started) * 1000)
        else:
            tally.refused += 1
    if writer is not None:
        writer.close()


def _request(port: int, account: int, number: int) -> tuple[str, bytes]:
    name = f"wamid.bench{number}"
    customer = Customer(NUMBER, str(31_600_000_000 + number % CUSTOMERS), f"Customer {number}")
    body = json.dumps(customer.says(f"Message number {number}", id=name)).encode()
    head = (
        f"POST /api/support/whatsapp/webhook/{account} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\n"
        f"Content-Type: application/json\r\n{HEADER}: {signature(SECRET, body)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return name, head.encode() + body


def main() -> None:
    """Measure, kill, measure, and count."""
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
        url = f"sqlite:///{folder / 'desk.sqlite'}"
        if options.database == "postgresql":
            cluster = Cluster()
            stack.callback(cluster.stop)
            url = cluster.url
        account = _desk(folder, url)
        port = free_port()
        server = Server(_ini(folder, url, port), port)
        stack.callback(server.stop)
        server.start()
        before = server.processor_seconds()
        steady = _measure(server, account, options, 0)
        spent = server.processor_seconds() - before
        during = _measure(server, account, options, 1_000_000, kill=True)
        taken = [*steady.taken, *during.taken]
        settled = _settle(url, taken)
    rate = len(steady.taken) / options.seconds
    median, slow = _quantile(steady.took, 50), _quantile(steady.took, 99)
    busy = f"load average {os.getloadavg()[0]:.1f} at the end, other work on the machine included"
    lines = [
        f"{report.machine(options.database)} {busy}.",
        f"`python -m bench.whatsapp --database {options.database}`: one `support-core serve` "
        f"process with 4 workers inside, {options.connections} connections for {options.seconds} s,"
        " the client on the same machine.",
        f"* **{rate:,.0f} signed webhooks a second** answered 200 (wanted: {WANTED}); median "
        f"{median:.1f} ms, 99th percentile {slow:.1f} ms; {steady.refused} refused, "
        f"{steady.broken} broken off. {spent / max(1, len(steady.taken)) * 1000:.2f} ms of "
        "processor time each in the server's process, all that it does included.",
        f"* Killed with SIGKILL in the middle of another {options.seconds} s: "
        f"{len(during.taken):,} answered 200, {during.broken} broken off. Of all {len(taken):,} "
        f"that were answered, {settled.missing} were missing and {settled.twice} there twice, once "
        f"the desk had worked them off ({settled.seconds:.0f} s after the end, {settled.rate:,.0f} "
        "a second).",
    ]
    shown = "\n\n".join([*lines[:2], "\n".join(lines[2:])])
    sys.stdout.write(f"\n{shown}\n")
    if options.output is not None:
        name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[options.database]
        report.write(options.output, f"WhatsApp webhooks: {name}", shown)
    if settled.missing or settled.twice:
        raise SystemExit("Webhooks were lost, or filed twice.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.whatsapp", description=main.__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the figures are kept")
    parser.add_argument("--dry", dest="output", action="store_const", const=None)
    return parser.parse_args()


def _desk(folder: Path, url: str) -> int:
    """Make the database with one number in it; return the account's id."""
    desk = make_desk(folder, url, plugins=("whatsapp", "plans"))
    workspace = desk.workspace()
    body = {
        "mailbox_id": workspace.mailbox(),
        "phone_number_id": NUMBER,
        "access_token": "token",
        "app_secret": SECRET,
    }
    account: int = workspace.owner.post("/whatsapp/accounts", body).json["data"]["id"]
    desk.application.close()
    return account


def _ini(folder: Path, url: str, port: int) -> Path:
    settings = {
        "use": "egg:support-core",
        "sqlalchemy.url": url.replace("%", "%%"),
        "support.plugins": "whatsapp plans",
        "support.keys_file": str(folder / "keys"),
        "support.blobs.path": str(folder / "blobs"),
        "support.sqlite.synchronous": "full",
        "support.log.level": "warning",
        # Nobody listens there: what the desk asks of Meta fails at once.
        "support.whatsapp.graph_url": "http://127.0.0.1:9",
    }
    lines = ["[app:main]", *(f"{name} = {value}" for name, value in settings.items())]
    served = ["[server:main]", "use = egg:support-core#serve", f"listen = {LOOPBACK}:{port}"]
    ini = folder / "bench.ini"
    ini.write_text("\n".join([*lines, "", *served, ""]))
    return ini


def _measure(
    server: Server, account: int, options: argparse.Namespace, start: int, *, kill: bool = False
) -> Tally:
    results: Any = multiprocessing.Queue()
    wanted = Load(server.port, account, options.seconds, options.connections, start)
    load = multiprocessing.Process(target=client, args=(wanted, results))
    load.start()
    if kill:
        time.sleep(options.seconds / 2)
        server.kill()
        server.start()
    tally: Tally = results.get(timeout=options.seconds + START_SECONDS + 60)
    load.join()
    return tally


@dataclass
class Settled:
    """What came of all webhooks."""

    missing: int
    twice: int
    seconds: float
    rate: float


def _settle(url: str, taken: Sequence[str]) -> Settled:
    """Wait until everything is worked off, and count what was taken."""
    engine = create_engine(url)
    started = time.monotonic()
    waiting = text("SELECT count(*) FROM whatsapp_payloads WHERE state = 'received'")
    first = None
    while time.monotonic() - started < SETTLE_SECONDS:
        with engine.connect() as connection:
            left = connection.execute(waiting).scalar_one()
        first = left if first is None else first
        if not left:
            break
        time.sleep(0.5)
    seconds = time.monotonic() - started
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT external_id FROM threads WHERE type = 'customer'"))
        found = [row[0] for row in rows]
    engine.dispose()
    return Settled(
        missing=len(set(taken) - set(found)),
        twice=len(found) - len(set(found)),
        seconds=seconds,
        rate=(first or 0) / seconds if seconds else 0.0,
    )


def _quantile(took: Sequence[float], percent: int) -> float:
    return statistics.quantiles(took, n=100)[percent - 1] if len(took) > 1 else 0.0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
