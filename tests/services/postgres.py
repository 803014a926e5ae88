"""A throw-away PostgreSQL cluster on loopback, and one database of it for each worker.

``python -m tests.services.postgres`` says where the programs are, or fails saying why not.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .process import LOOPBACK, Account, Server, ServerDied, on_free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

DEBIAN_HOME = Path("/usr/lib/postgresql")
PROGRAMS = ("initdb", "postgres")
START_SECONDS = 120

# Nothing here outlives the suite, so nothing is worth a wait for the disk.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_senders": "0",
    "wal_level": "minimal",
    "autovacuum_naptime": "10min",
    "timezone": "UTC",
}


class PostgresMissing(Exception):
    """No PostgreSQL can be started here; the message says why and what to do."""


def find_programs() -> Path:
    """Return the folder that holds PostgreSQL's server programs, the newest one of Debian's.

    Raises PostgresMissing when there is none.
    """
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    if DEBIAN_HOME.is_dir():
        versions = [home for home in DEBIAN_HOME.iterdir() if home.name.isdecimal()]
        versions.sort(key=lambda home: int(home.name), reverse=True)
        candidates += [home / "bin" for home in versions]
    for folder in candidates:
        if all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
            return folder
    raise PostgresMissing(
        "PostgreSQL's server programs (initdb, postgres) are neither on PATH nor under "
        f"{DEBIAN_HOME}. Install them: apt-get install postgresql"
    )


class Cluster:
    """A running PostgreSQL server with an empty data folder of its own.

    ``url`` is SQLAlchemy's address of its maintenance database, with a password made for this
    cluster: loopback is shared by everybody on the machine.
    """

    def __init__(self, *, durable: bool = False) -> None:
        """Create and start the cluster. Raises PostgresMissing or ServerDied.

        A ``durable`` one has written what it committed when it says so, as it must be for
        :meth:`kill`.
        """
        self._changes = {"synchronous_commit": "on"} if durable else {}
        self.programs = find_programs()
        try:
            self._account = Account.unprivileged("postgres", "nobody")
        except LookupError as error:
            raise PostgresMissing(f"PostgreSQL cannot be started: {error}") from error
        self._password = secrets.token_hex(16)
        on_free_port(self._start_at)

    def _start_at(self, port: int) -> None:
        self._port = port
        self.url = f"postgresql+psycopg://postgres:{self._password}@{LOOPBACK}:{port}/postgres"
        self._server = _start(
            self.programs, self._account, password=self._password, port=port, changes=self._changes
        )
        _wait_until_ready(self._server, self.url)

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._server.pid

    def kill(self) -> None:
        """End the server as ``kill -9`` of all its processes does; its data stay."""
        pids = [self.pid, *map(int, _children(self.pid))]
        self._server.kill()
        for pid in pids[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """Start the server again, after :meth:`kill`, on the same data; it recovers them first."""
        folder = self._server.folder
        (folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self._server = _launch(
            self.programs,
            self._account,
            folder=folder,
            port=self._port,
            changes=self._changes,
        )
        _wait_until_ready(self._server, self.url)

    def stop(self) -> None:
        """Disconnect everybody, end the server and remove its folder."""
        self._server.stop()


def _start(
    programs: Path, account: Account, *, password: str, port: int, changes: Mapping[str, str]
) -> Server:
    folder = account.folder("support-postgres-")
    data = folder / "data"
    try:
        password_file = folder / "password"
        password_file.touch(mode=0o600)
        account.give(password_file)
        password_file.write_text(password)
        _initialise(programs / "initdb", data, password_file, account)
        password_file.unlink()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _launch(programs, account, folder=folder, port=port, changes=changes)


def _launch(
    programs: Path, account: Account, *, folder: Path, port: int, changes: Mapping[str, str]
) -> Server:
    data = folder / "data"
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, **changes}.items()]
    command: list[str | Path] = [programs / "postgres", "-D", data, f"--port={port}", *settings]
    # SIGQUIT is PostgreSQL's immediate shutdown: what it holds is thrown away, not written.
    return Server(command, folder=folder, account=account, stop_signal="SIGQUIT")


def _initialise(initdb: Path, data: Path, password_file: Path, account: Account) -> None:
    done = subprocess.run(
        [
            initdb,
            f"--pgdata={data}",
            "--username=postgres",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        cwd=data.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **account.popen_options,
    )
    if done.returncode:
        raise ServerDied(f"initdb failed:\n{done.stdout}{done.stderr}")


def _wait_until_ready(server: Server, url: str) -> None:
    import psycopg  # noqa: PLC0415  (optional: looking for the programs works without it)

    deadline = time.monotonic() + START_SECONDS
    while True:
        server.check()
        try:
            psycopg.connect(driver_url(url), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                server.stop()
                message = f"PostgreSQL was not ready after {START_SECONDS} s: {error}"
                raise ServerDied(message) from error
            time.sleep(0.05)
        else:
            return


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def driver_url(url: str) -> str:
    """Return SQLAlchemy's address as psycopg and psql read it."""
    return re.sub(r"^postgresql\+\w+://", "postgresql://", url)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"PostgreSQL: {find_programs()}\n")
    except PostgresMissing as missing:
        raise SystemExit(str(missing)) from None
