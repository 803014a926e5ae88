"""The processes of the desk: started, asked to end, killed, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BIN = Path(sys.executable).parent
START_SECONDS, STOP_SECONDS = 60, 60


class NotReady(Exception):
    """A process did not come up; carries the end of what it wrote."""


@dataclass
class Process:
    """One process of the desk; ``ready`` tells that it works, by its address or its log."""

    name: str
    command: Sequence[str | Path]
    folder: Path
    ready: Callable[[Process], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _begins: int = 0

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def said(self) -> str:
        """What it wrote since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self._begins)
            return log.read().decode(errors="replace")

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> float:
        """Start it and wait until it works; returns the seconds that took."""
        began = time.monotonic()
        self._begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(word) for word in self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        while not self.ready(self):
            if not self.runs or time.monotonic() - began > START_SECONDS:
                raise NotReady(f"{self.name}: {self.said[-3000:]}")
            time.sleep(0.05)
        return time.monotonic() - began

    def stop(self) -> float:
        """Ask it to end, as systemd does, and wait; returns the seconds that took."""
        began = time.monotonic()
        if self._process is not None and self.runs:
            self._process.terminate()
            self._process.wait(STOP_SECONDS)
        return time.monotonic() - began

    def kill(self) -> None:
        """End it, and what it started, as ``kill -9`` does."""
        if self._process is None:
            return
        for pid in [self._process.pid, *_descendants(self._process.pid)]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait(STOP_SECONDS)


def _descendants(pid: int) -> list[int]:
    try:
        words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    children = [int(word) for word in words]
    return children + [each for child in children for each in _descendants(child)]


def answers(url: str) -> Callable[[Process], bool]:
    """Return what tells that this address answers 200."""

    def ready(_process: Process) -> bool:
        try:
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    return ready


def says(words: str) -> Callable[[Process], bool]:
    """Return what tells that these words are in the log."""
    return lambda process: words in process.said


def web(name: str, host: str, port: int, *, ini: Path, folder: Path) -> Process:
    """Return a web process as support-web@.service runs it."""
    command = (
        *(BIN / "granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--factory"),
        *("--respawn-failed-workers", "support_core.wsgi:application"),
    )
    environment = {
        "SUPPORT_CORE_INI": str(ini),
        "GRANIAN_HOST": host,
        "GRANIAN_PORT": str(port),
        "GRANIAN_BLOCKING_THREADS": "4",
        "GRANIAN_WORKERS_KILL_TIMEOUT": "30",
    }
    ready = answers(f"http://{host}:{port}/api/support/healthz")
    return Process(name, command, folder, ready, environment)


def worker(name: str, *, ini: Path, folder: Path) -> Process:
    """Return a worker as support-worker@.service runs it."""
    command = (BIN / "support-core", "-c", ini, "worker", "--processes", "1", "--threads", "4")
    return Process(name, command, folder, says("working"))


def gateway(name: str, host: str, port: int, *, ini: Path, folder: Path) -> Process:
    """Return the gateway as support-gateway.service runs it."""
    command = (BIN / "support-core", "-c", ini, "gateway", "--listen", f"{host}:{port}")
    ready = answers(f"http://{host}:{port}/api/support/healthz")
    return Process(name, command, folder, ready)
