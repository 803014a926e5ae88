"""Running jobs: success, retries, death, context, order; on the calling thread by drain."""

from __future__ import annotations

import json

import pytest
import structlog
from structlog.testing import capture_logs

from support_core.jobs import (
    Choice,
    JobContext,
    counts,
    list_jobs,
    oldest_due,
    remove_jobs,
    retry_dead,
)
from support_core.models import Job as JobRow

from . import sample_jobs
from .desks import state_of
from .sample_jobs import attempts, fail, failures_left, give_up, later, note, unimportant

pytestmark = pytest.mark.every_broker


def test_a_job_is_callable_as_a_plain_function(application):
    note(JobContext(application, workspace_id=3, message_id="none"), 7)
    assert application.effects() == [7]


def test_a_finished_job_leaves_no_row(application):
    application.enqueue(note, 7)
    assert application.jobs.drain() == 1
    assert application.rows() == []
    assert application.effects() == [7]


def test_a_failed_job_runs_again_after_a_growing_back_off(application):
    failures_left["count"] = 2
    application.enqueue(fail, 1)
    assert application.jobs.drain() == 1
    (row,) = application.rows()
    assert (row.state, row.owner) == ("delayed", None)
    assert row.last_error.startswith("ValueError in tests.core.jobs.sample_jobs.fail, line ")
    first_wait = (row.due_at - row.updated_at).total_seconds()
    application.clock.forward(seconds=2.1)
    assert application.jobs.drain() == 1
    (row,) = application.rows()
    second_wait = (row.due_at - row.updated_at).total_seconds()
    assert 1 <= first_wait <= 2.1
    assert 2 <= second_wait <= 4.1
    application.clock.forward(seconds=4.1)
    assert application.jobs.drain() == 1
    assert attempts == [(1, 1), (1, 2), (1, 3)]
    assert application.effects() == [1]


def test_the_kept_message_of_a_retry_holds_no_traceback(application):
    failures_left["count"] = 1
    application.enqueue(fail, 1)
    application.jobs.drain()
    (row,) = application.rows()
    assert json.loads(row.message)["options"].keys() == {
        "workspace_id",
        "retries",
        "requeue_timestamp",
    }


def _die(application):
    failures_left["count"] = 3
    application.enqueue(fail, 1)
    for _ in range(3):
        application.jobs.drain()
        application.clock.forward(minutes=5)


def test_a_job_is_dead_when_its_retries_are_used_up(application):
    _die(application)
    assert application.jobs.drain() == 0
    (row,) = application.rows()
    assert (row.state, row.attempt) == ("dead", 3)
    assert row.last_error.startswith("ValueError in ")


def test_a_dead_job_can_be_replayed_as_if_never_tried(application):
    _die(application)
    with application.desk(None) as desk:
        assert retry_dead(desk.session, Choice(name=give_up.name)).jobs == []
        assert retry_dead(desk.session, Choice(workspace_id=2)).jobs == []
        (dead,) = list_jobs(desk.session, state="dead")
        assert retry_dead(desk.session, Choice(ids=[dead.id])).jobs == [(dead.id, 1)]
    failures_left["count"] = 2
    for _ in range(3):
        application.jobs.drain()
        application.clock.forward(minutes=5)
    assert application.effects() == [1]
    assert attempts[-1] == (1, 3)


def test_dead_jobs_can_be_purged_by_age(application):
    _die(application)
    with application.desk(None) as desk:
        (dead,) = list_jobs(desk.session, state="dead", workspace_id=1)
        assert remove_jobs(desk.session, Choice(before=dead.updated_at)).jobs == []
        assert remove_jobs(desk.session, Choice(name=fail.name)).jobs == [(dead.id, 1)]
    assert application.rows() == []


def test_asking_for_the_key_of_a_dead_job_revives_it(application):
    application.enqueue(give_up, key="account")
    application.jobs.drain()
    application.enqueue(give_up, key="account", delay=60)
    (row,) = application.rows()
    assert (row.state, row.attempt, row.last_error) == ("delayed", 0, None)


def test_a_job_that_gives_up_dies_at_once(application):
    application.enqueue(give_up)
    application.jobs.drain()
    (row,) = application.rows(state="dead")
    assert row.attempt == 1
    assert row.last_error.endswith("GiveUp: the account is closed")


def test_a_job_can_ask_for_another_time(application):
    application.enqueue(later)
    application.jobs.drain()
    (row,) = application.rows(state="delayed")
    assert 89 < (row.due_at - row.updated_at).total_seconds() < 91


def test_a_job_nobody_declares_any_more_is_dead_not_lost(application):
    application.enqueue(note, 1)
    (row,) = application.rows()
    application.change(message=row.message.replace(b".note", b".gone"))
    assert application.jobs.drain() == 0
    (row,) = application.rows()
    assert row.state == "dead"
    assert "gone" in row.last_error


@pytest.mark.parametrize("message", [b"", b"\xff", b"[]", b"{}"])
def test_a_message_that_cannot_be_decoded_is_dead_and_stays_so(application, message):
    application.enqueue(note, 1)
    application.enqueue(note, 2)
    with application.database.transaction() as session:
        first = session.get(JobRow, application.rows()[0].id)
        first.message = message
    application.jobs.drain()
    (row,) = application.rows()
    assert row.state == "dead"
    assert row.last_error.startswith("Cannot be decoded")
    assert application.effects() == [2]
    with application.desk(None) as desk:
        assert retry_dead(desk.session, Choice()).jobs == []


def test_more_important_jobs_run_first_and_others_in_the_order_they_became_due(application):
    application.enqueue(unimportant, 9)
    application.enqueue(note, 1)
    application.enqueue(note, 2)
    application.enqueue(note, 3)
    application.jobs.drain()
    assert application.effects() == [1, 2, 3, 9]


def test_counts_and_ages_tell_the_backlog(application):
    application.enqueue(note, 1)
    application.enqueue(note, 2, delay=60)
    application.enqueue(give_up)
    application.jobs.broker.claims.take("notes", owner="me", count=1, after=-1)
    with application.desk(None, write=False) as desk:
        assert counts(desk.session) == {"notes": {"queued": 1, "delayed": 1, "running": 1}}
        assert oldest_due(desk.session) == {"notes": application.rows(state="queued")[0].due_at}
        listed = list_jobs(desk.session, limit=2)
        assert [job.state for job in listed] == ["running", "delayed"]
        assert [job.name for job in list_jobs(desk.session, after=listed[-1].id)] == [give_up.name]


def test_how_jobs_end_is_counted(application):
    failures_left["count"] = 1
    application.enqueue(fail, 1)
    application.enqueue(note, 1)
    application.enqueue(give_up)
    application.jobs.drain()

    def ended(job, outcome):
        labels = {"queue": job.queue, "job": job.name, "outcome": outcome}
        return application.metrics.get_sample_value("support_jobs_total", labels)

    assert (ended(fail, "retried"), ended(note, "done"), ended(give_up, "dead")) == (1, 1, 1)
    of_note = {"queue": "notes", "job": note.name}
    for name in ("support_job_seconds_count", "support_jobs_started_total"):
        assert application.metrics.get_sample_value(name, of_note) == 1


def test_a_failure_is_logged_once_with_the_job_and_its_id(application, caplog):
    failures_left["count"] = 1
    message_id = application.enqueue(fail, 1)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        application.jobs.drain()
    (line,) = [line for line in lines if line.get("exc_info")]
    assert (line["event"], line["log_level"]) == ("job_failed", "warning")
    assert (line["job"], line["message_id"], line["workspace_id"]) == (fail.name, message_id, 1)
    assert [record for record in caplog.records if record.exc_info] == []


def test_the_log_context_ends_with_the_job(application):
    structlog.contextvars.clear_contextvars()
    application.enqueue(note, 1)
    application.enqueue(give_up)
    application.jobs.drain()
    assert structlog.contextvars.get_contextvars() == {}


def test_a_drain_that_takes_too_long_says_so_and_hands_back(application):
    application.enqueue(note, 1)
    application.enqueue(note, 2)
    with pytest.raises(TimeoutError):
        application.jobs.drain(timeout=-1)
    assert [(state_of(row), row.attempt) for row in application.rows()] == [("queued", 0)] * 2
    assert sample_jobs.attempts == []
