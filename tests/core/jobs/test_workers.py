"""Worker threads and processes: wake-up, graceful stop, kill -9, outages, time limits."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from support_core.jobs import JobEngine, Workers
from tests.waiting import until

from . import sample_jobs
from .desks import state_of
from .sample_jobs import (
    attempts,
    fail,
    failures_left,
    linger,
    listen,
    note,
    overrun,
    slow_note,
    wait,
)

pytestmark = pytest.mark.every_broker


def test_a_committed_job_wakes_the_workers_of_the_process(application):
    application.jobs.start_workers(2)
    time.sleep(0.3)
    delays = []
    for number in range(5):
        began = time.monotonic()
        application.enqueue(note, number)
        until(lambda expected=number + 1: len(application.effects()) == expected)
        delays.append(time.monotonic() - began)
    assert min(delays) < 0.2


def test_a_job_of_another_process_is_found_by_polling(make_application):
    application, other = make_application(), make_application()
    other.jobs.broker.close()
    other.jobs.start_workers(1)
    time.sleep(0.3)
    application.enqueue(note, 1)
    until(application.effects, patience=3)


def test_a_delayed_job_runs_on_time(application):
    application.jobs.start_workers(1)
    began = time.monotonic()
    application.enqueue(note, 1, delay=0.5)
    until(application.effects)
    assert 0.5 <= time.monotonic() - began < 5


def test_a_failed_job_is_retried_by_the_workers(application):
    application.jobs.start_workers(1)
    failures_left["count"] = 1
    application.enqueue(fail, 1)
    until(application.effects)
    assert attempts == [(1, 1), (1, 2)]


def test_every_job_takes_effect_exactly_once_with_several_processes_worth_of_workers(
    make_application,
):
    applications = [make_application() for _ in range(3)]
    for number in range(300):
        applications[0].enqueue(note, number, workspace_id=number % 5)
    for application in applications:
        application.jobs.start_workers(2)
    until(lambda: not applications[0].rows(), patience=60)
    assert sorted(applications[0].effects()) == list(range(300))
    assert len(attempts) == 300


def test_a_stop_lets_running_jobs_end_and_hands_back_the_waiting(application):
    for number in range(10):
        application.enqueue(wait, number)
    application.jobs.start_workers(2)
    assert sample_jobs.began.wait(10)
    time.sleep(0.3)
    sample_jobs.may_end.set()
    application.jobs.stop()
    left = application.rows()
    done = len(application.effects())
    assert done == len(attempts)
    assert done + len(left) == 10
    assert {(state_of(row), row.owner, row.attempt) for row in left} <= {("queued", None, 0)}


def test_a_stop_hands_back_what_does_not_end_in_time(application):
    application.enqueue(wait, 1)
    application.jobs.start_workers(1)
    assert sample_jobs.began.wait(10)
    began = time.monotonic()
    application.jobs.stop(timeout=0.5)
    assert time.monotonic() - began < 5
    (row,) = application.rows()
    assert (state_of(row), row.owner, row.attempt) == ("queued", None, 1)
    sample_jobs.may_end.set()
    until(application.effects)


def test_the_late_end_of_a_job_that_was_handed_back_changes_nothing(application):
    application.enqueue(wait, 1)
    application.jobs.start_workers(1)
    assert sample_jobs.began.wait(10)
    application.jobs.stop(timeout=0.2)
    sample_jobs.may_end.set()
    until(application.effects)
    time.sleep(0.2)
    assert [state_of(row) for row in application.rows()] == ["queued"]


def test_a_job_that_wants_to_know_is_interrupted_by_a_stop_without_losing_a_retry(application):
    application.enqueue(listen)
    application.jobs.start_workers(1)
    assert sample_jobs.began.wait(10)
    application.jobs.stop(timeout=10)
    (row,) = application.rows()
    assert (state_of(row), row.owner, row.last_error) == ("queued", None, None)


def test_workers_can_be_started_again_after_a_stop(application):
    middleware = list(application.jobs.broker.middleware)
    for number in range(2):
        application.jobs.start_workers(1)
        application.enqueue(note, number)
        until(lambda expected=number + 1: len(application.effects()) == expected)
        application.jobs.stop()
        assert application.jobs.broker.middleware == middleware


def test_workers_serve_only_the_queues_they_are_told_to(application):
    workers = Workers(application.jobs.broker, 1, queues=["waits"])
    workers.start()
    sample_jobs.may_end.set()
    application.enqueue(note, 1)
    application.enqueue(wait, 2)
    until(application.effects)
    workers.stop()
    assert [row.queue for row in application.rows()] == ["notes"]


def test_a_job_over_its_time_limit_is_interrupted_and_counts_as_failed(application):
    application.jobs.start_workers(1)
    application.enqueue(overrun)
    until(lambda: application.rows(state="delayed"))
    assert "TimeLimitExceeded" in application.rows()[0].last_error


@contextmanager
def _outage(application):
    """Take the database away from everybody who is or gets connected."""
    if application.database.dialect == "sqlite":
        away, back = "ALTER TABLE jobs RENAME TO jobs_away", "ALTER TABLE jobs_away RENAME TO jobs"
        with application.database.transaction() as session:
            session.connection().execute(text(away))
        yield
        with application.database.transaction() as session:
            session.connection().execute(text(back))
        return
    url = application.database.url
    maintenance = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": url.database},
        )
        yield
        connection.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
    maintenance.dispose()


def test_workers_live_through_an_outage_of_the_database(application):
    application.jobs.start_workers(2)
    application.enqueue(linger, 1)
    assert sample_jobs.began.wait(10)
    with capture_logs() as lines, _outage(application):
        sample_jobs.may_end.set()
        time.sleep(2.5)
    away = [line["part"] for line in lines if line["event"] == "jobs_database_away"]
    assert "clerk" in away
    assert len(away) == len(set(away)), "an outage is reported once"
    application.enqueue(note, 2)
    until(lambda: not application.rows(), patience=30)
    assert application.effects() == [1, 2]
    assert attempts == [(1, 1), (2, 1)]


def _start_worker(application):
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.core.jobs.worker_process",
            application.url,
            application.broker,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_no_job_is_lost_to_kill_9(application):
    engine: JobEngine = application.jobs
    with application.desk(1) as desk:
        for number in range(500):
            engine.enqueue(desk.session, slow_note, number, workspace_id=1)
    for share in (100, 250):
        with _start_worker(application) as worker:
            until(lambda share=share: len(application.effects()) >= share, patience=60)
            worker.kill()
    stuck = application.rows(state="running")
    assert stuck, "the worker was killed between jobs, which proves nothing"
    assert len(application.effects()) < 500
    began = time.monotonic()
    with _start_worker(application) as worker:
        until(lambda: not application.rows(), patience=60)
        worker.kill()
    assert time.monotonic() - began < 30, "recovery waited for the lease to run out"
    assert sorted(application.effects()) == list(range(500))
