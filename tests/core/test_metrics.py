"""Metrics of the job queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.exposition import generate_latest
from webtest import TestApp

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

    assert 'queue="deliveries"' not in _gauges(desk)


def test_a_made_up_method_makes_no_series_of_its_own(desk: DeskUnderTest) -> None:
    browser = TestApp(desk.wsgi, lint=False)
    browser.request("/api/support/healthz", method="BREW", status="*")
    text = generate_latest(desk.application.metrics).decode()
    assert "BREW" not in text
    assert 'method="other"' in text


def _gauges(desk: DeskUnderTest) -> str:
    lines = generate_latest(desk.application.metrics).decode().splitlines()
    return "\n".join(line for line in lines if line.startswith("support_jobs_waiting{"))
