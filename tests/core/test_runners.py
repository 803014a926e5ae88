"""Long-running units: each by one process at a time, and never forgotten."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from itertools import count
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, update

from support_core.hookspecs import hookimpl
from support_core.jobs.owner import new_owner
from support_core.models import RunnerLease
from support_core.runner_host import RunnerHost
from support_core.runner_leases import RunnerLeases
from support_core.runners import Runner, RunnerContext, collect
from support_core.settings import ConfigurationError
from support_core.testing import make_desk
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from support_core.application import Application
    from tests.services.databases import Databases

NUMBERS = count(1)


class Recorder:
    """A runner that notes what runs; ``wanted`` are its units, ``failing`` those that raise."""

    def __init__(self) -> None:
        self.wanted: list[str] = ["one", "two"]
        self.failing: set[str] = set()
        self.running: list[str] = []
        self.begun: list[str] = []
        self._lock = threading.Lock()

    def runner(self, name: str = "test.watch") -> Runner:
        return Runner(name, lambda _application: self.wanted, self.run)

    def run(self, context: RunnerContext) -> None:
        with self._lock:
            self.begun.append(context.unit)
            self.running.append(context.unit)
        try:
            if context.unit in self.failing:
                raise RuntimeError("this unit fails")
            while not context.wait(0.01):
                pass
        finally:
            with self._lock:
                self.running.remove(context.unit)


@pytest.fixture
def fresh_database(databases: Databases) -> str:
    """An empty database of the test's own."""
    return databases.create(f"runners_{next(NUMBERS)}")


@pytest.fixture
def application(tmp_path: Path, fresh_database: str) -> Iterator[Application]:
    desk = make_desk(tmp_path, fresh_database, plugins=())
    yield desk.application
    desk.application.close()


@pytest.fixture
def hosts(application: Application) -> Iterator[Callable[..., RunnerHost]]:
    """Start hosts as processes of their own would have them; they end with the test."""
    started: list[RunnerHost] = []

    def start(*runners: Runner) -> RunnerHost:
        host = RunnerHost(application, {it.name: it for it in runners})
        host.start()
        started.append(host)
        return host

    yield start
    for host in started:
        host.stop()


def test_every_wanted_unit_runs_and_each_in_one_place(
    hosts: Callable[..., RunnerHost],
) -> None:
    recorder = Recorder()
    first, second = hosts(recorder.runner()), hosts(recorder.runner())
    until(lambda: sorted(recorder.running) == ["one", "two"])
    time.sleep(1.5)  # as long as either looks around
    assert sorted(recorder.begun) == ["one", "two"]
    assert sorted([*first.units(), *second.units()]) == [
        ("test.watch", "one"),
        ("test.watch", "two"),
    ]


def test_units_come_and_go_with_what_is_wanted(hosts: Callable[..., RunnerHost]) -> None:
    recorder = Recorder()
    hosts(recorder.runner())
    until(lambda: sorted(recorder.running) == ["one", "two"])
    recorder.wanted = ["two", "three"]
    until(lambda: sorted(recorder.running) == ["three", "two"])


def test_a_host_that_stops_gives_its_units_to_another(hosts: Callable[..., RunnerHost]) -> None:
    recorder = Recorder()
    first = hosts(recorder.runner())
    until(lambda: len(recorder.running) == 2)
    second = hosts(recorder.runner())
    first.stop()
    assert first.units() == []
    until(lambda: len(second.units()) == 2)
    until(lambda: sorted(recorder.running) == ["one", "two"])


def test_a_unit_that_fails_is_begun_again_after_a_pause_and_disturbs_no_other(
    hosts: Callable[..., RunnerHost],
) -> None:
    recorder = Recorder()
    recorder.failing = {"one"}
    hosts(recorder.runner())
    until(lambda: recorder.begun.count("one") >= 2)
    until(lambda: recorder.running == ["two"])
    recorder.failing = set()
    until(lambda: "one" in recorder.running)
    assert recorder.begun.count("two") == 1


def test_units_of_a_dead_process_are_taken_over_at_once(
    application: Application, hosts: Callable[..., RunnerHost]
) -> None:
    recorder = Recorder()
    with application.database.engine.begin() as connection:
        machine = new_owner().partition(":")[0]
        connection.execute(
            insert(RunnerLease.__table__).values(
                name="test.watch",
                unit="one",
                owner=f"{machine}:999999999:1:dead",
                lease_until=datetime(2999, 1, 1, tzinfo=UTC),
                started_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
        )
    hosts(recorder.runner())
    until(lambda: sorted(recorder.running) == ["one", "two"])


def test_a_lost_lease_ends_the_unit(
    application: Application, hosts: Callable[..., RunnerHost]
) -> None:
    application.settings._values["support.jobs.lease"] = 1.0
    recorder = Recorder()
    hosts(recorder.runner())
    until(lambda: len(recorder.running) == 2)
    other = RunnerLeases(application.database, "unknown:elsewhere", 3600, application.clock)
    with application.database.engine.begin() as connection:
        connection.execute(delete(RunnerLease.__table__).where(RunnerLease.unit == "one"))
    taken = other.take([("test.watch", "one")], most=1)
    if taken:  # else the host has been faster, which is as good
        until(lambda: recorder.running == ["two"])


def test_leases_are_taken_once_renewed_by_their_owner_and_free_when_they_run_out(
    application: Application,
) -> None:
    unit = ("test.watch", "one")
    ours = RunnerLeases(application.database, "unknown:ours", 60, application.clock)
    theirs = RunnerLeases(application.database, "unknown:theirs", 60, application.clock)
    assert ours.take([unit], most=5) == [unit]
    assert ours.take([unit], most=5) == []
    assert theirs.take([unit], most=5) == []
    assert theirs.renew([unit]) == set()
    assert ours.renew([unit]) == {unit}
    theirs.give_back([unit])
    assert ours.renew([unit]) == {unit}
    with application.database.engine.begin() as connection:
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        connection.execute(update(RunnerLease.__table__).values(lease_until=long_ago))
    assert theirs.take([unit], most=5) == [unit]
    assert ours.renew([unit]) == set()


def _plugin(name: str, *runners: Runner) -> ModuleType:
    module = ModuleType(name)

    @hookimpl
    def support_runners() -> Any:
        return runners

    module.support_runners = support_runners  # type: ignore[attr-defined]
    return module


def test_the_runners_of_plugins_run_with_the_workers(tmp_path: Path, fresh_database: str) -> None:
    recorder = Recorder()
    plugin = _plugin("watcher", recorder.runner())
    desk = make_desk(tmp_path, fresh_database, plugins=(), extra={"watcher": plugin})
    try:
        desk.application.jobs.start_workers(1)
        until(lambda: sorted(recorder.running) == ["one", "two"])
        desk.application.jobs.stop()
        assert recorder.running == []
    finally:
        desk.application.close()


def test_two_runners_of_one_name_stop_the_start(tmp_path: Path, fresh_database: str) -> None:
    recorder = Recorder()
    plugins = {name: _plugin(name, recorder.runner()) for name in ("first", "second")}
    with pytest.raises(ConfigurationError, match=r"Two runners are named test\.watch"):
        make_desk(tmp_path, fresh_database, plugins=(), extra=plugins)


def test_a_plugin_without_runners_declares_none(application: Application) -> None:
    assert collect(application.plugins) == {}
