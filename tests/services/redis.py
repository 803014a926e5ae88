"""A throw-away Redis on loopback, which keeps nothing on disk.

``python -m tests.services.redis`` says where the program is, or fails saying why not.
"""

from __future__ import annotations

import secrets
import shutil
import socket
import sys
import time
from pathlib import Path

from .process import LOOPBACK, Account, Server, ServerDied, on_free_port

START_SECONDS = 120
#: Databases of one server, so that every worker of a run has some of its own.
DATABASES = 256


class RedisMissing(Exception):
    """No Redis can be started here; the message says why and what to do."""


def find_program() -> Path:
    """Return the server's program. Raises RedisMissing when there is none."""
    found = shutil.which("redis-server")
    if found is None:
        raise RedisMissing("redis-server is not on PATH. Install it: apt-get install redis-server")
    return Path(found)


class Redis:
    """A running Redis server; ``url`` is its address without a database number.

    With ``keep_for`` it ends with that process, not with this one.
    """

    def __init__(self, *, keep_for: int = 0) -> None:
        """Start the server. Raises RedisMissing or ServerDied."""
        self._program = find_program()
        try:
            self._account = Account.unprivileged("redis", "nobody")
        except LookupError as error:
            raise RedisMissing(f"Redis cannot be started: {error}") from error
        self._keep_for = keep_for
        self._password = secrets.token_hex(16)
        self._folder = self._account.folder("support-redis-")
        on_free_port(self._start_at)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def _start_at(self, port: int) -> None:
        self._port = port
        self.url = f"redis://:{self._password}@{LOOPBACK}:{port}"
        self.start()

    def start(self) -> None:
        """Start the server, after :meth:`kill` anew and empty, at the same address."""
        self._folder.mkdir(exist_ok=True)
        self._account.give(self._folder)
        settings = self._folder / "redis.conf"
        settings.touch(mode=0o600)
        self._account.give(settings)
        settings.write_text(
            f"bind {LOOPBACK}\nport {self._port}\nrequirepass {self._password}\n"
            f'databases {DATABASES}\nsave ""\nappendonly no\ndir {self._folder}\n'
        )
        self._server = Server(
            [self._program, settings],
            folder=self._folder,
            account=self._account,
            keep_for=self._keep_for,
        )
        self._wait_until_ready()

    def kill(self) -> None:
        """End the server as ``kill -9`` does, with all that it held."""
        self._server.kill()

    def stop(self) -> None:
        """End the server and remove its folder."""
        self._server.stop()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            self._server.check()
            if time.monotonic() > deadline:
                self._server.stop()
                raise ServerDied(f"Redis was not ready after {START_SECONDS} s")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self._port), timeout=5) as connection:
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (part := connection.recv(100)):
                    answer += part
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"Redis: {find_program()}\n")
    except RedisMissing as missing:
        raise SystemExit(str(missing)) from None
