"""A desk that is killed again and again while agents reply: nothing that was answered is lost."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.services.receiver import Receiver
from tests.serving.processes import Desk, bootstrap, write_ini

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.databases import Databases

REPLIES = 1_000
WRITERS = 6
KILLS = 2
SECONDS = 180


class Agents:
    """Agents who reply until all is said, and say it again when the desk was gone."""

    def __init__(self, url: str, token: str, conversations: list[int]) -> None:
        self._url = f"{url}/api/support"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._conversations = conversations
        self._numbers = iter(range(REPLIES))
        self._lock = threading.Lock()
        self._deadline = time.monotonic() + SECONDS
        self.answered: dict[int, int] = {}

    def reply(self, agent: int) -> None:
        """Take numbers and reply with each, until there are none left."""
        with httpx.Client(headers=self._headers, timeout=20) as client:
            while True:
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                path = f"{self._url}/conversations/{self._conversations[agent]}/reply"
                self.answered[number] = self._until_answered(client, path, number)

    def _until_answered(self, client: httpx.Client, path: str, number: int) -> int:
        headers = {"Idempotency-Key": f"reply-{number}"}
        while True:
            assert time.monotonic() < self._deadline, f"{len(self.answered)} replies were answered"
            try:
                answer = client.post(path, json={"body": f"Reply {number}"}, headers=headers)
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code == 503:
                time.sleep(0.1)
                continue
            assert answer.status_code == 201, answer.text
            thread: int = answer.json()["data"]["id"]
            return thread


def _prepare(desk: Desk, token: str, callback: str) -> list[int]:
    with desk.client(token) as client:
        mailbox = {"name": "API", "email": "api@acme.example", "callback_url": callback}
        mailbox_id = client.post("/mailboxes", json=mailbox).json()["data"]["id"]
        body = {
            "mailbox_id": mailbox_id,
            "customer_email": "customer@customers.example",
            "subject": "A long story",
            "body": "It began like this.",
        }
        made = [client.post("/conversations", json=body).json()["data"] for _ in range(WRITERS)]
    return [conversation["id"] for conversation in made]


def _heard(receiver: Receiver) -> dict[int, set[str]]:
    """Return the ids under which each reply was posted."""
    heard: dict[int, set[str]] = defaultdict(set)
    for posted in list(receiver.received):
        payload: dict[str, Any] = json.loads(posted.body)
        heard[payload["data"]["thread"]["id"]].add(posted.headers["webhook-id"])
    return heard


@pytest.fixture
def ini(databases: Databases, tmp_path: Path) -> Path:
    """The shipped ini without rate limits."""
    changes = {"support.ratelimit.enabled": "false"}
    return write_ini(tmp_path, databases.create("kill"), changes)


def test_a_killed_desk_loses_no_reply_and_no_webhook(ini: Path) -> None:
    token = bootstrap(ini)["token"]
    with Receiver() as receiver:
        desk = Desk(ini)
        try:
            desk.wait_until_ready()
            agents = Agents(desk.url, token, _prepare(desk, token, receiver.url))
            with ThreadPoolExecutor(WRITERS) as threads:
                writing = [threads.submit(agents.reply, number) for number in range(WRITERS)]
                for kill in range(1, KILLS + 1):
                    while len(agents.answered) < kill * REPLIES // (KILLS + 1):
                        assert not any(it.done() and it.exception() for it in writing)
                        time.sleep(0.01)
                    desk.end(signal.SIGKILL)
                    desk = Desk(ini)
                for agent in writing:
                    agent.result()
            desk.end(signal.SIGKILL)
            desk = Desk(ini)
            desk.wait_until_ready()
            threads_answered = set(agents.answered.values())
            deadline = time.monotonic() + SECONDS
            while not threads_answered <= _heard(receiver).keys():
                missing = len(threads_answered - _heard(receiver).keys())
                assert time.monotonic() < deadline, f"{missing} replies were never posted"
                time.sleep(0.2)
            stored = _stored(desk, token, agents)
        finally:
            desk.end(signal.SIGKILL)
    heard = _heard(receiver)
    assert len(threads_answered) == REPLIES
    assert stored == threads_answered
    assert heard.keys() == threads_answered
    assert all(len(ids) == 1 for ids in heard.values())
    assert len(set().union(*heard.values())) == REPLIES


def _stored(desk: Desk, token: str, agents: Agents) -> set[int]:
    with desk.client(token) as client:
        return {
            thread["id"]
            for conversation in agents._conversations
            for thread in client.get(f"/conversations/{conversation}").json()["data"]["threads"]
            if thread["type"] == "message"
        }
