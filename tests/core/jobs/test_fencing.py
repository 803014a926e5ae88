"""Who holds a job: leases, fenced acknowledgements, recovery."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from dramatiq.middleware import SkipMessage

from support_core.jobs import settlements
from support_core.jobs.messages import MAX_LOST, open_claim
from support_core.jobs.owner import is_gone, new_owner
from support_core.jobs.settlements import Settlement
from tests.waiting import until

from . import sample_jobs
from .sample_jobs import note


def _take(application, count=1):
    return application.jobs.broker.claims.take("notes", owner=new_owner(), count=count, after=-1)


def _write(application, settlement):
    with application.database.transaction() as session:
        return settlements.write(session.connection(), [settlement], moment=application.clock())


@pytest.mark.parametrize("outcome", ["done", "retry", "dead", "released", "interrupted"])
def test_what_a_stale_owner_says_changes_nothing(application, outcome):
    application.enqueue(note, 1)
    (stale,) = _take(application)
    application.clock.forward(seconds=61)
    assert application.jobs.broker.clerk.look()
    (current,) = _take(application)
    before = application.rows()
    settlement = Settlement(stale, outcome, message=b"stale", due_at=application.clock())
    assert _write(application, settlement) == 0
    assert application.rows() == before
    assert _write(application, Settlement(current, "done")) == 1
    assert application.rows() == []


def test_the_same_owner_of_an_earlier_attempt_is_stale_too(application):
    application.enqueue(note, 1)
    take = application.jobs.broker.claims.take
    (stale,) = take("notes", owner="same", count=1, after=-1)
    application.clock.forward(seconds=61)
    application.jobs.broker.clerk.look()
    (current,) = take("notes", owner="same", count=1, after=-1)
    assert _write(application, Settlement(stale, "done")) == 0
    assert _write(application, Settlement(current, "done")) == 1


def test_a_claimed_job_is_claimed_by_nobody_else(application):
    for number in range(10):
        application.enqueue(note, number)
    taken = [claim.id for _ in range(4) for claim in _take(application, count=3)]
    assert len(taken) == len(set(taken)) == 10


def test_a_lease_that_is_kept_is_not_taken(application, make_application):
    other = make_application()
    other.clock = application.clock
    application.enqueue(note, 1)
    claims = _take(application)
    application.clock.forward(seconds=50)
    application.jobs.broker.clerk.hold(claims)
    application.jobs.broker.clerk._renew()
    application.clock.forward(seconds=50)
    assert not application.jobs.broker.clerk.look()
    application.clock.forward(seconds=11)
    assert application.jobs.broker.clerk.look()


def test_workers_keep_the_leases_of_long_jobs(make_application):
    application, other = make_application(lease=1), make_application(lease=1)
    application.enqueue(sample_jobs.wait, 1)
    application.jobs.start_workers(1)
    assert sample_jobs.began.wait(10)
    other.jobs.start_workers(1)
    began = application.rows()[0].lease_until
    until(lambda: application.rows()[0].lease_until > began + timedelta(seconds=2))
    assert sample_jobs.attempts == [(1, 1)]


def test_a_job_whose_lease_ran_out_before_it_began_is_not_run(application):
    application.enqueue(note, 1)
    (claim,) = _take(application)
    message = open_claim(claim)
    application.clock.forward(seconds=61)
    with pytest.raises(SkipMessage):
        application.jobs.broker.emit_before("process_message", message)
    application.jobs.broker.emit_after("skip_message", message)
    assert message.settlement(application.clock) is None


def test_a_job_that_ends_its_worker_every_time_is_dead(application):
    application.enqueue(note, 1)
    application.change(attempt=MAX_LOST)
    application.jobs.drain()
    (row,) = application.rows()
    assert row.state == "dead"
    assert "worker that ran it ended" in row.last_error
    assert application.effects() == []


def test_a_job_lost_a_few_times_still_runs(application):
    application.enqueue(note, 1)
    application.change(attempt=MAX_LOST - 1)
    assert application.jobs.drain() == 1
    assert sample_jobs.attempts == [(1, MAX_LOST)]


def _owner_elsewhere(script):
    return subprocess.Popen(
        [sys.executable, "-c", f"from support_core.jobs.owner import new_owner; {script}"],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
    )


def test_an_owner_is_gone_when_its_process_ended():
    with _owner_elsewhere("print(new_owner(), flush=True); input()") as process:
        owner = process.stdout.readline().strip()
        assert not is_gone(owner)
        process.kill()
        # It is a zombie now, or gone already.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(owner)
    assert is_gone(owner)


def test_an_owner_whose_process_id_was_given_to_another_is_gone():
    machine, pid, started, rest = new_owner().split(":")
    assert is_gone(":".join([machine, pid, str(int(started) - 1), rest]))


def test_nothing_is_known_of_owners_on_other_machines():
    _, *rest = new_owner().split(":")
    assert not is_gone(":".join(["0123456789ab", *rest]))
    assert not is_gone(":".join(["unknown", *rest]))


def test_the_jobs_of_a_process_that_ended_are_queued_at_once(application):
    application.enqueue(note, 1)
    with _owner_elsewhere("print(new_owner())") as process:
        owner = process.stdout.readline().strip()
    application.jobs.broker.claims.take("notes", owner=owner, count=1, after=-1)
    assert application.jobs.drain() == 1
    assert sample_jobs.attempts == [(1, 2)]


def test_jobs_with_keys_end_together_but_for_one_that_somebody_holds(application):
    engine, clerk = application.jobs, application.jobs.broker.clerk
    for number in range(5):
        application.enqueue(note, number, key=f"timer {number}")
    claims = _take(application, count=5)
    clerk.hold(claims)
    written = []
    original = clerk._write

    def write(batch):
        # Only the group finds a row locked; whoever waits for it alone would wait for this test.
        if len(batch) == 1:
            held.close()
        written.append(len(batch))
        return original(batch)

    clerk._write = write
    for claim in claims:
        clerk.settle(Settlement(claim, "done"))
    held = application.database.session(1)
    if application.database.dialect == "postgresql":
        held.connection()
        engine.enqueue(held, note, 2, workspace_id=1, key="timer 2")
    try:
        clerk.flush()
    finally:
        held.close()
    assert application.rows() == []
    assert written == ([5, 1] if application.database.dialect == "postgresql" else [5])


@pytest.mark.parametrize("ending", ["released", "interrupted", "retry", "lost"])
def test_a_job_that_was_moved_while_it_ran_keeps_its_new_time_however_it_ends(application, ending):
    application.enqueue(note, 1, key="timer")
    (claim,) = _take(application)
    application.enqueue(note, 1, key="timer", delay=3600, move=True)
    if ending == "lost":
        application.clock.forward(seconds=61)
        assert application.jobs.broker.clerk.look()
    else:
        due = application.clock() + timedelta(seconds=1)
        assert _write(application, Settlement(claim, ending, message=claim.message, due_at=due))
        application.clock.forward(seconds=2)
    assert application.jobs.drain() == 1
    (row,) = application.rows()
    assert row.state == "delayed"
    assert row.due_at > application.clock() + timedelta(seconds=3000)
    application.clock.forward(seconds=3600)
    assert application.jobs.drain() == 1
    assert application.rows() == []


def test_a_job_that_was_asked_for_while_it_ran_runs_once_when_it_was_lost(application):
    application.enqueue(note, 1, key="mailbox")
    _take(application)
    application.enqueue(note, 1, key="mailbox")
    application.clock.forward(seconds=61)
    application.jobs.broker.clerk.look()
    assert application.jobs.drain() == 1
    assert application.rows() == []
