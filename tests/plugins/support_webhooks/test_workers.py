"""Webhooks with real workers: nobody waits for a dead receiver, and order holds whoever runs."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from support_core.plugin_api import JobContext
from support_core.testing import make_desk, probe
from support_webhooks.jobs import send, wake
from support_webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.concurrency.racing import at_once
from tests.services.receiver import Answer, Receiver
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases

SECONDS = 60


@pytest.fixture(scope="module")
def worked(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application with four workers and time-outs of five seconds."""
    under_test = make_desk(
        tmp_path_factory.mktemp("worked"),
        databases.create("webhooks_worked"),
        extra={"probe": probe},
        support__outgoing__timeout="5",
        support__database__pool_size="20",
    )
    under_test.application.jobs.start_workers(4)
    yield under_test
    under_test.application.close()


def hooked(workspace: TestWorkspace, url: str) -> int:
    """Make a webhook and return its id."""
    made: int = workspace.owner.post(
        "/webhooks", {"url": url, "event_types": ["conversation.*", "thread.*"]}
    ).json["data"]["id"]
    return made


def publish(workspace: TestWorkspace, conversation: int, number: int) -> bool:
    for _ in range(number):
        with workspace.desk() as desk:
            desk.events.publish("conversation.updated", conversation_id=conversation)
    return True


def test_a_dead_receiver_delays_no_other(worked: DeskUnderTest) -> None:
    with Receiver() as dead, Receiver() as alive:
        dead.rule = lambda _received: Answer(after=4.5)
        workspace, other = worked.workspace(), worked.workspace()
        for number in range(3):
            hooked(workspace, f"{dead.url}/{number}")
        hooked(workspace, alive.url)
        hooked(other, alive.url)
        publish(workspace, 1, 1)
        until(lambda: len(dead.received) >= 3)
        # Three workers wait for the dead ones now; what follows goes by the fourth.
        took = []
        for number in range(2, 6):
            before = len(alive.received)
            publish(workspace, number, 1)
            publish(other, number, 1)
            took.append(until(lambda before=before: len(alive.received) >= before + 2))
        assert max(took) < 4


def test_order_holds_and_nothing_is_missing_whoever_runs(worked: DeskUnderTest) -> None:
    failing = iter(range(10_000))
    with Receiver() as receiver:
        # Every fifth request fails; those come again after five seconds.
        receiver.rule = lambda _received: Answer(500 if next(failing) % 5 == 2 else 204)
        workspace = worked.workspace()
        id_ = hooked(workspace, receiver.url)
        context = JobContext(worked.application, workspace.id, "key-doubled")

        def doubled() -> bool:
            for _ in range(20):
                send(context, id_)
                time.sleep(0.02)
            return True

        calls: list[Any] = [partial(publish, workspace, number, 8) for number in range(1, 7)]
        assert all(at_once(*calls, doubled, doubled))

        def delivered() -> list[Any]:
            path = f"/webhooks/{id_}/deliveries?state=delivered&per_page=100&sort=id"
            return list(workspace.owner.get(path).json["data"])

        _hurry(workspace, id_, done=lambda: len(delivered()) == 48)
        for conversation in range(1, 7):
            heard = [it.event[1] for it in receiver.received if it.event[0] == conversation]
            assert heard == sorted(heard)
            assert len(set(heard)) == 8
        ids = {it["message_id"] for it in delivered()}
        assert {it.id for it in receiver.received} == ids


def _hurry(workspace: TestWorkspace, id_: int, *, done: Callable[[], bool]) -> None:
    """Wait until it is done, while what waits for its time is brought forward."""
    deadline = time.monotonic() + SECONDS
    unsynchronized = {"synchronize_session": False}
    while not done():
        assert time.monotonic() < deadline
        with workspace.desk() as opened:
            opened.session.execute(
                update(WebhookEndpoint).values(paused_until=None), execution_options=unsynchronized
            )
            opened.session.execute(
                update(WebhookDelivery)
                .where(WebhookDelivery.state == "pending")
                .values(due_at=opened.clock()),
                execution_options=unsynchronized,
            )
            wake(opened, id_)
        time.sleep(0.1)


def test_a_busy_webhook_is_served_by_several_at_a_time(worked: DeskUnderTest) -> None:
    with Receiver() as receiver:
        receiver.rule = lambda _received: Answer(after=0.2)
        workspace = worked.workspace()
        hooked(workspace, receiver.url)
        with workspace.desk() as desk:
            for conversation in range(1, 33):
                desk.events.publish("conversation.updated", conversation_id=conversation)
        took = until(lambda: len(receiver.received) == 32)
        assert took < 32 * 0.2
