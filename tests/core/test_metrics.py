"""Metrics of the job queues."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from prometheus_client.exposition import generate_latest
from sqlalchemy import delete, update
from webtest import TestApp

from support_core.models import Job
from support_core.services.maintenance import delete_blobs

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def test_a_waiting_job_is_counted_until_it_ran(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    desk.run_jobs()
    conversation = workspace.conversation()
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Hello"})

    waiting = 'support_jobs_waiting{queue="deliveries",state="queued"} 1.0'
    assert waiting in generate_latest(desk.application.metrics).decode()

    desk.run_jobs()

    assert 'support_jobs_waiting{queue="deliveries",state="queued"} 0.0' in _gauges(desk)


def test_queues_that_nobody_declares_are_one_series(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    with workspace.desk() as opened:
        ids = [opened.enqueue(delete_blobs, f"{workspace.id}/00/{n:064}") for n in range(3)]
        for number, message_id in enumerate(ids):
            its = Job.message_id == message_id
            gone = {"queue": f"gone{number}", "state": "dead"}
            opened.session.execute(update(Job).where(its).values(gone))
    shown = _gauges(desk)
    assert 'support_jobs_waiting{queue="unknown",state="dead"} 3.0' in shown
    assert "gone1" not in shown
    with workspace.desk() as opened:
        opened.session.execute(delete(Job).where(Job.message_id.in_(ids)))


def test_the_age_of_the_oldest_is_shown_of_every_queue(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    desk.run_jobs()
    with workspace.desk() as opened:
        waited = datetime.now(UTC) - timedelta(minutes=5)
        opened.enqueue(delete_blobs, f"{workspace.id}/00/{'0' * 64}", due_at=waited)

    def oldest(queue: str) -> float:
        found = desk.application.metrics.get_sample_value(
            "support_jobs_oldest_seconds", {"queue": queue}
        )
        assert found is not None
        return found

    assert 300 <= oldest("maintenance") < 400
    assert oldest("deliveries") == 0
    desk.run_jobs()
    assert oldest("maintenance") == 0


def test_a_made_up_method_makes_no_series_of_its_own(desk: DeskUnderTest) -> None:
    browser = TestApp(desk.wsgi, lint=False)
    browser.request("/api/support/healthz", method="BREW", status="*")
    text = generate_latest(desk.application.metrics).decode()
    assert "BREW" not in text
    assert 'method="other"' in text


def _gauges(desk: DeskUnderTest) -> str:
    lines = generate_latest(desk.application.metrics).decode().splitlines()
    return "\n".join(line for line in lines if line.startswith("support_jobs_waiting{"))
