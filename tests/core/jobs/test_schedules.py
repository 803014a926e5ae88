"""Schedules: once per period, however many processes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from support_core.jobs import Schedule, job
from support_core.settings import ConfigurationError

from .sample_jobs import attempts, note, sweep


@job(queue="notes", max_retries=0)
def every_hour(context) -> None:
    """Run every hour."""
    attempts.append((0, context.attempt))


HOURLY = Schedule("hourly", sweep, every=3600)


def test_a_new_schedule_first_fires_one_period_later(make_application):
    application = make_application(schedules=[HOURLY])
    assert application.jobs.scheduler.tick() == []
    application.clock.forward(minutes=59)
    assert application.jobs.scheduler.tick() == []
    application.clock.forward(minutes=2)
    assert application.jobs.scheduler.tick() == ["hourly"]
    assert application.jobs.scheduler.tick() == []
    (row,) = application.rows()
    assert (row.name, row.workspace_id) == (sweep.name, None)


def test_what_was_missed_is_caught_up_once_and_in_step(make_application):
    application = make_application(schedules=[HOURLY])
    application.jobs.scheduler.tick()
    application.clock.forward(hours=5, minutes=30)
    assert application.jobs.scheduler.tick() == ["hourly"]
    assert application.jobs.scheduler.tick() == []
    application.clock.forward(minutes=31)
    assert application.jobs.scheduler.tick() == ["hourly"]


def test_a_schedule_fires_once_however_many_schedulers_race(make_application):
    racers = [make_application(schedules=[HOURLY]) for _ in range(6)]
    for racer in racers:
        racer.jobs.scheduler.tick()
    for _ in range(3):
        line = threading.Barrier(len(racers))
        fired = []

        def race(racer, line=line, fired=fired):
            racer.clock.forward(minutes=61)
            line.wait()
            fired.extend(racer.jobs.scheduler.tick())

        threads = [threading.Thread(target=race, args=(racer,)) for racer in racers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fired == ["hourly"]


def test_firings_do_not_pile_up_while_one_waits(make_application):
    application = make_application(schedules=[HOURLY])
    application.jobs.scheduler.tick()
    for _ in range(3):
        application.clock.forward(hours=1)
        assert application.jobs.scheduler.tick() == ["hourly"]
    assert len(application.rows()) == 1


def test_a_shortened_period_counts_from_now(make_application):
    make_application(schedules=[Schedule("nightly", sweep, every=86400)]).jobs.scheduler.tick()
    application = make_application(schedules=[Schedule("nightly", sweep, every=60)])
    application.jobs.scheduler.tick()
    application.clock.forward(seconds=61)
    assert application.jobs.scheduler.tick() == ["nightly"]


def test_the_scheduler_runs_beside_the_workers(make_application, until):
    application = make_application(schedules=[Schedule("often", sweep, every=0.2)])
    application.jobs.start_workers(1)
    until(
        lambda: application.metrics.get_sample_value(
            "support_job_seconds_count", {"job": sweep.name}
        )
    )


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ([HOURLY, Schedule("hourly", sweep, every=60)], "Two schedules are named hourly"),
        ([Schedule("never", sweep, every=0)], "never needs a period above zero"),
        ([Schedule("hourly", note, every=60)], "hourly names a job that wants arguments"),
        ([Schedule("hourly", every_hour, every=60)], r"every_hour, which was not registered"),
    ],
)
def test_a_schedule_that_cannot_work_stops_the_start(make_application, schedules, message):
    with pytest.raises(ConfigurationError, match=message):
        make_application(schedules=schedules)


def test_the_next_time_is_the_first_in_step_after_now():
    last = datetime(2026, 1, 1, tzinfo=UTC)
    assert HOURLY.next_after(last, last) == last + timedelta(hours=1)
    assert HOURLY.next_after(last, last + timedelta(minutes=59)) == last + timedelta(hours=1)
    assert HOURLY.next_after(last, last + timedelta(hours=1)) == last + timedelta(hours=2)
    assert HOURLY.next_after(last, last + timedelta(hours=9, minutes=1)) == last + timedelta(
        hours=10
    )
