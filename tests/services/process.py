"""Server processes that end with the suite, on loopback ports, as an unprivileged account."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

LOOPBACK = "127.0.0.1"
KEEPER = Path(__file__).with_name("keeper.py")
STOP_SECONDS = 300
ATTEMPTS = 5
# How the servers say so.
PORT_TAKEN = ("address already in use", "eaddrinuse", "nodistribution")


class ServerDied(Exception):
    """A server ended by itself; carries what it wrote."""


class Account:
    """Whom a server runs as: the suite's own account or, because servers refuse root, another."""

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    @classmethod
    def unprivileged(cls, *names: str) -> Account:
        """Return the suite's account or, when that is root, the first of ``names`` that exists.

        Raises LookupError when the suite runs as root and none exists.
        """
        if os.geteuid() != 0:
            return cls()
        known = {entry.pw_name for entry in pwd.getpwall()}
        for name in names:
            if name in known:
                return cls(name)
        raise LookupError(f"running as root, and none of the accounts {', '.join(names)} exists")

    @property
    def popen_options(self) -> dict[str, Any]:
        """Arguments that make :class:`subprocess.Popen` start a process as this account."""
        if self.name is None:
            return {}
        group = pwd.getpwnam(self.name).pw_gid
        return {"user": self.name, "group": group, "extra_groups": ()}

    def folder(self, prefix: str) -> Path:
        """Make a temporary folder that only this account (and root) can enter."""
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.give(folder)
        return folder

    def give(self, path: Path) -> None:
        """Make this account the owner of ``path``."""
        if self.name is not None:
            shutil.chown(path, self.name, pwd.getpwnam(self.name).pw_gid)


class Server:
    """One running server process with its folder; ends with the suite even if that is killed."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        account: Account,
        stop_signal: str = "SIGTERM",
        grace: float = 10.0,
        environment: Mapping[str, str] | None = None,
        keep_for: int = 0,
    ) -> None:
        """Start ``command`` in ``folder``, which is removed when the server has been stopped.

        A server that has not obeyed ``stop_signal`` after ``grace`` seconds gets SIGQUIT, and as
        much later SIGKILL. ``environment`` is all of its environment, where it is given. With
        ``keep_for`` it ends with that process, and :meth:`stop` leaves it alone.
        """
        self.folder = folder
        self._shared = bool(keep_for)
        self._log = folder / "server.log"
        options = [f"--{key}={value}" for key, value in account.popen_options.items() if value]
        with self._log.open("ab") as log:
            self._keeper = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(KEEPER)),
                    f"--folder={folder}",
                    f"--stop-signal={stop_signal}",
                    f"--grace={grace}",
                    f"--keep-for={keep_for}",
                    *options,
                    "--",
                    *map(str, command),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        assert self._keeper.stdout is not None
        self.pid = int(self._keeper.stdout.readline() or 0)
        if not self.pid:
            raise ServerDied(self._obituary())
        if self._shared:
            self._leave()

    def check(self) -> None:
        """Raise ServerDied, with the server's last words, when it is no longer running."""
        if not self._runs():
            raise ServerDied(self._obituary())

    def stop(self) -> None:
        """End the server and remove its folder; harmless when it has ended already."""
        if self._shared and self._runs():
            return
        self._leave()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server as ``kill -9`` does; its folder stays."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._keeper.wait(STOP_SECONDS)  # else it would take our leaving for the suite's end
        self._leave()

    def _runs(self) -> bool:
        if not self._shared:
            return self._keeper.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _leave(self) -> None:
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.stdout.close()
        self._keeper.wait(STOP_SECONDS)

    def _obituary(self) -> str:
        last_words = self._log.read_text(errors="replace")[-4000:]
        self.stop()
        return f"the server ended by itself; it wrote:\n{last_words}"


def on_free_port(start: Callable[[int], None]) -> None:
    """Start a server on a free port.

    Where somebody else took the port between its being found and used, the server is started
    again on another. Raises what ``start`` raises.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            start(free_port())
        except (OSError, ServerDied) as error:
            said = str(error).casefold()
            if attempt == ATTEMPTS or not any(words in said for words in PORT_TAKEN):
                raise
        else:
            break


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on (somebody else may take it at once).

    It lies below those that outgoing connections get, so that none of them takes it while a
    server is restarted on it.
    """
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
        return port
