"""The servers that are measured: Granian's WSGI server, one worker, one thread."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tests.services.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .workloads import Call

ROOT = Path(__file__).parents[1]
START_SECONDS = 60

#: Environment variables that name a file of JSON: the product's ini settings, the bare plan.
SETTINGS, PLAN = "BENCH_SETTINGS", "BENCH_PLAN"


class Served:
    """One served application; ``url`` is its address."""

    def __init__(self, target: str, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        port = free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        options = {
            "interface": "wsgi",
            "host": LOOPBACK,
            "port": str(port),
            "workers": "1",
            "blocking-threads": "1",
            "log-level": "warning",
        }
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-W", "ignore", "-m", "granian", target),
                    *(f"--{name}={value}" for name, value in options.items()),
                ],
                env={**os.environ, **environment},
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(self.url, timeout=5).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
            else:
                return
        self.stop()
        raise SystemExit(f"A server did not start:\n{self._log.read_text(errors='replace')}")

    def ask(self, call: Call, token: str) -> bytes:
        """Return the body of one answer; ends the program, with the server's log, at an error."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(
            self.url + call.path, data=call.body or None, headers=headers, method=call.method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                body: bytes = answer.read()
        except OSError as error:
            log = self._log.read_text(errors="replace")
            raise SystemExit(f"{call} failed: {error}\n{log}") from None
        return body

    def stop(self) -> None:
        """End the server."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
