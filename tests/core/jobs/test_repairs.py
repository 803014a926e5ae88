"""Jobs taken back and replayed while workers work: each either runs or is gone, never both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.jobs import Choice, list_jobs, remove_jobs, retry_dead
from support_core.jobs.inspection import WAITING
from tests.waiting import until

from .sample_jobs import give_up, slow_note

if TYPE_CHECKING:
    from .desks import SmallApplication

pytestmark = pytest.mark.every_broker

NUMBER = 300


def _enqueue(application: SmallApplication) -> dict[int, int]:
    """Enqueue many jobs; return their arguments by their ids."""
    with application.desk(1) as desk:
        for number in range(NUMBER):
            application.jobs.enqueue(desk.session, slow_note, number, workspace_id=1)
        jobs = list_jobs(desk.session, limit=NUMBER)
    known = application.jobs.declared
    return {job.id: job.arguments(known)["number"] for job in jobs}


def test_a_job_is_cancelled_or_runs_and_never_both(application: SmallApplication) -> None:
    numbers = _enqueue(application)
    application.jobs.start_workers(2)
    cancelled: list[int] = []
    until(application.effects)  # they are at it
    while True:
        with application.database.transaction() as session:
            batch = remove_jobs(session, Choice(states=WAITING), limit=7)
        cancelled += [numbers[job_id] for job_id, _ in batch.jobs]
        if batch.after is None:
            break
    until(lambda: application.rows() == [])
    assert cancelled
    assert sorted([*application.effects(), *cancelled]) == list(range(NUMBER))


def test_what_was_handed_to_a_broker_can_be_cancelled(application: SmallApplication) -> None:
    application.enqueue(slow_note, 1)
    application.change(state="handed", lease_until=application.clock())
    with application.database.transaction() as session:
        (job,) = list_jobs(session)
        assert job.state == "queued"
        assert remove_jobs(session, Choice(states=WAITING)).jobs == [(job.id, 1)]
    assert application.jobs.drain() == 0
    assert application.effects() == []


@pytest.mark.parametrize("states", [(), ("running",), ("queued", "running")])
def test_what_a_worker_has_cannot_be_chosen(
    application: SmallApplication, states: tuple[str, ...]
) -> None:
    choice = Choice(states=states)
    with application.database.transaction() as session:
        for change in (remove_jobs, retry_dead):
            with pytest.raises(ValueError, match="only dead and waiting jobs"):
                change(session, choice)


def test_a_replayed_job_dies_again_and_keeps_its_reason(application: SmallApplication) -> None:
    application.enqueue(give_up)
    for _ in range(3):
        application.jobs.drain()
        with application.database.transaction() as session:
            (job,) = list_jobs(session, state="dead")
            assert (job.attempt, job.last_error) == (1, "GiveUp: the account is closed")
            retry_dead(session, Choice())
