"""A throw-away RabbitMQ on loopback, with virtual hosts for every worker of a run.

``python -m tests.services.rabbitmq`` says where the program is, or fails saying why not.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .process import LOOPBACK, Account, Server, ServerDied, free_port, on_free_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Not the one on PATH, which insists on being root or rabbitmq.
DEBIAN_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 120

SETTINGS = """\
listeners.tcp.1 = {host}:{port}
num_acceptors.tcp = 2
load_definitions = {folder}/definitions.json
log.file = false
log.console = true
log.console.level = error
disk_free_limit.absolute = 1MB
"""


class RabbitmqMissing(Exception):
    """No RabbitMQ can be started here; the message says why and what to do."""


def find_program() -> Path:
    """Return the server's start script. Raises RabbitmqMissing when there is none."""
    if os.access(DEBIAN_PROGRAM, os.X_OK) and shutil.which("epmd"):
        return DEBIAN_PROGRAM
    raise RabbitmqMissing(
        f"{DEBIAN_PROGRAM} is missing. Install it: apt-get install rabbitmq-server"
    )


class Rabbitmq:
    """A running RabbitMQ server; ``url`` is its address without a virtual host.

    With ``keep_for`` it ends with that process, not with this one.
    """

    def __init__(self, *, vhosts: Iterable[str], keep_for: int = 0) -> None:
        """Start the server. Raises RabbitmqMissing or ServerDied."""
        self._program = find_program()
        try:
            self._account = Account.unprivileged("rabbitmq", "nobody")
        except LookupError as error:
            raise RabbitmqMissing(f"RabbitMQ cannot be started: {error}") from error
        self._vhosts = tuple(vhosts)
        self._keep_for = keep_for
        self._password = secrets.token_hex(16)
        self._folder = self._account.folder("support-rabbitmq-")
        on_free_port(self._start_at)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def _start_at(self, port: int) -> None:
        self._port = port
        self.url = f"amqp://support:{self._password}@{LOOPBACK}:{port}"
        self.start()

    def start(self) -> None:
        """Start the server, after :meth:`kill` anew and empty, at the same address."""
        self._folder.mkdir(exist_ok=True)
        self._account.give(self._folder)
        shutil.rmtree(self._folder / "mnesia", ignore_errors=True)
        environment = self._environment()
        self._write("definitions.json", json.dumps(self._definitions()))
        self._write(
            "rabbitmq.conf", SETTINGS.format(host=LOOPBACK, port=self._port, folder=self._folder)
        )
        # Erlang's directory of nodes: our own, or it would start one that outlives the suite.
        directory = Path(self._account.folder("support-epmd-"))
        self._directory = Server(
            ["epmd", "-port", environment["ERL_EPMD_PORT"], "-address", LOOPBACK],
            folder=directory,
            account=self._account,
            environment=environment,
            keep_for=self._keep_for,
        )
        self._wait_for(self._directory, int(environment["ERL_EPMD_PORT"]))
        self._server = Server(
            [self._program],
            folder=self._folder,
            account=self._account,
            environment=environment,
            keep_for=self._keep_for,
        )
        # It listens once everything else is there.
        self._wait_for(self._server, self._port)

    def kill(self) -> None:
        """End the server as ``kill -9`` does, with all that it held."""
        self._server.kill()
        self._directory.stop()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.stop()
        self._directory.stop()

    def _environment(self) -> Mapping[str, str]:
        folder = self._folder
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_ALLOW_INPUT": "1",  # run Erlang in the place of the shell script
            "RABBITMQ_NODENAME": f"support{self._port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-noinput -kernel inet_dist_use_interface {127,0,0,1}"
            ),
        }

    def _definitions(self) -> dict[str, object]:
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        return {
            "users": [{"name": "support", "password": self._password, "tags": ""}],
            "vhosts": [{"name": name} for name in self._vhosts],
            "permissions": [
                {"user": "support", "vhost": name, **everything} for name in self._vhosts
            ],
        }

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.touch(mode=0o600)
        self._account.give(path)
        path.write_text(text)

    def _wait_for(self, server: Server, port: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            server.check()
            if time.monotonic() > deadline:
                server.stop()
                raise ServerDied(f"RabbitMQ was not ready after {START_SECONDS} s")
            time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection((LOOPBACK, port), timeout=5).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    try:
        sys.stdout.write(f"RabbitMQ: {find_program()}\n")
    except RabbitmqMissing as missing:
        raise SystemExit(str(missing)) from None
