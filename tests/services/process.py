"""Server processes that end with the suite, on loopback ports, as an unprivileged account."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOPBACK = "127.0.0.1"
KEEPER = Path(__file__).with_name("keeper.py")
STOP_SECONDS = 40


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
    ) -> None:
        """Start ``command`` in ``folder``, which is removed when the server has been stopped.

        A server that has not obeyed ``stop_signal`` after ``grace`` seconds gets SIGQUIT, and as
        much later SIGKILL.
        """
        self.folder = folder
        self._log = folder / "server.log"
        options = [f"--{key}={value}" for key, value in account.popen_options.items() if value]
        with self._log.open("ab") as log:
            self._keeper = subprocess.Popen(
                [
                    *(sys.executable, "-I", "-S", str(KEEPER)),
                    f"--folder={folder}",
                    f"--stop-signal={stop_signal}",
                    f"--grace={grace}",
                    *options,
                    "--",
                    *map(str, command),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert self._keeper.stdout is not None
        self.pid = int(self._keeper.stdout.readline() or 0)
        if not self.pid:
            raise ServerDied(self._obituary())

    def check(self) -> None:
        """Raise ServerDied, with the server's last words, when it is no longer running."""
        if self._keeper.poll() is not None:
            raise ServerDied(self._obituary())

    def stop(self) -> None:
        """End the server and remove its folder; harmless when it has ended already."""
        assert self._keeper.stdin is not None
        assert self._keeper.stdout is not None
        self._keeper.stdin.close()
        self._keeper.stdout.close()
        self._keeper.wait(STOP_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _obituary(self) -> str:
        last_words = self._log.read_text(errors="replace")[-4000:]
        self.stop()
        return f"the server ended by itself; it wrote:\n{last_words}"


def free_port() -> int:
    """Return a loopback TCP port that nobody listens on (somebody else may take it at once)."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
