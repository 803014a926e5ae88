"""What is sent: signed by Standard Webhooks 1.0.0, tried again by its schedule, in order."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from support_core.plugin_api import sign
from support_core.testing.connections import calls_inside_transactions
from tests.services.receiver import Answer

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest
    from tests.services.receiver import Received, Receiver

    from .conftest import Hook

#: Seconds before each attempt: the example schedule of the specification.
SCHEDULE = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)

CORPUS = Path(os.environ.get("SUPPORT_CORPUS", Path(__file__).parents[3] / "../shared/corpus"))
VECTORS = CORPUS / "webhooks" / "standard_webhooks_vectors.json"


@pytest.mark.skipif(not VECTORS.exists(), reason="the corpus is not here")
def test_the_published_vectors_are_signed_alike() -> None:
    corpus = json.loads(VECTORS.read_text("utf-8"))
    for vector in [corpus["published_vector"], *corpus["extra_vectors"]]:
        headers = sign(
            [vector["secret"]],
            message_id=vector["id"],
            timestamp=vector["timestamp"],
            body=vector["payload"].encode(),
        )
        assert headers["webhook-signature"] == vector["signature"]


def test_an_event_is_posted_signed_and_holds_ids_only(hook: Hook, receiver: Receiver) -> None:
    made = hook.workspace.conversation(subject="Heliotrope", body="Vermilion")
    hook.run()
    created = next(it for it in receiver.received if it.payload["type"] == "conversation.created")
    payload = Webhook(hook.secret).verify(created.body, _at_present(hook, created))
    [logged] = hook.owner.get("/events?type=conversation.created").json["data"]
    assert payload["timestamp"] == logged["created_at"]
    assert payload["data"] == {
        **logged["payload"],
        "event_id": logged["id"],
        "workspace_id": hook.workspace.id,
        "conversation_id": made["id"],
    }
    assert created.headers["content-type"] == "application/json"
    told = b"".join(it.body for it in receiver.received)
    for word in (b"Heliotrope", b"Vermilion", b"customer@example"):
        assert word not in told
    assert max(len(it.body) for it in receiver.received) < 20_000


def _at_present(hook: Hook, received: Received) -> dict[str, str]:
    """Return the headers signed anew for now: the application's clock may be ahead of ours."""
    skipped = int(hook.clock.ahead.total_seconds())
    moment = int(received.headers["webhook-timestamp"])
    again = sign([hook.secret], message_id=received.id, timestamp=moment, body=received.body)
    assert again["webhook-signature"] == received.headers["webhook-signature"]
    return sign(
        [hook.secret], message_id=received.id, timestamp=moment - skipped, body=received.body
    )


def test_only_the_types_that_are_asked_for_are_sent(make_hook: Any, receiver: Receiver) -> None:
    hook = make_hook(event_types=["conversation.*", "thread.added"])
    conversation = hook.workspace.conversation()
    hook.owner.patch(f"/conversations/{conversation['id']}/status", {"status": "closed"})
    hook.run()
    assert set(receiver.types) == {
        "conversation.created",
        "thread.added",
        "conversation.updated",
    }


def test_an_attempt_is_repeated_by_the_schedule_under_the_same_id(
    hook: Hook, receiver: Receiver
) -> None:
    receiver.rule = lambda _received: Answer(500)
    hook.publish(7)
    hook.run()
    started: list[datetime] = []
    for delay in (*SCHEDULE[1:], 90_000):
        [delivery] = hook.log()
        if delay == 90_000:
            assert delivery["state"] == "failed"
        else:
            assert delivery["state"] == "pending"
            waits = datetime.fromisoformat(delivery["next_attempt_at"]) - hook.clock()
            assert delay - 2 <= waits.total_seconds() <= delay * 1.1 + 1
            hook.skip(seconds=delay * 1.1 + 1)
    [delivery] = hook.log()
    attempts = hook.delivery(delivery["id"])["attempt_log"]
    started = [datetime.fromisoformat(it["started_at"]) for it in attempts]
    assert len(attempts) == len(receiver.received) == len(SCHEDULE)
    assert started == sorted(started)
    assert len({it.id for it in receiver.received}) == 1
    assert len({it.headers["webhook-timestamp"] for it in receiver.received}) == len(attempts)
    assert len({it.headers["webhook-signature"] for it in receiver.received}) == len(attempts)
    assert len({it.body for it in receiver.received}) == 1


@pytest.mark.parametrize("status", [301, 302, 308, 400, 404, 500])
def test_anything_but_a_2xx_is_a_failure(hook: Hook, receiver: Receiver, status: int) -> None:
    receiver.script = [Answer(status, headers={"Location": receiver.url + "/elsewhere"})]
    hook.publish(7)
    hook.run()
    [delivery] = hook.log()
    assert (delivery["state"], delivery["status"]) == ("pending", status)
    assert delivery["error"] == f"The receiver answered {status}."
    assert [it.path for it in receiver.received] == ["/hook"]
    hook.skip(seconds=6)
    assert [it["state"] for it in hook.log()] == ["delivered"]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_a_success(hook: Hook, receiver: Receiver, status: int) -> None:
    receiver.script = [Answer(status)]
    hook.publish(7)
    hook.run()
    assert [(it["state"], it["status"], it["attempts"]) for it in hook.log()] == [
        ("delivered", status, 1)
    ]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_receiver_that_asks_for_time_gets_it_for_everything(
    hook: Hook, receiver: Receiver, status: int
) -> None:
    receiver.script = [Answer(status, headers={"Retry-After": "7200"})]
    hook.publish(7)
    hook.run()
    hook.publish(8, 9)
    hook.run()
    hook.skip(seconds=7000)
    assert len(receiver.received) == 1
    hook.skip(seconds=300)
    assert sorted(it.event[0] or 0 for it in receiver.received) == [7, 7, 8, 9]


def test_a_message_that_cannot_be_sent_in_time_is_tried_again(
    desk: DeskUnderTest, hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.script = [Answer(after=2)]
    hook.publish(7)
    with monkeypatch.context() as hurried:
        hurried.setattr(desk.application.outgoing, "_timeout", 0.5)
        hook.run()
    [delivery] = hook.log()
    assert delivery["error"] == "The server did not answer in time."
    hook.skip(seconds=6)
    assert [it["state"] for it in hook.log()] == ["delivered"]


def test_a_later_event_of_a_conversation_never_overtakes_an_earlier_one(
    hook: Hook, receiver: Receiver
) -> None:
    receiver.rule = lambda it: Answer(500 if it.event[0] == 7 else 204)
    hook.publish(7, 8, 7, 8, 7, None)
    hook.run()
    assert [it["state"] for it in hook.log()] == [
        *("pending", "delivered", "waiting", "delivered", "waiting", "delivered")
    ]
    receiver.rule = lambda _received: Answer()
    hook.skip(seconds=6)
    of_seven = [it.event[1] for it in receiver.received if it.event[0] == 7]
    assert of_seven == [of_seven[0], *sorted(set(of_seven))]
    assert {it["state"] for it in hook.log()} == {"delivered"}


def test_events_about_one_customer_keep_their_order_too(hook: Hook, receiver: Receiver) -> None:
    customer = hook.owner.post("/customers", {"email": "jane@example.test"}).json["data"]["id"]
    hook.owner.put(f"/customers/{customer}", {"company": "Example"})
    hook.owner.post(f"/customers/{customer}/erase")
    receiver.script = [Answer(500)]
    hook.run()
    assert receiver.types == ["customer.created"]
    hook.skip(seconds=6)
    assert receiver.types[1:] == ["customer.created", "customer.updated", "customer.erased"]


def test_one_given_up_lets_the_next_go(hook: Hook, receiver: Receiver) -> None:
    hook.publish(7, 7)
    receiver.rule = lambda it: Answer(500 if it.id == receiver.received[0].id else 204)
    hook.run()
    for delay in SCHEDULE[1:]:
        hook.skip(seconds=delay * 1.1 + 1)
    hook.skip(minutes=16)
    assert [it["state"] for it in hook.log()] == ["failed", "delivered"]


def test_no_call_is_made_inside_a_transaction(
    desk: DeskUnderTest, hook: Hook, receiver: Receiver
) -> None:
    hook.publish(*range(1, 12))
    with calls_inside_transactions(desk.application.database) as calls:
        hook.run()
    assert calls == []
    assert len(receiver.received) == 11


def test_while_a_secret_is_replaced_both_sign(hook: Hook, receiver: Receiver) -> None:
    answer = hook.owner.post(f"{hook.path}/rotate-secret")
    shown = answer.json["data"]
    assert shown["secret"] not in {hook.secret, None}
    hook.publish(7)
    hook.run()
    both = receiver.received[-1].headers["webhook-signature"].split(" ")
    assert both == [_signature(it, receiver.received[-1]) for it in (shown["secret"], hook.secret)]
    hook.clock.skip(hours=25)
    hook.publish(8)
    hook.run()
    new = receiver.received[-1]
    assert new.headers["webhook-signature"] == _signature(shown["secret"], new)


def _signature(secret: str, received: Received) -> str:
    moment = int(received.headers["webhook-timestamp"])
    signed = sign([secret], message_id=received.id, timestamp=moment, body=received.body)
    return signed["webhook-signature"]
