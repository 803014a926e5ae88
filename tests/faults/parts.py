"""What is killed: processes of the desk and the servers under it, each one to be started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tests.serving.processes import BIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.services.postgres import Cluster
    from tests.services.rabbitmq import Rabbitmq
    from tests.services.redis import Redis

STOP_SECONDS = 60


class Part(Protocol):
    """Something that can be killed and started again."""

    name: str
    #: Whether work stands still while it is away.
    vital: bool

    def kill(self) -> None:
        """End it as ``kill -9`` does."""

    def start(self) -> None:
        """Start it again."""


class Process:
    """A ``support-core`` command; its children, where it has some, end with it."""

    vital = False

    def __init__(
        self, name: str, ini: Path, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._command = [str(BIN / "support-core"), "-c", str(ini), *arguments]
        self._environment = {**os.environ, **environment}
        self.log = ini.parent / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """See :class:`Part`."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )

    def kill(self) -> None:
        """See :class:`Part`."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(STOP_SECONDS)

    def end(self) -> int:
        """Ask it to end; return its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    @property
    def ended(self) -> bool:
        """Whether it is not there."""
        return self.process is None or self.process.poll() is not None

    @property
    def children(self) -> list[int]:
        """Process ids of what it started."""
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with suppress(FileNotFoundError):
            return sorted(int(pid) for pid in path.read_text().split())
        return []


class WorkerChild:
    """One process of a supervised worker, which the supervisor starts anew."""

    name = "one worker process"
    vital = False

    def __init__(self, supervisor: Process) -> None:
        self._supervisor = supervisor

    def kill(self) -> None:
        """See :class:`Part`."""
        for pid in self._supervisor.children[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self) -> None:
        """Leave that to the supervisor."""


class FrozenChild:
    """One process of a supervised worker, silent for longer than its lease and then back."""

    name = "a silent worker process"
    vital = False

    def __init__(self, supervisor: Process, lease: float) -> None:
        self._supervisor = supervisor
        self._lease = lease
        self._pid = 0

    def kill(self) -> None:
        """Stop it where it stands."""
        self._pid = next(iter(self._supervisor.children), 0)
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGSTOP)
            time.sleep(self._lease * 1.5)

    def start(self) -> None:
        """Let it go on."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGCONT)


class ServerPart:
    """A broker or a database."""

    vital = True

    def __init__(self, name: str, server: Cluster | Rabbitmq | Redis) -> None:
        self.name = name
        self._server = server

    def kill(self) -> None:
        """See :class:`Part`."""
        self._server.kill()

    def start(self) -> None:
        """See :class:`Part`."""
        self._server.start()
