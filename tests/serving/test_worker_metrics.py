"""A worker's own ``/metrics``."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.services.process import free_port

from .processes import BIN, bootstrap, running, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

TOKEN = "scrape-me"


@pytest.fixture
def ini(databases: Databases, tmp_path: Path) -> Path:
    """An installation whose metrics ask for a token."""
    changes = {"support.log.format": "json", "support.metrics.token": TOKEN}
    made = write_ini(tmp_path, databases.create(f"metrics_{time.monotonic_ns()}"), changes)
    bootstrap(made)
    return made


def _scrape(port: int, path: str = "/metrics", token: str = TOKEN) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{port}{path}",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )


def test_every_process_of_a_worker_shows_its_own_metrics(ini: Path) -> None:
    port = free_port()
    command = (BIN / "support-core", "-c", ini, "worker", "--processes", "2", "--threads", "1")
    with running(ini, *command, "--metrics", f"127.0.0.1:{port}", ready="supervising") as desk:
        deadline = time.monotonic() + 60
        while desk.output.count('"event": "metrics_served"') < 2:
            assert time.monotonic() < deadline, desk.output
            time.sleep(0.05)
        for each in (port, port + 1):
            shown = _scrape(each)
            assert shown.status_code == 200
            assert 'support_jobs_waiting{queue="deliveries",state="queued"} 0.0' in shown.text
        assert _scrape(port, token="guessed").status_code == 401
        assert _scrape(port, "/").status_code == 404
        assert desk.end() == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "nowhere:port", "127.0.0.1:99999"])
def test_an_address_that_is_none_stops_the_start(ini: Path, address: str) -> None:
    command = [BIN / "support-core", "-c", ini, "worker", "--metrics", address]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 2
    assert f"support-core: --metrics: {address!r} is not host:port." in refused.stderr
