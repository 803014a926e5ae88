"""The visitors of :mod:`bench.chat` by nginx's nchan over Redis, measured by the same clients.

On PostgreSQL: the worker that publishes is another process than the agents'.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import make_url

from support_core import app
from tests.deploy.site import Nchan, Site, changed
from tests.services.nginx import Nginx
from tests.services.postgres import Cluster, driver_url
from tests.services.process import free_port
from tests.services.redis import Redis
from tests.serving.processes import bootstrap, running, write_ini

from .chat import HEADERS, PLUGINS, Chats, people
from .chat_agents import Agents
from .nchan import SECRET, Behind

if TYPE_CHECKING:
    import argparse
    from contextlib import ExitStack


@dataclass
class ChatsBehind(Behind, Chats):
    """The visitors' paths, at nginx, whose workers are what is measured."""

    redis: Redis
    cluster: Cluster

    @property
    def used(self) -> dict[str, float]:
        """See :attr:`Chats.used`; the clients' own is not in it."""
        return {
            "agents": self.agents.used,
            "PostgreSQL": _used_by(self.cluster.pid),
            "worker": _used_by(self.desk.process.pid),
            "Redis": _used_by(self.redis.pid),
            "nginx": self.cpu,
        }


def _used_by(pid: int) -> float:
    """Return the processor time of a process and its children, in seconds."""
    seconds = 0.0
    # A connection of PostgreSQL may end while it is looked at.
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        seconds += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        children = [it.read_text() for it in Path(f"/proc/{pid}/task").glob("*/children")]
        seconds += sum(_used_by(int(child)) for child in " ".join(children).split())
    return seconds


def behind_nginx(stack: ExitStack, options: argparse.Namespace) -> ChatsBehind:
    """Return a desk behind nginx, whose worker publishes, and the visitors."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="support-bench-")))
    redis = Redis()
    stack.callback(redis.stop)
    cluster = Cluster()
    stack.callback(cluster.stop)
    with psycopg.connect(driver_url(cluster.url), autocommit=True) as connection:
        connection.execute("CREATE DATABASE bench")
    database = make_url(cluster.url).set(database="bench")
    url = database.render_as_string(hide_password=False)
    # Another address than the clients', whose connections hold most ports of theirs.
    publisher_address = f"127.0.0.8:{free_port()}"
    shared = {
        "support.bus": f"{redis.url}/0",
        "support.broker": f"{redis.url}/1",
        "support.plugins": f"{PLUGINS} nchan",
        "support.nchan.url": f"http://{publisher_address}",
        "support.nchan.secret": SECRET,
    }
    ini = write_ini(
        folder,
        url,
        {
            "support.ratelimit.enabled": "false",
            "support.workers": "1",
            **{name: value for name, value in shared.items() if "nchan." not in name},
        },
    )
    nchan = {name: value for name, value in shared.items() if "nchan." in name}
    given = "".join(f"{name} = {value}\n" for name, value in nchan.items())
    ini.write_text(changed(ini.read_text(), {"[server:main]": f"{given}\n[server:main]"}))
    made = bootstrap(ini)
    desk = stack.enter_context(running(ini, ready=""))
    settings = {
        "sqlalchemy.url": url,
        "support.keys_file": str(folder / "var" / "keys"),
        "support.blobs.path": str(folder / "var" / "blobs"),
        "support.log.level": "warning",
        **shared,
    }
    application = app.build(settings).registry.support
    stack.callback(application.close)
    port = free_port()
    site = Site(
        f"127.0.0.1:{port}",
        [desk.url.removeprefix("http://")],
        nchan=Nchan(redis.url, publisher_address, SECRET),
    )
    nginx = Nginx(
        site.files(),
        addresses=(("127.0.0.1", port),),
        nchan=True,
        connections=3 * options.visitors // 2 + 1000,
    )
    stack.callback(nginx.stop)
    bench = ChatsBehind(
        desk=desk,
        publisher=application,
        workspace_id=int(made["workspace"]["id"]),
        headers=HEADERS,
        options=options,
        nginx=nginx,
        redis=redis,
        cluster=cluster,
        address=("127.0.0.1", port),
        paths=[],
        conversations=[],
        agent_id=0,
        agents=Agents(stack, settings, options.agents),
    )
    people(bench)
    # A database that has run for a minute knows how large its tables are, from its autovacuum.
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return bench
