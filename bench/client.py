"""The client: wrk, which keeps its connections alive and is far faster than what it measures."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .workloads import Call

#: Enough that the server always has a request to work on, and no more: more would only queue.
CONNECTIONS = 2

_SCRIPT = """\
local requests = {{}}
local headers = {{["Authorization"] = "Bearer {token}", ["Content-Type"] = "application/json"}}
local at = 0
function init(args)
{requests}
end
function request()
  at = at % #requests + 1
  return requests[at]
end
function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format("MEASURED %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Measured:
    """One round: answers a second, and two percentiles of their time in milliseconds."""

    throughput: float
    p50: float
    p99: float


def require_wrk() -> str:
    """Return where wrk is; ends the program when it is not installed."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("wrk was not found. Install it: apt-get install wrk")
    return found


def write_script(path: Path, calls: Sequence[Call], token: str) -> Path:
    """Write the requests as a script for wrk."""
    lines = [
        f'  requests[{i}] = wrk.format("{call.method}", "{call.path}", headers, '
        f"{f'[==[{call.body.decode()}]==]' if call.body else 'nil'})"
        for i, call in enumerate(calls, start=1)
    ]
    path.write_text(_SCRIPT.format(token=token, requests="\n".join(lines)))
    return path


def measure(url: str, script: Path, *, seconds: float) -> Measured:
    """Run one round; ends the program when any answer was an error."""
    done = subprocess.run(
        [
            *(require_wrk(), "--threads=1", f"--connections={CONNECTIONS}"),
            *(f"--duration={seconds}s", "--timeout=60s", f"--script={script}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    line = next((it for it in done.stdout.splitlines() if it.startswith("MEASURED")), None)
    if line is None:
        raise SystemExit(f"wrk failed:\n{done.stdout}{done.stderr}")
    requests, duration, p50, p99, errors = map(int, line.split()[1:])
    if errors or not requests:
        raise SystemExit(f"{errors} of {requests} answers were errors:\n{done.stdout}")
    return Measured(requests / duration * 1e6, p50 / 1000, p99 / 1000)
