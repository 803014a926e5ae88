"""A server that is killed and comes back empty: work goes on, and nothing is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from tests.services import require_service
from tests.services.rabbitmq import Rabbitmq, RabbitmqMissing
from tests.services.redis import Redis, RedisMissing
from tests.waiting import until

from .sample_jobs import note, slow_note

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = 200


@pytest.fixture(scope="module", params=["rabbitmq", "redis"])
def server(request: pytest.FixtureRequest) -> Iterator[Rabbitmq | Redis]:
    """A server of these tests' own, because they kill it."""
    try:
        started = Redis() if request.param == "redis" else Rabbitmq(vhosts=["0"])
    except (RedisMissing, RabbitmqMissing) as missing:
        require_service(request.param, str(missing))
    yield started
    started.stop()


@pytest.fixture
def broker_url(server: Rabbitmq | Redis) -> str:
    """Database or virtual host 0 of that server."""
    return f"{server.url}/0"


def _up(application):
    return application.metrics.get_sample_value("support_broker_up")


def test_what_a_server_forgot_is_handed_to_it_again(application, server):
    for number in range(JOBS):
        application.enqueue(note, number, workspace_id=1 + number % 3)
    application.jobs.broker.hand_over()
    assert len(application.rows(state="handed")) > 100
    server.kill()
    server.start()
    assert application.jobs.drain() == JOBS
    assert sorted(application.effects()) == list(range(JOBS))


def test_work_goes_on_when_the_server_is_back_and_the_outage_is_said_once(
    application, server, caplog
):
    application.jobs.open()
    application.jobs.start_workers(2)
    application.enqueue(note, -1)
    until(application.effects)
    assert (_up(application), application.jobs.broker.problem()) == (1, None)
    for number in range(JOBS):
        application.enqueue(slow_note, number)
    with capture_logs() as lines:
        server.kill()
        until(lambda: _up(application) == 0)
        assert "does not answer" in application.jobs.broker.problem()
        for number in range(JOBS, JOBS + 20):
            application.enqueue(note, number)
        time.sleep(1.5)
        server.start()
        until(lambda: not application.rows(), patience=45)
        until(lambda: _up(application) == 1)
    assert application.jobs.broker.problem() is None
    assert sorted(application.effects()) == list(range(-1, JOBS + 20))
    said = [line["event"] for line in lines if line["log_level"] in {"error", "critical"}]
    assert said.count("broker_lost") == 1
    assert set(said) == {"broker_lost"}
    assert [line["event"] for line in lines].count("broker_back") == 1
    # Nor do Dramatiq, pika and redis say it in their own words.
    assert [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}] == []


def test_a_process_without_a_relay_asks_the_server_itself(application, server):
    assert application.jobs.broker.problem() is None
    server.kill()
    application.jobs.broker._answer = (0.0, None)
    assert "does not answer" in application.jobs.broker.problem()
    server.start()
