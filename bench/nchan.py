"""The same streams by nginx's nchan over Redis, measured by the same clients."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from support_core import app
from tests.deploy.site import Nchan, Site, changed
from tests.services.nginx import Nginx
from tests.services.process import free_port
from tests.services.redis import Redis
from tests.serving.processes import bootstrap, running, write_ini

from .stream_client import Swarm
from .streams import PATH, Bench, opened, reconnect, to_all, warm_up

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

SECRET = "bench"  # noqa: S105 - of a nginx that lives for minutes, on loopback


@dataclass
class Behind(Bench):
    """A desk behind nginx, whose workers are what is measured."""

    nginx: Nginx
    address: tuple[str, int]

    def swarm(self, paths: Sequence[str]) -> Swarm:
        return Swarm(self.address, self.headers, paths, processes=self.options.client_processes)

    @property
    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.nginx.pid}/task/{self.nginx.pid}/children")
        return [int(word) for word in children.read_text().split()]

    @property
    def resident(self) -> int:
        found = 0
        for pid in self.workers:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            line = next(it for it in lines if it.startswith("Pss:"))  # what they share, once
            found += int(line.split()[1])
        return found

    @property
    def cpu(self) -> float:
        ticks = 0
        for pid in self.workers:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def lines_of_nchan(options: argparse.Namespace) -> list[str]:
    """Measure, and return the text of it."""
    number = options.streams
    with ExitStack() as stack:
        bench = _bench(stack, options)
        workers = len(bench.workers)
        warm_up(bench)
        swarm = bench.swarm([PATH] * number)
        try:
            before = bench.resident
            open_now, seconds = opened(swarm, number)
            time.sleep(2)
            memory = (bench.resident - before) / number
            row = to_all(bench, swarm)
            again, events = reconnect(bench, swarm)
        finally:
            swarm.stop()
    return [
        f"The same by nginx's nchan ({workers} workers) over Redis, with the plugin `nchan`: the "
        "desk authorises each stream, a worker publishes what was committed through nchan's "
        "location.",
        f"* {open_now:,} streams opened in {seconds:.1f} s.\n"
        f"* **{memory:.1f} KiB** of nginx's memory a stream.\n"
        f"* All {number:,} cut at once and back with nchan's `Last-Event-ID`, while {events} "
        "events happened: every stream had each of them once, in order, after "
        f"**{again:.1f} s**.",
        "| events | deliveries | p50 ms | p99 ms | most ms | nginx's CPU a delivery, µs |\n"
        f"|---|--:|--:|--:|--:|--:|\n{row.row()}",
    ]


def _bench(stack: ExitStack, options: argparse.Namespace) -> Behind:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
    redis = Redis()
    stack.callback(redis.stop)
    # Another address than the clients', whose connections hold most ports of theirs.
    publisher_address = f"127.0.0.8:{free_port()}"
    ini = write_ini(
        folder,
        "sqlite:///%(here)s/desk.sqlite",
        {
            "support.ratelimit.enabled": "false",
            "support.workers": "0",
            "support.plugins": "api plans nchan",
        },
    )
    nchan = {
        "support.nchan.url": f"http://{publisher_address}",
        "support.nchan.secret": SECRET,
    }
    given = "".join(f"{name} = {value}\n" for name, value in nchan.items())
    ini.write_text(changed(ini.read_text(), {"[server:main]": f"{given}\n[server:main]"}))
    made = bootstrap(ini)
    desk = stack.enter_context(running(ini, ready=""))
    application = app.build(
        {
            "sqlalchemy.url": f"sqlite:///{folder / 'desk.sqlite'}",
            "support.keys_file": str(folder / "var" / "keys"),
            "support.blobs.path": str(folder / "var" / "blobs"),
            "support.sqlite.synchronous": "off",
            "support.plugins": "api plans nchan",
            "support.log.level": "warning",
            **nchan,
        }
    ).registry.support
    stack.callback(application.close)
    application.jobs.start_workers(1)
    port = free_port()
    site = Site(
        f"127.0.0.1:{port}",
        [desk.url.removeprefix("http://")],
        nchan=Nchan(redis.url, publisher_address, SECRET),
    )
    files = site.files()
    name = "support-core/streams-nchan.conf"
    files[name] = changed(files[name], {"limit_conn support_streams 20;": ""})
    nginx = Nginx(
        files,
        addresses=(("127.0.0.1", port),),
        nchan=True,
        connections=3 * options.streams // 2 + 1000,
    )
    stack.callback(nginx.stop)
    headers = f"Authorization: Bearer {made['token']}\r\nAccept: text/event-stream\r\n".encode()
    return Behind(
        desk,
        application,
        int(made["workspace"]["id"]),
        headers,
        options,
        nginx,
        ("127.0.0.1", port),
    )
