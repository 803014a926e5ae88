"""Workspaces take turns."""

from __future__ import annotations

import pytest
from dramatiq import Message
from sqlalchemy import insert

from support_core.models import Job as JobRow
from tests.waiting import until

from .sample_jobs import note, slow_note

pytestmark = pytest.mark.every_broker


def _flood(application, job, *, workspace_id, count):
    moment = application.clock()
    rows = []
    for number in range(count):
        message = Message(
            queue_name=job.queue,
            actor_name=job.name,
            args=(number,),
            kwargs={},
            options={"workspace_id": workspace_id},
        )
        rows.append(
            {
                "message_id": message.message_id,
                "workspace_id": workspace_id,
                "lane": workspace_id,
                "queue": job.queue,
                "name": job.name,
                "message": message.encode(),
                "state": "queued",
                "due_at": moment,
            }
        )
    with application.database.transaction() as session:
        session.execute(insert(JobRow.__table__), rows)


def _lanes(application, count, after=-1):
    claims = application.jobs.broker.claims.take("notes", owner="me", count=count, after=after)
    return [claim.lane for claim in claims]


def test_a_claim_takes_from_every_workspace_in_turn(application):
    _flood(application, note, workspace_id=1, count=50)
    _flood(application, note, workspace_id=2, count=2)
    _flood(application, note, workspace_id=3, count=1)
    assert _lanes(application, 9) == [1, 2, 3, 1, 2, 1]


def test_the_next_claim_goes_on_after_the_last_workspace(application):
    for workspace_id in (1, 2, 3):
        _flood(application, note, workspace_id=workspace_id, count=5)
    assert _lanes(application, 2, after=-1) == [1, 2]
    assert _lanes(application, 2, after=2) == [3, 1]
    assert _lanes(application, 2, after=3) == [1, 2]


def test_a_job_without_a_workspace_has_its_turn_too(application):
    _flood(application, note, workspace_id=1, count=50)
    application.enqueue(note, 1, workspace_id=None)
    assert _lanes(application, 4, after=1) == [0, 1, 1]


def test_a_flood_of_one_workspace_delays_no_other(application):
    _flood(application, slow_note, workspace_id=1, count=20_000)
    application.jobs.start_workers(2)
    until(application.effects)
    before = len(application.effects())
    application.enqueue(note, 1_000_000, workspace_id=2)
    until(lambda: 1_000_000 in application.effects(), patience=60)
    assert application.effects().index(1_000_000) - before < 1_000
