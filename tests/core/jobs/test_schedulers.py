"""Several processes tick on one database, through both changes of the clock."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = 4

Process = subprocess.Popen[str]


@pytest.fixture
def schedulers(jobs_url: str) -> Iterator[list[Process]]:
    """Processes of their own, each with the same schedules."""
    command = [sys.executable, "-m", "tests.core.jobs.scheduler_process", jobs_url]
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(PROCESSES)
        ]
        for process in running:
            assert _line(process) == "ready"
        yield running
        for process in running:
            _stdin(process).close()
        assert [process.wait(30) for process in running] == [0] * PROCESSES


def _stdin(process: Process) -> IO[str]:
    assert process.stdin is not None
    return process.stdin


def _line(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _tick(schedulers: list[Process], moment: datetime) -> Counter[str]:
    """Have all tick at once; return how often each schedule was fired."""
    for process in schedulers:
        _stdin(process).write(f"{moment.isoformat()}\n")
        _stdin(process).flush()
    return Counter(name for process in schedulers for name in _line(process).split())


@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24"], ids=["skipped", "repeated"])
def test_each_schedule_fires_once_per_period_in_one_of_the_processes(
    schedulers: list[Process], day: str
) -> None:
    start = datetime.fromisoformat(f"{day}T12:10:00")
    assert _tick(schedulers, start) == {}
    fired = [_tick(schedulers, start + timedelta(minutes=30 * n + 1)) for n in range(1, 73)]
    assert [it["hourly"] for it in fired] == [0, 1] * 36
    # 36 hours have one night and its half past two, be it skipped, repeated or neither.
    assert sum(it["nightly"] for it in fired) == 1


def test_an_outage_of_all_is_made_up_for_once(schedulers: list[Process]) -> None:
    start = datetime.fromisoformat("2026-07-01T12:00:00")
    assert _tick(schedulers, start) == {}
    assert _tick(schedulers, start + timedelta(days=9, minutes=5)) == {"hourly": 1, "nightly": 1}
    assert _tick(schedulers, start + timedelta(days=9, minutes=6)) == {}
