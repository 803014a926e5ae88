"""Replays: one delivery, or what happened between two moments, under the ids of old."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from support_core.plugin_api import JobContext
from support_core.testing import assert_error, assert_invalid
from support_webhooks.jobs import replay as replay_job
from support_webhooks.models import WebhookDelivery
from tests.services.receiver import Answer

if TYPE_CHECKING:
    import pytest

    from tests.services.receiver import Receiver

    from .conftest import Hook


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(hook: Hook, **values: Any) -> Any:
    """Begin a replay of the last hour."""
    body = {"after": written(hook.clock() - timedelta(hours=1)), **values}
    answer = hook.owner.post(f"{hook.path}/replay", body)
    assert answer.status_int == 202, answer.text
    return answer.json["data"]


def progress(hook: Hook, replay: Any) -> Any:
    return hook.owner.get(f"{hook.path}/replays/{replay['id']}").json["data"]


def test_a_delivery_is_sent_again_under_its_id(hook: Hook, receiver: Receiver) -> None:
    hook.publish(7)
    hook.run()
    [delivery] = hook.log()
    answer = hook.owner.post(f"{hook.path}/deliveries/{delivery['id']}/replay")
    assert answer.status_int == 202
    assert answer.json["data"]["state"] == "pending"
    hook.run()
    first, second = receiver.received
    assert (first.id, first.body) == (second.id, second.body)
    shown = hook.delivery(delivery["id"])
    assert (shown["state"], [it["number"] for it in shown["attempt_log"]]) == ("delivered", [1, 2])
    assert hook.owner.get("/audit").json["data"][0]["action"] == "webhook.replayed"


def test_one_that_was_given_up_begins_its_retries_anew(hook: Hook, receiver: Receiver) -> None:
    receiver.script = [Answer(500), Answer(500)]
    hook.publish(7)
    hook.run()
    [delivery] = hook.log()
    path = f"{hook.path}/deliveries/{delivery['id']}/replay"
    assert_error(hook.owner.post(path), 409, "conflict", message="The delivery is still under way.")
    _give_up(hook)
    assert hook.owner.post(path).status_int == 202
    hook.run()
    waiting = hook.delivery(delivery["id"])
    waits = datetime.fromisoformat(waiting["next_attempt_at"]) - hook.clock()
    assert (waiting["state"], waits < timedelta(seconds=7)) == ("pending", True)
    hook.skip(seconds=7)
    assert hook.delivery(delivery["id"])["state"] == "delivered"


def _give_up(hook: Hook) -> None:
    with hook.workspace.desk() as desk:
        desk.session.execute(
            update(WebhookDelivery).values(state="failed", tries=10),
            execution_options={"synchronize_session": False},
        )


def test_what_happened_meanwhile_is_taken_from_the_event_log(
    hook: Hook, receiver: Receiver
) -> None:
    hook.publish(1)
    hook.run()
    hook.owner.put(hook.path, {"is_active": False})
    hook.publish(2, 3)
    hook.run()
    hook.owner.post(f"{hook.path}/enable")
    hook.run()
    begun = ask(hook, event_types=["conversation.*"])
    assert (begun["state"], begun["looked_at"]) == ("running", 0)
    hook.run()
    done = progress(hook, begun)
    assert (done["state"], done["queued"]) == ("done", 0)
    assert done["looked_at"] == done["total"] > 3
    assert datetime.fromisoformat(done["finished_at"])

    before = len(receiver.received)
    ask(hook)
    hook.run()
    again = [it.event for it in receiver.received[before:] if it.event[0]]
    assert sorted(again) == sorted(set(again))
    assert [it[0] for it in sorted(again, key=lambda it: it[1])] == [1, 2, 3]
    assert len({it.id for it in receiver.received if it.event[0] == 1}) == 1
    assert len(hook.owner.get(f"{hook.path}/replays").json["data"]) == 2


def test_only_what_failed_is_sent_again_if_that_is_asked(hook: Hook, receiver: Receiver) -> None:
    hook.publish(1, 2)
    hook.run()
    with hook.workspace.desk() as desk:
        desk.session.execute(
            update(WebhookDelivery)
            .where(WebhookDelivery.conversation_id == 2)
            .values(state="failed"),
            execution_options={"synchronize_session": False},
        )
    before = len(receiver.received)
    begun = ask(hook, only_failed=True)
    assert begun["total"] == 1
    hook.run()
    assert [it.event[0] for it in receiver.received[before:]] == [2]
    assert progress(hook, begun)["state"] == "done"


def test_a_replay_keeps_to_its_moments_and_types(hook: Hook, receiver: Receiver) -> None:
    hook.publish(1)
    hook.run()
    hook.clock.skip(hours=2)
    hook.publish(2)
    hook.run()
    since = hook.clock() - timedelta(hours=1)
    hook.clock.skip(hours=2)
    hook.publish(3)
    hook.run()
    before = len(receiver.received)
    until = hook.clock() - timedelta(hours=1)
    ask(hook, after=written(since), before=written(until))
    hook.run()
    assert [it.event[0] for it in receiver.received[before:]] == [2]


def test_a_replay_of_nothing_is_done_at_once(hook: Hook) -> None:
    begun = ask(hook, after="2001-01-01T00:00:00Z", before="2001-01-02T00:00:00Z")
    hook.run()
    assert progress(hook, begun)["state"] == "done"
    assert progress(hook, begun)["total"] == 0


def test_a_replay_goes_in_pages_and_never_far_ahead(
    hook: Hook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support_webhooks.replaying.PAGE", 5)
    monkeypatch.setattr("support_webhooks.replaying.WINDOW", 10)
    hook.publish(*range(1, 41))
    hook.run()
    before = len(receiver.received)
    begun = ask(hook)
    replay_job(JobContext(hook.workspace.under_test.application, hook.workspace.id, "x"), 0)
    context = JobContext(hook.workspace.under_test.application, hook.workspace.id, "x")
    replay_job(context, begun["id"])
    waiting = [it for it in hook.log("?per_page=100") if it["state"] != "delivered"]
    assert 10 <= len(waiting) < 15
    replay_job(context, begun["id"])
    for _ in range(20):
        hook.skip(seconds=61)
    assert progress(hook, begun)["state"] == "done"
    assert progress(hook, begun)["queued"] >= 40
    again = [it.event[0] for it in receiver.received[before:] if it.event[0]]
    assert sorted(again) == list(range(1, 41))


def test_a_replay_cannot_be_asked_of_one_that_is_off(hook: Hook) -> None:
    hook.owner.put(hook.path, {"is_active": False})
    answer = hook.owner.post(f"{hook.path}/replay", {"after": written(hook.clock())})
    assert_error(answer, 409, "conflict")
    assert_invalid(
        hook.owner.post(f"{hook.path}/replay", {"before": "soon", "event_types": ["nothing"]}),
        **{
            "after": "The after field is required.",
            "before": "The before is not a valid date.",
            "event_types.0": "The selected event types.0 is invalid.",
        },
    )
