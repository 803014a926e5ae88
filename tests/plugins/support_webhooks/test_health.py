"""Endpoints that fail: rests, the end after long failure, and the way back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.services.receiver import Answer

if TYPE_CHECKING:
    from tests.services.receiver import Receiver

    from .conftest import Hook


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def test_health_tells_of_success_and_failure(hook: Hook, receiver: Receiver) -> None:
    hook.publish(7)
    hook.run()
    healthy = hook.shown["health"]
    assert moment(healthy["last_success_at"])
    assert healthy["consecutive_failures"] == 0
    receiver.script = [Answer(500)]
    hook.publish(8)
    hook.run()
    failing = hook.shown["health"]
    assert failing["last_failure"] == "The receiver answered 500."
    assert failing["consecutive_failures"] == 1
    assert failing["failing_since"] == failing["last_failure_at"]
    hook.skip(seconds=6)
    again = hook.shown["health"]
    assert (again["consecutive_failures"], again["failing_since"]) == (0, None)
    assert again["last_failure"] == "The receiver answered 500."


def test_410_disables_at_once_and_says_so(hook: Hook, make_hook: Any, receiver: Receiver) -> None:
    other = make_hook(url=receiver.url + "/other", event_types=["webhook.disabled"])
    receiver.script = [Answer(410)]
    hook.publish(7)
    hook.run()
    shown = hook.shown
    assert shown["disabled_reason"] == "The receiver answered 410 Gone."
    assert moment(shown["disabled_at"])
    assert shown["is_active"] is True
    [told] = hook.owner.get("/events?type=webhook.disabled").json["data"]
    assert told["payload"] == {"webhook_id": hook.id, "reason": "gone"}
    assert [it["state"] for it in hook.log("?conversation_id=7")] == ["failed"]
    [heard] = [it for it in receiver.received if it.path == "/hook/other"]
    assert heard.payload["data"]["webhook_id"] == hook.id
    assert other.shown["disabled_at"] is None
    hook.publish(8)
    hook.skip(hours=1)
    assert hook.log("?conversation_id=8") == []


def test_one_that_fails_for_days_is_disabled_with_a_reason(hook: Hook, receiver: Receiver) -> None:
    receiver.rule = lambda _received: Answer(500)
    hook.publish(7)
    hook.run()
    for _day in range(4):
        hook.publish(7)
        hook.skip(hours=24)
        assert hook.shown["disabled_at"] is None
    hook.publish(8)
    hook.skip(hours=26)
    shown = hook.shown
    assert shown["disabled_reason"].startswith("Nothing was delivered since ")
    [told] = hook.owner.get("/events?type=webhook.disabled").json["data"]
    assert told["payload"]["reason"] == "failing"
    entries = hook.owner.get("/audit").json["data"]
    assert entries[0]["action"] == "webhook.disabled"


def test_enabled_again_what_waited_is_sent_in_order(hook: Hook, receiver: Receiver) -> None:
    hook.publish(7, 7, 8)
    receiver.rule = lambda _received: Answer(410)
    hook.run()
    waiting = [it for it in hook.log() if it["state"] in {"pending", "waiting"}]
    assert waiting
    before = len(receiver.received)
    receiver.rule = lambda _received: Answer()
    hook.skip(hours=1)
    assert len(receiver.received) == before
    shown = hook.owner.post(f"{hook.path}/enable").json["data"]
    assert (shown["disabled_at"], shown["disabled_reason"]) == (None, None)
    assert shown["health"]["consecutive_failures"] == 0
    hook.run()
    assert [it.event[1] for it in receiver.received[before:]] == [it["event_id"] for it in waiting]


def test_an_inactive_one_hears_nothing_and_loses_nothing_that_waited(
    hook: Hook, receiver: Receiver
) -> None:
    receiver.script = [Answer(500)]
    hook.publish(7)
    hook.run()
    hook.owner.put(hook.path, {"is_active": False})
    hook.publish(8)
    hook.skip(hours=1)
    assert len(receiver.received) == 1
    hook.owner.put(hook.path, {"is_active": True})
    hook.run()
    assert [it.event[0] for it in receiver.received if it.event[0]] == [7, 7]


def test_after_some_failures_a_single_message_tries_the_way(hook: Hook, receiver: Receiver) -> None:
    receiver.rule = lambda _received: Answer(500)
    hook.publish(*range(1, 9))
    hook.run()
    first = len(receiver.received)
    assert first == 8
    rest = hook.shown["health"]["paused_until"]
    assert moment(rest) > hook.clock()
    hook.publish(20, 21, 22)
    hook.run()
    assert len(receiver.received) == first
    hook.skip(seconds=7)
    assert len(receiver.received) == first + 1
    receiver.rule = lambda _received: Answer()
    hook.skip(seconds=1000)
    assert {it["state"] for it in hook.log()} == {"delivered"}


def test_the_rests_grow_up_to_a_quarter_of_an_hour(hook: Hook, receiver: Receiver) -> None:
    receiver.rule = lambda _received: Answer(503)
    hook.publish(*range(1, 9))
    hook.run()
    rests = []
    for _ in range(12):
        until = moment(hook.shown["health"]["paused_until"])
        rests.append((until - hook.clock()).total_seconds())
        hook.skip(seconds=max(rests[-1], 0) + 1)
    assert rests[0] <= 5
    assert max(rests) <= 901
    assert rests[-1] > 800
    assert len(receiver.received) < 30


def test_another_address_begins_without_the_old_ones_failures(
    hook: Hook, receiver: Receiver
) -> None:
    receiver.rule = lambda it: Answer(204 if it.path == "/hook/new" else 500)
    hook.publish(*range(1, 5))
    hook.run()
    changed = hook.owner.put(hook.path, {"url": receiver.url + "/new"}).json["data"]
    assert changed["health"]["paused_until"] is None
    hook.publish(9)
    hook.run()
    assert receiver.received[-1].path == "/hook/new"
