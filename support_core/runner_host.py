"""What runs units in a process: one thread for each, and one that looks after the leases."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from .jobs.outage import DATABASE_TROUBLE, Outage
from .jobs.owner import new_owner
from .runner_leases import RunnerLeases
from .runners import RunnerContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .application import Application
    from .runner_leases import Unit
    from .runners import Runner

log = structlog.get_logger(__name__)

#: Seconds between two looks at what is wanted.
LOOK_EVERY = 1.0

#: Units that are taken at one look, so that processes that start together share them.
AT_ONCE = 16

#: Seconds before a unit that ended by itself is run again, at first and at most.
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0

#: A unit that ran for so many seconds is well again: its pauses begin anew.
WELL_AFTER = 120.0


@dataclass
class _Running:
    thread: Thread
    ending: Event
    since: float = field(default_factory=time.monotonic)


class RunnerHost:
    """Runs units of ``runners`` while it is started; each start is another owner of leases."""

    def __init__(self, application: Application, runners: Mapping[str, Runner]) -> None:
        self._application = application
        self._runners = runners
        self._stopping = Event()
        self._thread: Thread | None = None
        self._running: dict[Unit, _Running] = {}
        self._pauses: dict[Unit, tuple[float, float]] = {}

    def start(self) -> None:
        """Start to look for units; without runners, or once it is started, it does nothing."""
        if not self._runners or self._thread is not None:
            return
        self._stopping.clear()
        self._thread = Thread(target=self._look_after, name="support-runners", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Ask all units to end, wait for them up to ``timeout`` seconds, give back the leases."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping.set()
            for running in list(self._running.values()):
                running.ending.set()
            thread.join(timeout)

    def units(self) -> list[Unit]:
        """Return what runs in this process."""
        return sorted(self._running)

    def _look_after(self) -> None:
        lease: float = self._application.settings["support.jobs.lease"]
        leases = RunnerLeases(
            self._application.database, new_owner(), lease, self._application.clock
        )
        outage = Outage("runners")
        renewed = time.monotonic()
        while not self._stopping.is_set():
            try:
                if time.monotonic() - renewed > lease / 3:
                    self._keep(leases.renew(list(self._running)))
                    renewed = time.monotonic()
                self._look(leases)
                outage.over()
                pause = LOOK_EVERY
            except DATABASE_TROUBLE as error:
                pause = outage.pause(error)
            except Exception:  # a thread that died here would leave every unit to itself
                log.exception("runners_failed")
                pause = LONGEST_PAUSE / 10
            if time.monotonic() - renewed > lease:
                self._keep(set())  # others may hold them by now
                renewed = time.monotonic()
            self._stopping.wait(pause)
        self._wind_up(leases)

    def _look(self, leases: RunnerLeases) -> None:
        wanted = self._wanted()
        ended = [unit for unit, it in self._running.items() if not it.thread.is_alive()]
        for unit in ended:
            self._note_end(unit, self._running.pop(unit))
        leases.give_back(ended)
        self._keep(wanted)
        now = time.monotonic()
        rested = {
            unit
            for unit in wanted - self._running.keys()
            if self._pauses.get(unit, (0.0, 0.0))[1] <= now
        }
        for unit in leases.take(rested, most=AT_ONCE):
            self._run(unit)
        self._pauses = {unit: it for unit, it in self._pauses.items() if unit in wanted}

    def _wanted(self) -> set[Unit]:
        wanted: set[Unit] = set()
        for name, runner in self._runners.items():
            try:
                wanted |= {(name, unit) for unit in runner.units(self._application)}
            except DATABASE_TROUBLE:
                raise
            except Exception:
                log.exception("runner_units_failed", runner=name)
                wanted |= {unit for unit in self._running if unit[0] == name}
        return wanted

    def _keep(self, units: set[Unit]) -> None:
        """Ask the running units that are not among ``units`` to end."""
        for unit, running in self._running.items():
            if unit not in units:
                running.ending.set()

    def _run(self, unit: Unit) -> None:
        name, what = unit
        ending = Event()
        context = RunnerContext(self._application, what, ending)
        runner = self._runners[name]

        def run() -> None:
            try:
                runner.run(context)
            except Exception:
                log.exception("runner_failed", runner=name, unit=what)

        thread = Thread(target=run, name=f"{name} {what}", daemon=True)
        self._running[unit] = _Running(thread, ending)
        thread.start()

    def _note_end(self, unit: Unit, running: _Running) -> None:
        now = time.monotonic()
        last = 0.0 if now - running.since > WELL_AFTER else self._pauses.get(unit, (0.0, 0.0))[0]
        pause = 0.0 if running.ending.is_set() else min(LONGEST_PAUSE, last * 2 or FIRST_PAUSE)
        self._pauses[unit] = (pause, now + pause)

    def _wind_up(self, leases: RunnerLeases) -> None:
        for running in self._running.values():
            running.ending.set()
        deadline = time.monotonic() + leases.seconds
        for running in self._running.values():
            running.thread.join(max(0.0, deadline - time.monotonic()))
        ended = [unit for unit, it in self._running.items() if not it.thread.is_alive()]
        self._running.clear()
        try:
            leases.give_back(ended)
        except DATABASE_TROUBLE as error:  # the leases run out by themselves
            log.warning("runner_leases_not_given_back", error=type(error).__name__)
