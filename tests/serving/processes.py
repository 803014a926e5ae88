"""Running support-core as a process, on an ini made of the repository's development.ini."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.packaging.layout import ROOT
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BIN = Path(sys.executable).parent
START_SECONDS = 180
STOP_SECONDS = 40


def write_ini(
    folder: Path, url: str, changes: Mapping[str, str] | None = None, *, port: int | None = None
) -> Path:
    """Write development.ini with other values into ``folder``; a setting it lacks fails.

    ``url`` is taken as it is, but for ``%(here)s``, which stands for the folder.
    """
    text = (ROOT / "development.ini").read_text()
    changed = {
        "sqlalchemy.url": url.replace("%(here)s", str(folder)).replace("%", "%%"),
        "support.sqlite.synchronous": "off",
        "listen": f"127.0.0.1:{port or free_port()}",
        **(changes or {}),
    }
    for name, value in changed.items():
        text, number = re.subn(
            rf"^{re.escape(name)} =.*$",
            lambda _, line=f"{name} = {value}": line,
            text,
            flags=re.MULTILINE,
        )
        assert number == 1, f"development.ini sets {name} {number} times"
    path = folder / "development.ini"
    path.write_text(text)
    return path


def listening(ini: Path) -> str:
    """Return the address an ini listens on, as a URL."""
    match = re.search(r"^listen = (\S+)$", ini.read_text(), re.MULTILINE)
    assert match is not None
    return f"http://{match[1]}"


def support_core(
    ini: Path, *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``environment`` is added to the suite's own."""
    return subprocess.run(
        [BIN / "support-core", "-c", ini, *arguments],
        input=stdin,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


class Desk:
    """A serving process; ``output`` is what it wrote so far, both streams in one."""

    def __init__(self, ini: Path, *command: str | Path) -> None:
        self.ini = ini
        self.url = listening(ini)
        self._log = ini.parent / f"output-{time.monotonic_ns()}.txt"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command or (BIN / "support-core", "-c", ini, "serve"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ini.parent,
            )

    @property
    def output(self) -> str:
        return self._log.read_text()

    def wait_until(self, words: str) -> None:
        """Wait for ``words`` in the output."""
        deadline = time.monotonic() + START_SECONDS
        while words not in self.output:
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            assert time.monotonic() < deadline, f"no {words!r} in:\n{self.output}"
            time.sleep(0.05)

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        self.wait_until("serving")
        with self.client() as caller:
            caller.get("/healthz").raise_for_status()

    def client(self, token: str = "") -> httpx.Client:
        """Return a caller of its API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # No TLS here, and loading the authorities for it takes longer than most requests.
        return httpx.Client(
            base_url=f"{self.url}/api/support",
            headers=headers,
            timeout=30,
            verify=False,  # noqa: S501
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    @property
    def peak_memory(self) -> int:
        """The most memory it had resident, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        match = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert match is not None
        return int(match[1]) * 1024


@contextmanager
def running(ini: Path, *command: str | Path, ready: str = "") -> Iterator[Desk]:
    """Start a desk, wait until it answers (or says ``ready``), and end it in any case."""
    desk = Desk(ini, *command)
    try:
        if ready:
            desk.wait_until(ready)
        else:
            desk.wait_until_ready()
        yield desk
    finally:
        if desk.process.poll() is None:
            desk.process.kill()
            desk.process.wait(STOP_SECONDS)


def bootstrap(
    ini: Path, name: str = "Acme", *, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Bootstrap a workspace and return what it printed."""
    done = support_core(
        ini,
        "bootstrap",
        *("--workspace", name, "--email", "owner@acme.example", "--plan", "pro", "--json"),
        environment=environment,
    )
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made
