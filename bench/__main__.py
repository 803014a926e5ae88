"""``python -m bench``: seed, serve, measure in interleaved rounds, report."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psycopg

from support_core.models import Conversation
from support_core.testing import make_desk
from tests.services.postgres import Cluster, driver_url

from . import report
from .client import measure, require_wrk, write_script
from .plan import Recorder, same
from .report import Series
from .seed import FIRST_CONVERSATION, Seeded, seed
from .servers import PLAN, SETTINGS, Served
from .workloads import Call, Workload, workloads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RESULTS = Path(__file__).with_name("RESULTS.md")
UNLIMITED = "1000000/second"
LIMITS = ("general", "conversation-creation", "conversation-reply")


@dataclass
class Stand:
    """One size of database with its two servers, ready to be measured."""

    size: int
    seeded: Seeded
    workloads: list[Workload]
    product: Served
    bare: Served
    folder: Path


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    require_wrk()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
        cluster = None
        if options.database == "postgresql":
            cluster = Cluster()
            stack.callback(cluster.stop)
        stands = []
        for size in options.conversations:
            stand = _stand(folder / str(size), size, cluster)
            stack.callback(stand.product.stop)
            stack.callback(stand.bare.stop)
            stands.append(stand)
        ceiling = _ceiling(stands[0], options.seconds)
        series = list(_measure(stands, options))
        described = _version(cluster)
    table, missed = report.table(series), report.verdicts(series)
    sizes = " and ".join(f"{size:,}" for size in options.conversations)
    text = "\n\n".join(
        [
            report.machine(described),
            f"{options.rounds} interleaved rounds of {options.seconds} s each, medians. The client "
            f"itself reaches {ceiling:,.0f} requests a second on an empty answer.",
            table,
            "Every target is met." if not missed else f"Missed: {'; '.join(missed)}.",
        ]
    )
    sys.stdout.write(f"\n{text}\n")
    if options.output is not None:
        title = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[options.database]
        report.write(options.output, f"{title}: {sizes} conversations", text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--conversations", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="the length of one round")
    parser.add_argument("--only", nargs="+", help="names of workloads", metavar="NAME")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the tables are kept")
    parser.add_argument("--dry", dest="output", action="store_const", const=None)
    return parser.parse_args()


def _version(cluster: Cluster | None) -> str:
    if cluster is None:
        return report.sqlite_version()
    with psycopg.connect(driver_url(cluster.url)) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return f"PostgreSQL {row[0] if row else ''} (fsync=off)"


def _stand(folder: Path, size: int, cluster: Cluster | None) -> Stand:
    """Seed a database, record the bare handler's plan, and start both servers."""
    folder.mkdir()
    settings: dict[str, Any] = {
        "support.sqlite.synchronous": "full",
        "support.public_url": "http://bench.test",
        "support.ratelimit.enabled": "true",
        **{f"support.ratelimit.{name}": UNLIMITED for name in LIMITS},
    }
    url = f"sqlite:///{folder / 'desk.sqlite'}"
    if cluster is not None:
        with psycopg.connect(driver_url(cluster.url), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "bench_{size}" TEMPLATE template0')
        url = f"{cluster.url.rpartition('/')[0]}/bench_{size}"
    desk = make_desk(folder, url, **{name.replace(".", "__"): it for name, it in settings.items()})
    _say(f"seeding {size:,} conversations")
    seeded = seed(desk.application, size)
    with desk.application.desk(seeded.workspace_id, write=False) as opened:
        half = opened.session.get_one(Conversation, FIRST_CONVERSATION + size // 2)
        wanted = workloads(seeded, (half.last_reply_at, half.id))
    plan = Recorder(desk.application, desk.wsgi, seeded.token).plan(wanted)
    desk.application.close()
    (folder / "plan.json").write_bytes(orjson.dumps(plan, option=orjson.OPT_NON_STR_KEYS))
    (folder / "settings.json").write_bytes(
        orjson.dumps(
            {
                **settings,
                "sqlalchemy.url": url,
                "support.plugins": "api plans",
                "support.keys_file": str(folder / "keys"),
                "support.blobs.path": str(folder / "blobs"),
                "support.log.level": "warning",
            }
        )
    )
    stand = Stand(
        size=size,
        seeded=seeded,
        workloads=wanted,
        product=Served(
            "bench.product_app:app",
            {SETTINGS: str(folder / "settings.json")},
            folder / "product.log",
        ),
        bare=Served("bench.bare_app:app", {PLAN: str(folder / "plan.json")}, folder / "bare.log"),
        folder=folder,
    )
    _check_equal(stand)
    return stand


def _check_equal(stand: Stand) -> None:
    """End the program unless both servers give the same answers."""
    for workload in stand.workloads:
        for call in workload.calls[:10] if workload.shape else ():
            ours = stand.product.ask(call, stand.seeded.token)
            theirs = stand.bare.ask(call, stand.seeded.token)
            if not same(ours, theirs, exactly=call.method == "GET"):
                raise SystemExit(f"{call} is answered differently:\n{ours!r}\n{theirs!r}")


def _ceiling(stand: Stand, seconds: int) -> float:
    script = write_script(stand.folder / "empty.lua", [Call("GET", "/")], stand.seeded.token)
    return measure(stand.bare.url, script, seconds=seconds).throughput


def _measure(stands: Sequence[Stand], options: argparse.Namespace) -> Iterator[Series]:
    """Measure workload by workload; within one, every server takes its turn in every round."""
    for index, workload in enumerate(stands[0].workloads):
        if options.only and workload.name not in options.only:
            continue
        rows = []
        for stand in stands:
            calls = stand.workloads[index].calls
            script = write_script(stand.folder / "calls.lua", calls, stand.seeded.token)
            measure(stand.product.url, script, seconds=1)  # warms caches up
            row = Series(workload.name, workload.meaning, workload.growth, stand.size)
            rows.append((stand, script, row))
        for _ in range(options.rounds):
            for stand, script, row in rows:
                row.product.append(measure(stand.product.url, script, seconds=options.seconds))
                if workload.shape:
                    row.bare.append(measure(stand.bare.url, script, seconds=options.seconds))
        for _, _, row in rows:
            ratio = "" if row.ratio is None else f", {row.ratio:.2f} of the bare handler"
            _say(f"{row.name} at {row.size:,}: {row.p50:.2f} ms{ratio}")
            yield row


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    main()
