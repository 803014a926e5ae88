"""What a killed process leaves behind, the next one does."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from .processes import BIN, Desk, bootstrap, running, write_ini

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.databases import Databases


class Receiver:
    """A callback's other end; ``heard`` are the message ids in the order they came."""

    def __init__(self, url: str, heard: list[str]) -> None:
        self.url = url
        self.heard = heard

    def wait_for(self, number: int) -> None:
        deadline = time.monotonic() + 40
        while len(set(self.heard)) < number:
            assert time.monotonic() < deadline, f"heard {len(set(self.heard))} of {number}"
            time.sleep(0.05)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with _receiving() as made:
        yield made


@contextmanager
def _receiving() -> Iterator[Receiver]:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(self.headers["webhook-id"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield Receiver(f"http://127.0.0.1:{server.server_port}/hook", heard)
        server.shutdown()
        thread.join()


def reply(desk: Desk, token: str, callback: str, times: int) -> None:
    """Open a conversation whose replies are posted to ``callback``, and reply."""
    with desk.client(token) as caller:
        mailbox = caller.post(
            "/mailboxes",
            json={"name": "Support", "email": "s@acme.example", "callback_url": callback},
        ).json()["data"]
        conversation = caller.post(
            "/conversations",
            json={
                "mailbox_id": mailbox["id"],
                "customer_email": "c@customers.example",
                "subject": "Help me",
                "body": "Please.",
            },
        ).json()["data"]
        for number in range(times):
            path = f"/conversations/{conversation['id']}/reply"
            assert caller.post(path, json={"body": f"Answer {number}"}).status_code == 201


def test_replies_outlive_a_kill_and_leave_with_the_next_process(
    databases: Databases, tmp_path: Path, receiver: Receiver
) -> None:
    changes = {"support.workers": "0", "support.ratelimit.enabled": "false"}
    ini = write_ini(tmp_path, databases.create("killed"), changes)
    token = bootstrap(ini)["token"]
    with running(ini) as desk:
        reply(desk, token, receiver.url, times=5)
        assert desk.end(signal.SIGKILL) == -signal.SIGKILL
    assert receiver.heard == []
    ini.write_text(ini.read_text().replace("support.workers = 0", "support.workers = 2"))
    with running(ini) as desk:
        receiver.wait_for(5)
        assert desk.end() == 0


def test_a_worker_process_does_what_a_serving_one_leaves_to_it(
    databases: Databases, tmp_path: Path, receiver: Receiver
) -> None:
    changes = {"support.workers": "0", "support.ratelimit.enabled": "false"}
    ini = write_ini(tmp_path, databases.create("working"), changes)
    token = bootstrap(ini)["token"]
    command = (BIN / "support-core", "-c", ini, "worker", "--threads", "2", "--queues")
    with running(ini) as desk:
        reply(desk, token, receiver.url, times=3)
        with running(ini, *command, "deliveries", ready="working") as worker:
            receiver.wait_for(3)
            assert worker.end() == 0
        assert "stopped" in worker.output


def test_a_worker_refuses_a_queue_that_does_not_exist(databases: Databases, tmp_path: Path) -> None:
    ini = write_ini(tmp_path, databases.create("no_queue"))
    bootstrap(ini)
    refused = Desk(ini, BIN / "support-core", "-c", ini, "worker", "--queues", "nosuch")
    assert refused.process.wait(60) == 2
    assert "there is no queue 'nosuch'; known: " in refused.output
