"""A desk that is killed while it sends webhooks: nothing is lost, and order holds."""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from typing import TYPE_CHECKING

from standardwebhooks import Webhook

from tests.services.receiver import Answer, Receiver
from tests.serving.processes import Desk, bootstrap, write_ini

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases

CONVERSATIONS = 12
KILLS = 2
SECONDS = 90


def _open(client: httpx.Client, mailbox: int, number: int) -> None:
    body = {
        "mailbox_id": mailbox,
        "customer_email": f"customer{number}@customers.example",
        "subject": "A question",
        "body": "How?",
    }
    made = client.post("/conversations", json=body).raise_for_status().json()["data"]
    path = f"/conversations/{made['id']}/status"
    for status in ("pending", "active", "closed"):
        client.patch(path, json={"status": status}).raise_for_status()


def test_a_killed_desk_loses_no_webhook(databases: Databases, tmp_path: Path) -> None:
    ini = write_ini(
        tmp_path, databases.create("killed_webhooks"), {"support.ratelimit.enabled": "false"}
    )
    token = bootstrap(ini)["token"]
    with Receiver() as receiver:
        receiver.rule = lambda _received: Answer(after=0.1)
        desk = Desk(ini)
        try:
            desk.wait_until_ready()
            with desk.client(token) as client:
                hook = {"url": receiver.url, "event_types": ["conversation.*", "thread.*"]}
                made = client.post("/webhooks", json=hook).raise_for_status().json()["data"]
                mailbox = {"name": "API", "email": "api@acme.example"}
                mailbox_id = client.post("/mailboxes", json=mailbox).json()["data"]["id"]
                for number in range(CONVERSATIONS):
                    _open(client, mailbox_id, number)
            for kill in range(1, KILLS + 1):
                _until(lambda heard=kill * 8: len(receiver.received) >= heard)
                desk.end(signal.SIGKILL)
                desk = Desk(ini)
            desk.wait_until_ready()
            with desk.client(token) as client:
                wanted = set()
                for type_ in ("conversation.created", "conversation.updated", "thread.added"):
                    logged = client.get("/events", params={"type": type_}).json()["data"]
                    wanted |= {event["id"] for event in logged}
            _until(lambda: wanted <= {it.event[1] for it in receiver.received})
        finally:
            desk.end(signal.SIGKILL)
    assert len(wanted) >= CONVERSATIONS * 5
    ids, first = defaultdict(set), defaultdict(list)
    for received in receiver.received:
        Webhook(made["secret"]).verify(received.body, dict(received.headers))
        conversation, event = received.event
        if event not in ids:
            first[conversation].append(event)
        ids[event].add(received.id)
    assert all(len(found) == 1 for found in ids.values())
    assert all(heard == sorted(heard) for heard in first.values())


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
