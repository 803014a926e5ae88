"""What is this channel's own: signatures, wishes of the customer, Textline's answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, assert_invalid
from support_core.testing.stand_in import Answer

if TYPE_CHECKING:
    from far_side import Textline

    from support_core.testing import DeskUnderTest, TestWorkspace

HELLO = {"type": "message.received", "id": "1", "from": "+31600000001", "text": "Hello"}


@pytest.fixture
def mailbox_id(textline: Textline, workspace: TestWorkspace) -> int:
    return textline.mailbox(workspace)


def conversations(workspace: TestWorkspace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.owner.get("/conversations").json["data"]
    return found


def last_delivery(workspace: TestWorkspace, conversation_id: int) -> dict[str, Any]:
    shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    delivery: dict[str, Any] = shown["threads"][-1]["delivery"]
    return delivery


@pytest.mark.parametrize(
    "changed",
    [{"signature": ""}, {"signature": "0" * 64}, {"signature": "é"}, {"timestamp": "1"}],
    ids=["none", "wrong", "no ASCII", "old"],
)
def test_a_webhook_that_textline_did_not_just_sign_is_refused(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int, changed: dict[str, str]
) -> None:
    answer = textline.post(workspace, mailbox_id, HELLO, **changed)
    assert_error(answer, 401, "unauthenticated")
    assert conversations(workspace) == []


def test_a_mailbox_without_a_number_has_no_webhook(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int
) -> None:
    path = f"/mailboxes/{mailbox_id}"
    assert workspace.owner.put(path, {"sms_number": None}).json["data"]["sms_number"] is None
    assert_error(textline.post(workspace, mailbox_id, HELLO), 401, "unauthenticated")


@pytest.mark.parametrize(
    "event", [[], {}, {"type": "message.received", "id": "1", "from": "me", "text": "?"}]
)
def test_a_webhook_that_is_no_event_is_a_bad_request(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int, event: Any
) -> None:
    assert_error(textline.post(workspace, mailbox_id, event), 400, "invalid_request")


def test_an_event_of_an_unknown_kind_is_passed_over(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int
) -> None:
    answer = textline.post(workspace, mailbox_id, {"type": "number.ported"})
    assert answer.json == {"success": True}
    assert conversations(workspace) == []


def test_a_number_needs_a_key(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post(
        "/mailboxes", {"name": "X", "email": "x@example.test", "sms_number": "+31600000001"}
    )
    assert_invalid(answer, sms_api_key="The sms api key field is required.")


def test_a_customer_who_texts_stop_is_answered_again_after_start(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int
) -> None:
    textline.text(workspace, mailbox_id, "Stop")
    (conversation,) = conversations(workspace)
    path = f"/conversations/{conversation['id']}"
    reason = "The customer asked for no more messages."
    assert_invalid(workspace.owner.post(f"{path}/reply", {"body": "But"}), body=reason)
    textline.text(workspace, mailbox_id, "start")
    assert workspace.owner.get(path).json["data"]["can_reply"]["allowed"] is True


def test_a_text_after_the_conversation_was_deleted_opens_another(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int
) -> None:
    textline.text(workspace, mailbox_id, "First")
    (first,) = conversations(workspace)
    workspace.owner.delete(f"/conversations/{first['id']}")
    textline.text(workspace, mailbox_id, "Second")
    (second,) = conversations(workspace)
    assert second["id"] != first["id"]


def test_what_textline_reports_moves_the_delivery_forward_only(
    textline: Textline, desk: DeskUnderTest, workspace: TestWorkspace, mailbox_id: int
) -> None:
    textline.text(workspace, mailbox_id, "Hello")
    (conversation,) = conversations(workspace)
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Reported"})
    desk.run_jobs()
    (attempt,) = [it for it in textline.attempts() if it.body == "Reported"]
    for status, state in (("delivered", "delivered"), ("sent", "delivered")):
        report = {"type": "message.status", "reference": attempt.message_id, "status": status}
        assert textline.post(workspace, mailbox_id, report).status_int == 200
        assert last_delivery(workspace, conversation["id"])["state"] == state


def test_a_busy_textline_is_given_the_time_it_asks_for(
    textline: Textline, desk: DeskUnderTest, workspace: TestWorkspace, mailbox_id: int
) -> None:
    textline.text(workspace, mailbox_id, "Hello")
    (conversation,) = conversations(workspace)
    textline.server.answers.append(Answer(503, b"busy", {"Retry-After": "600"}))
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Later"})
    desk.run_jobs()
    delivery = last_delivery(workspace, conversation["id"])
    assert (delivery["state"], delivery["error"]) == ("pending", "Textline answered 503.")


def test_erasing_a_customer_removes_their_number(
    textline: Textline, workspace: TestWorkspace, mailbox_id: int
) -> None:
    textline.text(workspace, mailbox_id, "stop")
    (conversation,) = conversations(workspace)
    customer = conversation["customer"]["id"]
    assert workspace.owner.post(f"/customers/{customer}/erase").status_int == 200
    # Known no more: the same phone is a new customer, who never asked to be left alone.
    textline.text(workspace, mailbox_id, "Hello")
    newest = max(conversations(workspace), key=lambda it: it["id"])
    assert newest["customer"]["id"] != customer
    shown = workspace.owner.get(f"/conversations/{newest['id']}").json["data"]
    assert shown["can_reply"]["allowed"] is True
