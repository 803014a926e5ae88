"""A desk whose jobs travel by a server: at its start, and when that is lost."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.services import require_service
from tests.services.rabbitmq import Rabbitmq, RabbitmqMissing
from tests.services.receiver import Receiver
from tests.services.redis import Redis, RedisMissing

from .processes import BIN, Desk, bootstrap, running, support_core, write_ini

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases


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
def ini(server: Rabbitmq | Redis, databases: Databases, tmp_path: Path) -> Path:
    changes = {
        "support.broker": f"{server.url}/0",
        "support.ratelimit.enabled": "false",
        "support.log.format": "json",
    }
    return write_ini(tmp_path, databases.create(f"brokers_{time.monotonic_ns()}"), changes)


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _open(client: httpx.Client, callback: str) -> int:
    mailbox = {"name": "API", "email": "api@acme.example", "callback_url": callback}
    mailbox_id = client.post("/mailboxes", json=mailbox).json()["data"]["id"]
    body = {
        "mailbox_id": mailbox_id,
        "customer_email": "customer@customers.example",
        "subject": "Where is it?",
        "body": "I wait.",
    }
    opened: int = client.post("/conversations", json=body).json()["data"]["id"]
    return opened


def _check(client: httpx.Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz")
    checks = {check["name"]: check for check in answer.json()["checks"]}
    return answer.status_code, checks["broker"]


def test_requests_go_on_while_the_broker_is_away_and_nothing_is_lost(
    ini: Path, server: Rabbitmq | Redis
) -> None:
    token = bootstrap(ini)["token"]
    password = server.url.partition("@")[0].rpartition(":")[2]
    with Receiver() as receiver, running(ini) as desk, desk.client(token) as client:
        conversation = _open(client, receiver.url)
        assert _check(client) == (200, {"name": "broker", "ok": True, "message": ""})
        assert "support_broker_up 1.0" in client.get("/metrics").text
        server.kill()
        for number in range(10):
            said = {"body": f"Reply {number}"}
            answer = client.post(f"/conversations/{conversation}/reply", json=said)
            assert answer.status_code == 201
        _until(lambda: _check(client)[0] == 503)
        assert "does not answer. Jobs wait" in _check(client)[1]["message"]
        assert "support_broker_up 0.0" in client.get("/metrics").text
        assert client.get("/healthz").status_code == 200
        looked = support_core(ini, "jobs", "list", "--json")
        assert looked.returncode == 0, looked.stderr
        examined = support_core(ini, "doctor")
        assert examined.returncode == 1
        assert "FAILED  broker: support.broker: " in examined.stdout
        server.start()
        _until(lambda: len(receiver.received) == 10)
        _until(lambda: _check(client)[0] == 200)
        assert "support_broker_up 1.0" in client.get("/metrics").text
        assert desk.end() == 0
    assert desk.output.count('"event": "broker_lost"') == 1
    assert desk.output.count('"event": "broker_back"') == 1
    assert password not in desk.output + examined.stdout
    assert "Traceback" not in desk.output


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_broker_that_does_not_answer_stops_the_start(
    ini: Path, server: Rabbitmq | Redis, command: str
) -> None:
    bootstrap(ini)
    password = server.url.partition("@")[0].rpartition(":")[2]
    ini.write_text(ini.read_text().replace(password, "not-the-password"))
    refused = Desk(ini, BIN / "support-core", "-c", ini, command)
    assert refused.process.wait(60) == 2
    last = refused.output.splitlines()[-1]
    assert last.startswith("support-core: support.broker: ")
    assert last.endswith("start it, or correct support.broker.")
    assert "not-the-password" not in refused.output
    assert "Traceback" not in refused.output


def test_workers_elsewhere_do_what_a_serving_process_hands_over(ini: Path) -> None:
    ini.write_text(ini.read_text().replace("support.workers = 4", "support.workers = 0"))
    token = bootstrap(ini)["token"]
    command = (BIN / "support-core", "-c", ini, "worker", "--processes", "2", "--threads", "2")
    with (
        Receiver() as receiver,
        running(ini) as desk,
        running(ini, *command, ready="working") as workers,
        desk.client(token) as client,
    ):
        conversation = _open(client, receiver.url)
        for number in range(5):
            client.post(f"/conversations/{conversation}/reply", json={"body": f"Reply {number}"})
        _until(lambda: len(receiver.received) == 5)
        assert workers.end() == 0
        assert desk.end() == 0
