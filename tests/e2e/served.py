"""A really served desk: the shipped ini with another address and, by one line, another database."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("support-core")
START_SECONDS = 180


@dataclass(frozen=True)
class Served:
    """A desk's folder, ini and address."""

    folder: Path
    ini: Path
    port: int

    @property
    def base(self) -> str:
        """The address of the API."""
        return f"http://127.0.0.1:{self.port}/api/support"

    def run(self, *arguments: str) -> str:
        """Run a command of ``support-core`` to its end and return what it printed."""
        done = subprocess.run(
            [COMMAND, "-c", self.ini, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def bootstrap(self) -> dict[str, Any]:
        """Make a workspace with an owner and a token."""
        arguments = ("--workspace", "Shop", "--email", "owner@example.test", "--plan", "pro")
        made: dict[str, Any] = orjson.loads(self.run("bootstrap", *arguments, "--json"))
        return made

    @contextmanager
    def running(self, command: str) -> Iterator[None]:
        """Serve by ``dev`` or ``serve`` until the block ends; it must end cleanly."""
        log = self.folder / "server.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [COMMAND, "-c", self.ini, command],
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                self._wait(process, log)
                yield
                assert process.poll() is None, log.read_text()
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        assert "Traceback" not in log.read_text(), log.read_text()

    def _wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            try:
                if httpx.get(f"{self.base}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready after {START_SECONDS} seconds:\n{log.read_text()}")


def desk_in(folder: Path, url: str) -> Served:
    """Put the shipped ini into ``folder``, changed by two lines: the database and the port."""
    port = free_port()
    text = (ROOT / "development.ini").read_text("utf-8")
    changes = {
        r"^sqlalchemy\.url = .*$": f"sqlalchemy.url = {url.replace('%', '%%')}",
        r"^listen = .*$": f"listen = 127.0.0.1:{port}",
    }
    for line, instead in changes.items():
        text, count = re.subn(line, lambda _, to=instead: to, text, flags=re.MULTILINE)
        assert count == 1, line
    ini = folder / "development.ini"
    ini.write_text(text, encoding="utf-8")
    return Served(folder, ini, port)
