"""Worker processes: several as one, restarted when they die, ended together."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .processes import BIN, Desk, bootstrap, running, write_ini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.databases import Databases


def _children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def workers(databases: Databases, tmp_path: Path) -> Iterator[Desk]:
    """Two worker processes under a supervisor, both at work."""
    changes = {"support.log.format": "json"}
    ini = write_ini(tmp_path, databases.create(f"workers_{time.monotonic_ns()}"), changes)
    bootstrap(ini)
    command = (BIN / "support-core", "-c", ini, "worker", "--processes", "2", "--threads", "1")
    with running(ini, *command, ready="supervising") as supervisor:
        _until(lambda: supervisor.output.count('"event": "working"') == 2)
        yield supervisor


def test_a_process_that_dies_is_started_again(workers: Desk) -> None:
    before = _children(workers.process.pid)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    _until(lambda: workers.output.count('"event": "working"') == 3)
    after = _children(workers.process.pid)
    assert len(after) == 2
    assert victim not in after
    assert '"event": "worker_process_died"' in workers.output
    assert workers.end() == 0
    assert not any(_alive(pid) for pid in after)
    assert workers.output.count('"event": "stopped"') == 3


def test_the_processes_end_when_their_supervisor_is_killed(workers: Desk) -> None:
    children = _children(workers.process.pid)
    assert len(children) == 2
    workers.end(signal.SIGKILL)
    _until(lambda: not any(_alive(pid) for pid in children))
    assert workers.output.count('"event": "stopped"') == 2


def test_a_configuration_that_cannot_be_used_starts_no_process(
    databases: Databases, tmp_path: Path
) -> None:
    ini = write_ini(tmp_path, databases.create("workers_refused"))
    bootstrap(ini)
    command = (BIN / "support-core", "-c", ini, "worker", "--processes", "2", "--queues", "nosuch")
    refused = Desk(ini, *command)
    assert refused.process.wait(60) == 2
    assert "there is no queue 'nosuch'" in refused.output
    assert "supervising" not in refused.output
