"""Replies as signed webhooks: Standard Webhooks 1.0.0 against a real receiver."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from standardwebhooks import Webhook

from support_core.plugin_api import retry_delay
from support_core.testing import assert_error
from tests.services.receiver import Answer

from .conftest import Callback

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.receiver import Receiver


#: Over about three days (Standard Webhooks, "Retry schedule").
ATTEMPTS = 10


def test_a_reply_is_posted_and_signed(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    upload = callback.owner.upload("guide.txt", b"step one", content_type="text/plain")
    thread = callback.reply(attachment_ids=[upload.json["data"]["id"]])
    assert callback.delivery(thread)["state"] == "pending"
    desk.run_jobs()

    [posted] = receiver.received
    assert posted.path == "/hook"
    assert posted.headers["content-type"] == "application/json"
    payload = Webhook(callback.secret).verify(posted.body, posted.headers)
    assert payload["type"] == "conversation.replied"
    assert payload["data"]["conversation"] == {
        "id": callback.conversation["id"],
        "number": 1,
        "subject": "Help with my account",
        "status": "active",
        "customer": {
            "id": callback.conversation["customer"]["id"],
            "email": "customer@example.test",
            "display_name": None,
        },
    }
    shown = payload["data"]["thread"]
    assert (shown["id"], shown["type"], shown["body"]) == (thread, "message", "Here is how.")
    assert [it["name"] for it in shown["attachments"]] == ["guide.txt"]
    assert shown["agent_name"] == "Olivia Owner"
    delivery = callback.delivery(thread)
    assert (delivery["state"], delivery["attempts"], delivery["error"]) == ("sent", 1, None)


def test_a_note_is_not_posted(desk: DeskUnderTest, callback: Callback, receiver: Receiver) -> None:
    callback.owner.post(f"{callback.path}/reply", {"body": "Between us.", "type": "note"})
    desk.run_jobs()
    assert receiver.received == []


def test_an_attempt_is_repeated_under_the_same_id_with_a_new_signature(
    desk: DeskUnderTest,
    callback: Callback,
    receiver: Receiver,
    skip_time: Callable[[], None],
) -> None:
    receiver.script = [Answer(500)]
    thread = callback.reply()
    desk.run_jobs()
    waiting = callback.delivery(thread)
    assert (waiting["state"], waiting["attempts"]) == ("pending", 1)
    assert waiting["error"] == "The callback answered 500."

    time.sleep(1.05)  # timestamps are in whole seconds
    skip_time()
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(first.headers["webhook-timestamp"]) < int(second.headers["webhook-timestamp"])
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.body == second.body
    Webhook(callback.secret).verify(second.body, second.headers)
    sent = callback.delivery(thread)
    assert (sent["state"], sent["attempts"], sent["error"]) == ("sent", 2, None)


def test_attempts_follow_the_schedule_and_then_the_delivery_has_failed(
    desk: DeskUnderTest,
    callback: Callback,
    receiver: Receiver,
    waiting: Callable[[], list[float]],
    skip_time: Callable[[], None],
) -> None:
    receiver.script = [Answer(503) for _ in range(20)]
    thread = callback.reply()
    desk.run_jobs()
    for attempt in range(1, ATTEMPTS):
        delay = retry_delay(attempt + 1, jitter=0)
        assert callback.delivery(thread)["attempts"] == attempt
        [due] = waiting()
        assert delay is not None
        assert delay - 5 <= due <= delay * 1.1
        skip_time()
    assert len(receiver.received) == ATTEMPTS
    assert waiting() == []
    failed = callback.delivery(thread)
    assert (failed["state"], failed["error"]) == ("failed", "The callback answered 503.")
    assert len({posted.headers["webhook-id"] for posted in receiver.received}) == 1


def test_retry_after_is_heeded(
    desk: DeskUnderTest,
    callback: Callback,
    receiver: Receiver,
    waiting: Callable[[], list[float]],
) -> None:
    receiver.script = [Answer(429, headers={"Retry-After": "120"})]
    callback.reply()
    desk.run_jobs()
    [due] = waiting()
    assert 115 <= due <= 121


def test_a_receiver_that_is_gone_is_not_asked_again(
    desk: DeskUnderTest,
    callback: Callback,
    receiver: Receiver,
    waiting: Callable[[], list[float]],
) -> None:
    receiver.script = [Answer(410)]
    thread = callback.reply()
    desk.run_jobs()
    failed = callback.delivery(thread)
    assert (failed["state"], failed["error"]) == ("failed", "The callback answered 410 Gone.")
    assert waiting() == []

    answer = callback.owner.post(f"{callback.path}/threads/{thread}/retry")
    assert answer.status_int == 200
    assert answer.json["data"]["delivery"]["state"] == "pending"
    desk.run_jobs()
    assert callback.delivery(thread)["state"] == "sent"
    assert len({posted.headers["webhook-id"] for posted in receiver.received}) == 1


def test_only_what_has_failed_can_be_sent_again(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    thread = callback.reply()
    path = f"{callback.path}/threads/{thread}/retry"
    assert_error(callback.owner.post(path), 409, "conflict")
    desk.run_jobs()
    assert_error(callback.owner.post(path), 409, "conflict")
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver, status: int
) -> None:
    receiver.script = [Answer(status, headers={"Location": f"{receiver.url}/elsewhere"})]
    thread = callback.reply()
    desk.run_jobs()
    assert [posted.path for posted in receiver.received] == ["/hook"]
    delivery = callback.delivery(thread)
    assert (delivery["state"], delivery["error"]) == (
        "pending",
        f"The callback answered {status}.",
    )


def test_a_listener_that_does_not_answer_costs_the_configured_time(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    receiver.script = [Answer(after=3)]
    thread = callback.reply()
    started = time.monotonic()
    desk.run_jobs()
    assert time.monotonic() - started < 2.5
    delivery = callback.delivery(thread)
    assert (delivery["state"], delivery["error"]) == (
        "pending",
        "The server did not answer in time.",
    )


def test_a_closed_port_is_tried_again(
    desk: DeskUnderTest, workspace: TestWorkspace, waiting: Callable[[], list[float]]
) -> None:
    callback = Callback(workspace, "http://127.0.0.1:9/hook")
    thread = callback.reply()
    desk.run_jobs()
    delivery = callback.delivery(thread)
    assert delivery["state"] == "pending"
    assert delivery["error"] == "127.0.0.1 cannot be reached on port 9."
    assert len(waiting()) == 1


def test_without_a_callback_a_reply_is_sent_at_once(
    workspace: TestWorkspace, waiting: Callable[[], list[float]]
) -> None:
    conversation = workspace.conversation(channel="api")
    answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Hi"})
    assert answer.json["data"]["delivery"]["state"] == "sent"
    assert waiting() == []


def test_a_callback_removed_meanwhile_is_not_called(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver
) -> None:
    thread = callback.reply()
    callback.owner.put(f"/mailboxes/{callback.mailbox}", {"callback_url": None})
    desk.run_jobs()
    assert receiver.received == []
    assert callback.delivery(thread)["state"] == "sent"


def test_a_reply_can_be_cancelled_within_its_undo_seconds(
    callback: Callback, receiver: Receiver, skip_time: Callable[[], None]
) -> None:
    upload = callback.owner.upload("a.txt", b"a").json["data"]["id"]
    thread = callback.reply(undo_seconds=30, attachment_ids=[upload])
    answer = callback.owner.delete(f"{callback.path}/threads/{thread}")
    assert (answer.status_int, answer.json) == (200, {"message": "Reply cancelled successfully"})
    skip_time()
    assert receiver.received == []
    shown = callback.owner.get(callback.path).json["data"]["threads"]
    assert thread not in {it["id"] for it in shown}
    callback.reply(attachment_ids=[upload])  # the file is free again


def test_a_reply_that_has_left_cannot_be_cancelled(
    desk: DeskUnderTest, callback: Callback, skip_time: Callable[[], None]
) -> None:
    thread = callback.reply(undo_seconds=30)
    skip_time()
    assert callback.delivery(thread)["state"] == "sent"
    assert_error(callback.owner.delete(f"{callback.path}/threads/{thread}"), 409, "conflict")


def test_a_reply_leaves_when_it_was_told_to(
    desk: DeskUnderTest,
    callback: Callback,
    receiver: Receiver,
    waiting: Callable[[], list[float]],
    skip_time: Callable[[], None],
) -> None:
    moment = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    thread = callback.reply(send_at=moment.isoformat())
    desk.run_jobs()
    assert receiver.received == []
    shown: dict[str, Any] = callback.delivery(thread)
    assert shown["state"] == "pending"
    assert shown["due_at"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    [due] = waiting()
    assert 7190 < due <= 7200
    skip_time()
    assert len(receiver.received) == 1
    assert callback.delivery(thread)["state"] == "sent"


def test_each_state_is_an_event(
    desk: DeskUnderTest, callback: Callback, receiver: Receiver, skip_time: Callable[[], None]
) -> None:
    receiver.script = [Answer(500)]
    callback.reply()
    desk.run_jobs()
    skip_time()
    shown = callback.owner.get("/events?type=delivery.updated").json["data"]
    states = [event["payload"]["state"] for event in shown]
    assert states == ["sending", "pending", "sending", "sent"]
