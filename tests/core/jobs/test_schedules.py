"""Schedules: once per period, however many processes."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from support_core.jobs import Schedule, job
from support_core.settings import ConfigurationError
from tests.waiting import until

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


def test_a_lengthened_period_counts_from_now(make_application):
    make_application(schedules=[Schedule("nightly", sweep, every=60)]).jobs.scheduler.tick()
    application = make_application(schedules=[Schedule("nightly", sweep, every=3600)])
    application.jobs.scheduler.tick()
    application.clock.forward(seconds=61)
    assert application.jobs.scheduler.tick() == []
    application.clock.forward(hours=1)
    assert application.jobs.scheduler.tick() == ["nightly"]


def at(application, text):
    """Set an application's clock."""
    application.clock.ahead = datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime.now(UTC)


def nightly(expression="0 3 * * *"):
    return Schedule("nightly", sweep, cron=expression, timezone="Europe/Berlin")


def test_a_cron_expression_fires_on_the_clocks_of_its_zone(make_application):
    application = make_application(schedules=[nightly()])
    scheduler = application.jobs.scheduler
    at(application, "2026-03-28T12:00")
    assert scheduler.tick() == []
    at(application, "2026-03-29T00:59")
    assert scheduler.tick() == []
    at(application, "2026-03-29T01:01")  # 03:01 in Berlin's summer
    assert (scheduler.tick(), scheduler.tick()) == (["nightly"], [])
    at(application, "2026-03-30T01:01")
    assert (scheduler.tick(), scheduler.tick()) == (["nightly"], [])


def test_a_changed_expression_takes_effect(make_application):
    before = make_application(schedules=[nightly("0 3 * * *")])
    at(before, "2026-07-01T00:00")
    before.jobs.scheduler.tick()
    for expression in ("0 5 * * *", "30 4 * * *"):
        after = make_application(schedules=[nightly(expression)])
        at(after, "2026-07-01T00:00")
        after.jobs.scheduler.tick()
    at(after, "2026-07-01T01:30")  # when the first would have fired
    assert after.jobs.scheduler.tick() == []
    at(after, "2026-07-01T02:31")
    assert after.jobs.scheduler.tick() == ["nightly"]
    with after.database.transaction(write=False) as session:
        (row,) = after.jobs.scheduler.listed(session)
    assert (row.when, row.job) == ("30 4 * * * Europe/Berlin", sweep.name)
    assert row.next_at == datetime(2026, 7, 2, 2, 30, tzinfo=UTC)


def test_a_change_while_a_firing_is_overdue_does_not_lose_it(make_application):
    old = make_application(schedules=[HOURLY])
    old.jobs.scheduler.tick()
    new = make_application(schedules=[Schedule("hourly", sweep, every=7200)])
    new.clock.forward(hours=3)
    assert (new.jobs.scheduler.tick(), new.jobs.scheduler.tick()) == (["hourly"], [])


@pytest.mark.parametrize("schedule", [HOURLY, nightly()], ids=["a period", "an expression"])
def test_what_was_missed_in_an_outage_is_made_up_for_once(make_application, schedule):
    application = make_application(schedules=[schedule])
    application.jobs.scheduler.tick()
    application.clock.forward(days=9)
    assert application.jobs.scheduler.tick() == [schedule.name]
    assert application.jobs.scheduler.tick() == []


@pytest.mark.parametrize(
    ("schedule", "period"),
    [(HOURLY, timedelta(hours=1)), (nightly(), timedelta(days=1))],
    ids=["a period", "an expression"],
)
def test_a_clock_that_is_set_back_silences_nothing(make_application, schedule, period):
    application = make_application(schedules=[schedule])
    scheduler = application.jobs.scheduler
    scheduler.tick()
    application.clock.forward(days=3650)  # somebody set it wrong, for a while
    assert scheduler.tick() == [schedule.name]
    application.clock.forward(days=-3650)
    assert scheduler.tick() == []
    application.clock.ahead += period + timedelta(minutes=1)
    assert (scheduler.tick(), scheduler.tick()) == ([schedule.name], [])


@pytest.mark.parametrize("schedule", [HOURLY, nightly()], ids=["a period", "an expression"])
def test_a_clock_that_is_set_back_a_little_fires_nothing_twice(make_application, schedule):
    application = make_application(schedules=[schedule])
    scheduler = application.jobs.scheduler
    at(application, "2026-07-01T00:30")
    scheduler.tick()
    with application.database.transaction(write=False) as session:
        due = scheduler.listed(session)[0].next_at
    at(application, (due + timedelta(seconds=2)).replace(tzinfo=None).isoformat())
    assert scheduler.tick() == [schedule.name]
    at(application, (due - timedelta(seconds=30)).replace(tzinfo=None).isoformat())
    assert scheduler.tick() == []
    application.clock.forward(minutes=2)
    assert scheduler.tick() == []


def test_the_job_of_a_schedule_is_known_as_its(make_application):
    application = make_application(schedules=[HOURLY])
    scheduler = application.jobs.scheduler
    scheduler.tick()
    application.clock.forward(hours=2)
    scheduler.tick()
    (row,) = application.rows()
    assert scheduler.schedule_of(row.message_id) == "hourly"
    assert scheduler.schedule_of("somebody else's") is None


def test_the_scheduler_runs_beside_the_workers(make_application):
    application = make_application(schedules=[Schedule("often", sweep, every=0.2)])
    application.jobs.start_workers(1)
    until(
        lambda: application.metrics.get_sample_value(
            "support_job_seconds_count", {"queue": "notes", "job": sweep.name}
        )
    )


@pytest.mark.parametrize(
    ("schedules", "message"),
    [
        ([HOURLY, Schedule("hourly", sweep, every=60)], "Two schedules are named hourly"),
        ([Schedule("never", sweep, every=0)], "never: it needs a period above zero"),
        ([Schedule("never", sweep)], "never: it needs either a period"),
        ([Schedule("both", sweep, every=1, cron="* * * * *")], "both: it needs either a period"),
        ([Schedule("zone", sweep, every=1, timezone="UTC")], "a time zone is for cron expressions"),
        ([Schedule("bad", sweep, cron="0 25 * * *")], "bad: '0 25 .*' is no cron expression"),
        (
            [Schedule("bad", sweep, cron="0 3 * * *", timezone="Berlin")],
            "The schedule bad: 'Berlin' is no time zone of the IANA database.",
        ),
        ([Schedule("hourly", note, every=60)], "hourly names a job that wants arguments"),
        ([Schedule("hourly", every_hour, every=60)], r"every_hour, which was not registered"),
    ],
)
def test_a_schedule_that_cannot_work_stops_the_start(make_application, schedules, message):
    with pytest.raises(ConfigurationError, match=message):
        make_application(schedules=schedules)
