"""Replies and notes, and the way of a reply out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support_core.plugin_api import InboundMessage, Permanent, ReplyWindow, Retry
from support_core.testing import assert_error, assert_invalid, probe

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import DeskUnderTest, TestWorkspace


def reply(workspace: TestWorkspace, conversation_id: int, **body: Any) -> TestResponse:
    return workspace.owner.post(
        f"/conversations/{conversation_id}/reply", {"body": "Here is how.", **body}
    )


def last_thread(workspace: TestWorkspace, conversation_id: int) -> dict[str, Any]:
    shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    thread: dict[str, Any] = shown["threads"][-1]
    return thread


def carried(conversation_id: int) -> list[str]:
    return [it.body for it in probe.carried if it.conversation.id == conversation_id]


def test_a_reply_answers_201_with_the_thread_and_a_message(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    answer = reply(workspace, id_, type="reply")
    assert answer.status_int == 201
    assert answer.json["message"] == "Reply added successfully"
    thread = answer.json["data"]
    assert thread["type"] == "message"
    assert thread["body"] == "Here is how."
    assert thread["user"] == {"id": workspace.owner_id, "name": "Olivia Owner"}
    delivery = thread["delivery"]
    assert (delivery["state"], delivery["error"], delivery["attempts"]) == ("pending", None, 0)
    assert delivery["updated_at"].endswith("Z")


def test_the_type_is_reply_unless_the_body_says_note(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    assert reply(workspace, id_).json["data"]["type"] == "message"
    note = reply(workspace, id_, type="note").json["data"]
    assert note["type"] == "note"
    assert "delivery" not in note


def test_a_note_stays_inside(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    before = workspace.owner.get(f"/conversations/{id_}").json["data"]["last_reply_at"]
    reply(workspace, id_, type="note", body="Between us")
    desk.run_jobs()
    assert carried(id_) == []
    assert workspace.owner.get(f"/conversations/{id_}").json["data"]["last_reply_at"] == before


def test_a_reply_sets_no_status_by_itself(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    for status in ("closed", "pending", "spam"):
        workspace.owner.patch(f"/conversations/{id_}/status", {"status": status})
        reply(workspace, id_)
        shown = workspace.owner.get(f"/conversations/{id_}").json["data"]
        assert shown["status"] == status


def test_a_reply_sets_the_status_that_its_body_names(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    reply(workspace, id_, status="closed")
    shown = workspace.owner.get(f"/conversations/{id_}").json["data"]
    assert shown["status"] == "closed"
    assert [it["type"] for it in shown["threads"]] == ["customer", "message", "lineitem"]


def test_the_body_is_held_to_its_limits(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/reply"
    assert_invalid(workspace.owner.post(path, {}), body="The body field is required.")
    assert_invalid(
        workspace.owner.post(path, {"body": " \n\t "}), body="The body field is required."
    )
    assert_invalid(
        workspace.owner.post(path, {"body": "x" * 50_001}),
        body="The body must not be greater than 50000 characters.",
    )
    longest = workspace.owner.post(path, {"body": "x" * 50_000, "type": "note"})
    assert longest.status_int == 201


def test_the_channels_own_limit_counts_for_replies(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    assert_invalid(
        reply(workspace, id_, body="x" * 20_001),
        body="The body must not be greater than 20000 characters.",
    )
    assert len(workspace.owner.get(f"/conversations/{id_}").json["data"]["threads"]) == 1


def test_a_note_has_neither_recipients_nor_a_time_to_leave(workspace: TestWorkspace) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    refused = reply(
        workspace,
        workspace.conversation()["id"],
        type="note",
        cc=["a@example.test"],
        bcc=["b@example.test"],
        send_at=later,
        undo_seconds=5,
    )
    sentence = "field is prohibited when type is note."
    assert_invalid(
        refused,
        cc=f"The cc {sentence}",
        bcc=f"The bcc {sentence}",
        send_at=f"The send at {sentence}",
        undo_seconds=f"The undo seconds {sentence}",
    )


def test_cc_bcc_and_attachments_travel_with_the_reply(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    upload = workspace.owner.upload("a.txt", b"content").json["data"]
    thread = reply(
        workspace,
        id_,
        cc=["copy@example.test"],
        bcc=["blind@example.test"],
        attachment_ids=[upload["id"]],
    ).json["data"]
    assert thread["cc"] == ["copy@example.test"]
    assert thread["bcc"] == ["blind@example.test"]
    assert [it["id"] for it in thread["attachments"]] == [upload["id"]]
    desk.run_jobs()
    [message] = [it for it in probe.carried if it.conversation.id == id_]
    assert (message.cc, message.bcc) == (("copy@example.test",), ("blind@example.test",))
    with message.attachments[0].open() as stream:
        assert stream.read() == b"content"


def test_a_scheduled_reply_waits_for_its_time(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    later = datetime.now(UTC) + timedelta(hours=3)
    thread = reply(workspace, id_, send_at=later.isoformat()).json["data"]
    assert thread["delivery"]["due_at"] == later.strftime("%Y-%m-%dT%H:%M:%SZ")
    desk.run_jobs()
    assert carried(id_) == []
    assert last_thread(workspace, id_)["delivery"]["state"] == "pending"


@pytest.mark.parametrize("moment", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00+14:00"])
def test_a_reply_cannot_be_scheduled_for_the_past(workspace: TestWorkspace, moment: str) -> None:
    assert_invalid(
        reply(workspace, workspace.conversation()["id"], send_at=moment),
        send_at="The send at must be a date after now.",
    )


@pytest.mark.parametrize("moment", ["tomorrow", "2026-13-01T00:00:00Z", 1706527200, "2999-01-01"])
def test_the_time_to_leave_is_a_full_moment(workspace: TestWorkspace, moment: object) -> None:
    assert_invalid(
        reply(workspace, workspace.conversation()["id"], send_at=moment),
        send_at="The send at is not a valid date.",
    )


@pytest.mark.parametrize("seconds", [-1, 61])
def test_undo_is_possible_for_a_minute_at_most(workspace: TestWorkspace, seconds: int) -> None:
    assert_invalid(
        reply(workspace, workspace.conversation()["id"], undo_seconds=seconds),
        undo_seconds="The undo seconds must be between 0 and 60.",
    )


def test_a_reply_is_cancelled_before_it_leaves(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    upload = workspace.owner.upload("a.txt", b"content").json["data"]
    thread = reply(workspace, id_, undo_seconds=60, attachment_ids=[upload["id"]]).json["data"]
    path = f"/conversations/{id_}/threads/{thread['id']}"
    answer = workspace.owner.delete(path)
    assert answer.status_int == 200
    assert answer.json == {"message": "Reply cancelled successfully"}
    assert last_thread(workspace, id_)["type"] == "customer"
    assert_error(workspace.owner.delete(path), 404, "not_found")
    desk.run_jobs()
    assert carried(id_) == []
    # What was attached may be attached again.
    again = reply(workspace, id_, attachment_ids=[upload["id"]]).json["data"]
    assert [it["id"] for it in again["attachments"]] == [upload["id"]]


def test_a_reply_that_has_left_cannot_be_cancelled(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    thread = reply(workspace, id_).json["data"]
    desk.run_jobs()
    answer = workspace.owner.delete(f"/conversations/{id_}/threads/{thread['id']}")
    assert_error(answer, 409, "conflict")
    assert carried(id_) == ["Here is how."]


def test_only_replies_can_be_cancelled(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    note = reply(workspace, made["id"], type="note").json["data"]
    for thread_id in (made["threads"][0]["id"], note["id"]):
        answer = workspace.owner.delete(f"/conversations/{made['id']}/threads/{thread_id}")
        assert_error(answer, 409, "conflict")


def test_a_thread_is_only_found_in_its_own_conversation(workspace: TestWorkspace) -> None:
    thread = reply(workspace, workspace.conversation()["id"], undo_seconds=60).json["data"]
    elsewhere = workspace.conversation()["id"]
    path = f"/conversations/{elsewhere}/threads/{thread['id']}"
    assert_error(workspace.owner.delete(path), 404, "not_found")
    assert_error(workspace.owner.post(f"{path}/retry"), 404, "not_found")


def test_a_failed_reply_says_why_and_is_sent_again_on_demand(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    probe.failures[id_] = [Permanent("The mailbox is full.")]
    thread = reply(workspace, id_).json["data"]
    desk.run_jobs()
    delivery = last_thread(workspace, id_)["delivery"]
    assert (delivery["state"], delivery["error"]) == ("failed", "The mailbox is full.")
    assert delivery["attempts"] == 1
    path = f"/conversations/{id_}/threads/{thread['id']}/retry"
    answer = workspace.owner.post(path)
    assert answer.status_int == 200
    assert answer.json["data"]["delivery"]["state"] == "pending"
    assert_error(workspace.owner.post(path), 409, "conflict")
    desk.run_jobs()
    assert last_thread(workspace, id_)["delivery"]["state"] == "sent"
    assert carried(id_) == ["Here is how."]


def test_a_passing_failure_is_shown_while_it_waits(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    id_ = workspace.conversation()["id"]
    probe.failures[id_] = [Retry(3600, "The provider is busy.")]
    reply(workspace, id_)
    desk.run_jobs()
    delivery = last_thread(workspace, id_)["delivery"]
    assert (delivery["state"], delivery["error"]) == ("pending", "The provider is busy.")
    assert delivery["attempts"] == 1


def test_can_reply_is_what_the_channel_says(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    can_reply = workspace.owner.get(f"/conversations/{id_}").json["data"]["can_reply"]
    assert can_reply == {
        "allowed": True,
        "until": None,
        "reason": None,
        "template_required": False,
        "max_body": 20_000,
        "attachment_types": [],
        "max_attachment_bytes": None,
    }


def test_a_closed_window_refuses_replies_but_not_notes(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    closed_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    probe.windows[id_] = ReplyWindow(
        allowed=False, until=closed_at, reason="The window closed at noon.", template_required=True
    )
    can_reply = workspace.owner.get(f"/conversations/{id_}").json["data"]["can_reply"]
    assert can_reply["allowed"] is False
    assert can_reply["until"] == "2026-01-02T03:04:05Z"
    assert can_reply["template_required"] is True
    assert_invalid(reply(workspace, id_), body="The window closed at noon.")
    assert reply(workspace, id_, type="note").status_int == 201


@pytest.mark.parametrize(
    ("before", "after"),
    [("closed", "active"), ("pending", "active"), ("active", "active"), ("spam", "spam")],
)
def test_a_customers_message_reopens_what_was_closed_or_pending(
    workspace: TestWorkspace, before: str, after: str
) -> None:
    id_ = workspace.conversation()["id"]
    workspace.owner.patch(f"/conversations/{id_}/status", {"status": before})
    with workspace.desk() as opened:
        opened.inbound.receive(
            InboundMessage(
                channel="probe",
                mailbox_id=workspace.a_mailbox,
                conversation_id=id_,
                body="One more thing",
            )
        )
    shown = workspace.owner.get(f"/conversations/{id_}").json["data"]
    assert shown["status"] == after
    assert "One more thing" in [it["body"] for it in shown["threads"]]


def test_a_template_is_for_channels_that_have_some(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    path = f"/conversations/{id_}/reply"
    template = {"name": "hello", "language": "en", "parameters": ["x"]}
    assert_invalid(
        workspace.owner.post(path, {"template": template}),
        template="The probe channel does not send templates.",
    )
    assert_invalid(workspace.owner.post(path, {}), body="The body field is required.")
    assert_invalid(
        workspace.owner.post(path, {"template": {**template, "language": 7}}),
        **{"template.language": "The template.language must be a string."},
    )


def test_a_reply_quotes_a_message_of_its_own_conversation_only(workspace: TestWorkspace) -> None:
    mine, another = workspace.conversation(), workspace.conversation()
    quoted = mine["threads"][0]["id"]
    answer = reply(workspace, mine["id"], in_reply_to=quoted)
    assert answer.json["data"]["meta"] == {"in_reply_to": quoted}
    note = reply(workspace, mine["id"], type="note").json["data"]["id"]
    for wrong in (another["threads"][0]["id"], note, 2**40):
        assert_invalid(
            reply(workspace, mine["id"], in_reply_to=wrong),
            in_reply_to="The selected in reply to is invalid.",
        )
