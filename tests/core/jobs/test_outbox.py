"""Enqueueing: with the transaction, due times, keys, and what may be an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from support_core.jobs import JobCall, JobContext, bell, cancel, enqueue, job, keyed_id
from support_core.jobs.outbox import TABLE, cancel_many
from tests.waiting import until

from . import sample_jobs
from .sample_jobs import greet, note, spawn, wait

pytestmark = pytest.mark.every_broker


def test_a_job_exists_once_its_transaction_committed(application):
    with application.desk(1) as desk:
        message_id = enqueue(desk.session, note, 7, workspace_id=1)
    (row,) = application.rows()
    assert (row.message_id, row.name, row.queue, row.workspace_id, row.state) == (
        message_id,
        f"{sample_jobs.__name__}.note",
        "notes",
        1,
        "queued",
    )


def test_a_rollback_leaves_no_job(application):
    with application.desk(1) as desk:
        enqueue(desk.session, note, 7, workspace_id=1)
        desk.session.rollback()
    assert application.rows() == []


def test_a_job_that_rolls_back_leaves_none_of_the_jobs_it_enqueued(application):
    application.enqueue(spawn, 11)
    application.jobs.drain()
    assert [row.name.rpartition(".")[2] for row in application.rows()] == ["spawn"]


def test_a_drain_runs_the_jobs_that_jobs_enqueue(application):
    application.enqueue(spawn, 3)
    assert application.jobs.drain() == 4
    assert application.effects() == [0, 1, 2]


def test_a_delayed_job_waits_for_its_time(application):
    application.enqueue(note, 1, delay=3600)
    application.enqueue(note, 2, due_at=datetime.now(UTC) + timedelta(hours=2))
    assert application.jobs.drain() == 0
    application.clock.forward(minutes=61)
    assert application.jobs.drain() == 1
    assert application.effects() == [1]
    application.clock.forward(minutes=61)
    assert application.jobs.drain() == 1


def test_a_due_time_in_the_past_is_now(application):
    application.enqueue(note, 1, due_at=datetime.now(UTC) - timedelta(hours=2))
    assert application.jobs.drain() == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (({"id": 1}, 1), "the argument name is dict"),
        ((None,), "the argument name is NoneType"),
        (("Ada", 1.5), "the argument number is float"),
        (("Ada", True), "the argument number is bool"),
        (("A" * 256,), "the argument name has 256 characters"),
    ],
)
def test_an_argument_that_is_no_id_is_refused_by_name(application, args, message):
    with application.desk(1) as desk, pytest.raises(TypeError, match=message):
        enqueue(desk.session, greet, *args, workspace_id=1)


def test_a_missing_argument_is_refused(application):
    with application.desk(1) as desk, pytest.raises(TypeError, match="name"):
        enqueue(desk.session, greet, workspace_id=1)


def test_a_job_the_application_does_not_know_is_refused(application):
    @job(queue="notes")
    def unscanned(context: JobContext) -> None:
        """Nobody scanned this."""

    with pytest.raises(LookupError, match="unscanned is not registered"):
        application.enqueue(unscanned)


def test_a_job_can_be_cancelled_while_it_waits(application):
    message_id = application.enqueue(note, 1, delay=60)
    with application.desk(1) as desk:
        assert cancel(desk.session, message_id)
        assert not cancel(desk.session, message_id)
    assert application.rows() == []


def test_a_rolled_back_cancel_changes_nothing(application):
    message_id = application.enqueue(note, 1)
    with application.desk(1) as desk:
        cancel(desk.session, message_id)
        desk.session.rollback()
    assert application.jobs.drain() == 1


def test_of_jobs_with_one_key_one_waits(application):
    first = application.enqueue(note, 1, key="mailbox 1")
    assert application.enqueue(note, 1, key="mailbox 1") == first
    application.enqueue(note, 2, key="mailbox 2")
    application.enqueue(note, 3, key="mailbox 1", workspace_id=2)
    assert application.jobs.drain() == 3


def test_a_key_is_free_again_when_its_job_is_over(application):
    for _ in range(2):
        application.enqueue(note, 1, key="mailbox 1")
        assert application.jobs.drain() == 1


def test_asking_again_for_a_key_makes_it_due_earlier_but_not_later(application):
    application.enqueue(note, 1, key="mailbox", delay=3600)
    application.enqueue(note, 1, key="mailbox", delay=7200)
    application.clock.forward(minutes=61)
    assert application.jobs.drain() == 1
    application.enqueue(note, 1, key="mailbox", delay=3600)
    application.enqueue(note, 1, key="mailbox")
    assert application.jobs.drain() == 1


def test_a_key_asked_for_while_its_job_runs_runs_again_afterwards(application):
    application.jobs.start_workers(2)
    application.enqueue(wait, 1, key="mailbox")
    assert sample_jobs.began.wait(10)
    application.enqueue(wait, 1, key="mailbox")
    application.enqueue(wait, 1, key="mailbox")
    assert len(application.rows()) == 1
    sample_jobs.may_end.set()
    until(lambda: not application.rows())
    assert application.effects() == [1, 1]


def test_a_key_asked_for_later_while_its_job_runs_waits_for_its_time(application):
    application.jobs.start_workers(1)
    application.enqueue(wait, 1, key="mailbox")
    assert sample_jobs.began.wait(10)
    application.enqueue(wait, 1, key="mailbox", delay=3600)
    sample_jobs.may_end.set()
    until(lambda: application.rows(state="delayed"))
    assert application.effects() == [1]


def test_a_job_with_a_key_is_cancelled_by_it(application):
    application.enqueue(note, 1, key="mailbox", delay=60)
    with application.desk(1) as desk:
        assert cancel(desk.session, keyed_id(note, "mailbox", workspace_id=1))


def test_a_moved_job_is_due_at_the_last_time_it_was_given(application):
    application.enqueue(note, 1, key="timer", delay=60, move=True)
    application.enqueue(note, 1, key="timer", delay=7200, move=True)
    (row,) = application.rows()
    assert row.state == "delayed"
    assert (row.due_at - row.created_at).total_seconds() >= 7200
    application.clock.forward(seconds=3600)
    assert application.jobs.drain() == 0
    application.enqueue(note, 1, key="timer", move=True)
    assert application.jobs.drain() == 1
    assert application.rows() == []


def test_a_job_that_is_moved_while_it_runs_runs_again_then(application):
    application.jobs.start_workers(1)
    application.enqueue(wait, 1, key="timer")
    assert sample_jobs.began.wait(10)
    application.enqueue(wait, 1, key="timer", delay=60, move=True)
    application.enqueue(wait, 1, key="timer", delay=3600, move=True)
    sample_jobs.may_end.set()
    until(lambda: application.rows(state="delayed"))
    (row,) = application.rows()
    assert (row.due_at - row.created_at).total_seconds() >= 3600
    assert application.effects() == [1]


def _enqueue_many(application, numbers, **options):
    with application.desk(1) as desk:
        application.jobs.enqueue_many(
            desk.session,
            note,
            [JobCall((it,), key=f"timer {it}", **options) for it in numbers],
            workspace_id=1,
            move=True,
        )


def test_many_jobs_are_written_and_moved_at_once(application):
    later = application.clock() + timedelta(hours=1)
    _enqueue_many(application, range(700), due_at=later)
    assert {row.state for row in application.rows()} == {"delayed"}
    assert application.enqueue(note, 3, key="timer 3", move=True) in {
        row.message_id for row in application.rows()
    }
    assert application.jobs.drain() == 1
    _enqueue_many(application, range(5))
    assert application.jobs.drain() == 5
    assert sorted(application.effects()) == [0, 1, 2, 3, 4]
    assert len(application.rows()) == 695


def test_many_jobs_of_which_one_is_given_something_else_are_none(application):
    with pytest.raises(TypeError), application.desk(1) as desk:
        application.jobs.enqueue_many(
            desk.session, note, [JobCall((1,)), JobCall((1.5,))], workspace_id=1
        )
    assert application.rows() == []


def test_many_jobs_are_taken_back_at_once(application):
    _enqueue_many(application, range(1200), due_at=application.clock() + timedelta(hours=1))
    names = [keyed_id(note, f"timer {it}", workspace_id=1) for it in range(1, 2000)]
    with application.desk(1) as desk:
        assert cancel_many(desk.session, names) == 1199
    (row,) = application.rows()
    assert row.message_id == keyed_id(note, "timer 0", workspace_id=1)


class Ear:
    """Hears which queues are rung."""

    def __init__(self, url):
        self.url = url
        self.heard = []

    def wake(self, queues):
        self.heard.append(set(queues))

    def after(self, application, **options):
        """Return what is rung by the commit of one more job."""
        self.heard.clear()
        with application.desk(1) as desk:
            enqueue(desk.session, note, 7, workspace_id=1, **options)
        return self.heard[:]


@pytest.mark.parametrize("move", [False, True])
def test_only_a_job_that_is_ready_wakes_its_queue(application, move):
    """A delayed one is for whoever looks at the time; one that runs is looked at when it ends."""
    ear = Ear(application.database.url)
    bell.listen(ear)
    try:
        assert ear.after(application) == [{"notes"}]
        assert ear.after(application, delay=60) == [set()]
        keyed = {"key": "one", "move": move}
        assert ear.after(application, **keyed) == [{"notes"}]
        for state, rung in (("running", []), ("handed", []), ("dead", [{"notes"}])):
            _put(application, state)
            assert ear.after(application, **keyed) == rung, state
            again = next(row for row in application.rows() if row.message_id.startswith("key-"))
            assert (again.again_at is not None) == (state == "running")
        assert ear.after(application, delay=60, **keyed) == ([set()] if move else [{"notes"}])
    finally:
        bell.leave(ear)


def _put(application, state):
    with application.database.engine.begin() as connection:
        connection.execute(
            update(TABLE)
            .where(TABLE.c.message_id.startswith("key-"))
            .values(state=state, again_at=None)
        )
