"""The machines: servers, an ini made of production.ini, and the processes of the desk."""

from __future__ import annotations

import contextlib
import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import psycopg

from tests.deploy.site import Nchan, Site
from tests.packaging.layout import ROOT
from tests.services.nginx import Nginx
from tests.services.postgres import Cluster, driver_url
from tests.services.process import free_port
from tests.services.rabbitmq import Rabbitmq
from tests.services.redis import Redis

from . import processes
from .processes import BIN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .processes import Process

FIRST, SECOND, THIRD, FOURTH = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
SECRET = "rehearsed-secret"

#: Lines that docs/deploying.md says to change for many machines.
DOCUMENTED = frozenset(
    {
        "sqlalchemy.url",
        "support.keys_file",
        "support.blobs.path",
        "support.public_url",
        "support.workers",
        "support.broker",
        "support.bus",
        "support.ratelimit.storage",
        "support.metrics.token",
        "support.plugins",
        "support.nchan.url",
        "support.nchan.secret",
        "trusted_proxies",
    }
)
#: Those that a rehearsal needs besides: short leases, limits above its traffic, and receivers on
#: this very machine.
REHEARSED = frozenset(
    {
        "support.jobs.lease",
        "support.outgoing.allowed_networks",
        "support.ratelimit.general",
        "support.ratelimit.conversation-creation",
        "support.ratelimit.conversation-reply",
    }
)
LEASE = 5


def production_ini(path: Path, changes: Mapping[str, str]) -> Path:
    """Write production.ini with other values; a line that is not there, commented or not, fails."""
    lines = (ROOT / "production.ini").read_text().splitlines()
    for name, value in changes.items():
        given = [number for number, line in enumerate(lines) if line.startswith(f"{name} =")]
        offered = [number for number, line in enumerate(lines) if line.startswith(f"# {name} =")]
        (number,) = given or offered
        lines[number] = f"{name} = {value.replace('%', '%%')}"
    text = "\n".join(lines) + "\n"
    path.write_text(text)
    return path


@dataclass
class Front:
    """One nginx and where it is reached."""

    server: Nginx
    site: Site

    @property
    def url(self) -> str:
        return f"http://{self.site.listen}"

    def drain(self, address: str) -> None:
        """Send nothing new to this process."""
        self.site.down.add(address)
        self._apply()

    def undrain(self, address: str) -> None:
        """Send requests to this process again."""
        self.site.down.discard(address)
        self._apply()

    def _apply(self) -> None:
        self.server.write("support-core/upstreams.conf", self.site.upstreams())
        self.server.reload()


class Installation:
    """Everything that runs; leaving it ends all of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with self._stack:
            self._start_servers()
            self._write_inis()
            self._plan_processes()
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_servers(self) -> None:
        self.cluster = Cluster(durable=True)
        self._stack.callback(self.cluster.stop)
        self.redis = Redis()
        self._stack.callback(self.redis.stop)
        self.rabbitmq = Rabbitmq(vhosts=["desk"])
        self._stack.callback(self.rabbitmq.stop)
        self.database_url = self.create_database("desk")

    def create_database(self, name: str) -> str:
        """Create an empty database and return its URL."""
        with psycopg.connect(driver_url(self.cluster.url), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return f"{self.cluster.url.rpartition('/')[0]}/{name}"

    def _write_inis(self) -> None:
        self.port = {name: free_port() for name in ("web1", "web2", "gateway", "publisher")}
        self.blobs = self.folder / "blobs"
        self.changes = {
            "support.plugins": "api plans webhooks nchan",
            "sqlalchemy.url": self.database_url,
            "support.keys_file": str(self.folder / "keys"),
            "support.blobs.path": str(self.blobs),
            "support.public_url": "https://desk.example.com",
            "support.broker": f"{self.rabbitmq.url}/desk",
            "support.workers": "0",
            "support.bus": f"{self.redis.url}/1",
            "support.ratelimit.storage": f"{self.redis.url}/2",
            "support.metrics.token": "metrics",
            "support.nchan.url": f"http://{THIRD}:{self.port['publisher']}",
            "support.nchan.secret": SECRET,
            "trusted_proxies": "127.0.0.0/8",
            "support.jobs.lease": str(LEASE),
            "support.outgoing.allowed_networks": "127.0.0.0/8",
            "support.ratelimit.general": "1000000/minute",
            "support.ratelimit.conversation-creation": "1000000/minute",
            "support.ratelimit.conversation-reply": "1000000/minute",
        }
        assert self.changes.keys() == DOCUMENTED | REHEARSED
        self.ini = production_ini(self.folder / "production.ini", self.changes)
        # Who has nchan needs no gateway for these streams. Both are tried here.
        without = {name: it for name, it in self.changes.items() if "nchan" not in name}
        without["support.plugins"] = "api plans webhooks"
        self.gateway_ini = production_ini(self.folder / "gateway.ini", without)

    def _plan_processes(self) -> None:
        ini, folder, port = self.ini, self.folder, self.port
        self.web = {
            "web1": processes.web("web1", FIRST, port["web1"], ini=ini, folder=folder),
            "web2": processes.web("web2", SECOND, port["web2"], ini=ini, folder=folder),
        }
        self.workers = {
            name: processes.worker(name, ini=ini, folder=folder) for name in ("worker1", "worker2")
        }
        self.gateway = processes.gateway(
            "gateway", FIRST, port["gateway"], ini=self.gateway_ini, folder=folder
        )
        for process in self.all_processes():
            self._stack.callback(process.kill)

    def all_processes(self) -> list[Process]:
        """Return the processes of the desk."""
        return [*self.web.values(), *self.workers.values(), self.gateway]

    def address(self, name: str) -> str:
        """Return where nginx reaches a web process."""
        return f"{FIRST if name == 'web1' else SECOND}:{self.port[name]}"

    def start_nginx(self) -> None:
        """Start both: one with nchan, one with the gateway behind it."""
        web = [self.address(name) for name in self.web]
        publisher = f"{THIRD}:{self.port['publisher']}"
        nchan = Nchan(self.redis.url, publisher, SECRET)
        gateway = f"{FIRST}:{self.port['gateway']}"
        self.nginx = self._nginx(Site(f"{THIRD}:{free_port()}", web, gateway, nchan=nchan))
        self.nginx_of_gateway = self._nginx(Site(f"{FOURTH}:{free_port()}", web, gateway))

    def _nginx(self, site: Site) -> Front:
        host, _, port = site.listen.rpartition(":")
        server = Nginx(site.files(), addresses=((host, int(port)),), nchan=site.nchan is not None)
        self._stack.callback(server.stop)
        return Front(server, site)

    def support_core(self, *arguments: str, ini: Path | None = None) -> str:
        """Run a command; raises for one that fails, with what it said."""
        done = subprocess.run(
            [BIN / "support-core", "-c", ini or self.ini, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"support-core {' '.join(arguments)}: {done.stderr}{done.stdout}")
        return done.stdout

    def bootstrap(self) -> dict[str, Any]:
        """Make a workspace; returns it with its owner's token."""
        words = ("--workspace", "Shop", "--email", "owner@shop.example", "--plan", "pro", "--json")
        made: dict[str, Any] = json.loads(self.support_core("bootstrap", *words))
        return made
