"""Conversations: the reference's seven calls, letter for letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace

UTC_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def body(workspace: TestWorkspace, **values: Any) -> dict[str, Any]:
    return {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "customer@example.com",
        "customer_name": "John Doe",
        "subject": "Help with my account",
        "body": "I need assistance with...",
        "channel": "probe",
        **values,
    }


def threads(workspace: TestWorkspace, conversation_id: int) -> list[dict[str, Any]]:
    shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    return list(shown["threads"])


def test_create_answers_201_with_the_conversation_and_a_message(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/conversations", body(workspace))
    assert answer.status_int == 201
    assert list(answer.json) == ["data", "message"]
    assert answer.json["message"] == "Conversation created successfully"
    made = answer.json["data"]
    assert made["number"] == 1
    assert made["subject"] == "Help with my account"
    assert made["status"] == "active"
    assert made["channel"] == "probe"
    assert made["priority"] == "normal"
    assert made["tags"] == []
    assert made["assignedUser"] is None
    assert made["customer"]["email"] == "customer@example.com"
    assert made["customer"]["display_name"] == "John Doe"
    assert made["mailbox"] == {"id": workspace.a_mailbox, "name": "Support"}
    [thread] = made["threads"]
    assert thread["type"] == "customer"
    assert thread["body"] == "I need assistance with..."
    assert thread["user"] is None
    assert thread["attachments"] == []


def test_the_list_shows_the_references_fields(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    answer = workspace.owner.get("/conversations").json
    assert list(answer) == ["data", "links", "meta"]
    [row] = answer["data"]
    assert row["id"] == made["id"]
    for name in ("id", "number", "subject", "status", "channel", "last_reply_at", "created_at"):
        assert row[name] == made[name]
    assert set(row["customer"]) == {"id", "email", "display_name"}
    assert row["mailbox"] == {"id": workspace.a_mailbox, "name": "Support"}
    assert row["assignedUser"] is None
    assert "threads" not in row


def test_times_are_utc_in_whole_seconds(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    for name in ("created_at", "last_reply_at", "updated_at"):
        assert UTC_SECONDS.fullmatch(made[name])
    assert UTC_SECONDS.fullmatch(made["threads"][0]["created_at"])


def test_get_shows_the_conversation_with_its_threads(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    workspace.owner.post(f"/conversations/{made['id']}/reply", {"body": "Thanks for reaching out"})
    answer = workspace.owner.get(f"/conversations/{made['id']}")
    assert answer.status_int == 200
    assert list(answer.json) == ["data"]
    shown = answer.json["data"]
    for name in ("sla_status", "sla_first_response_due_at", "can_reply", "customer", "mailbox"):
        assert name in shown
    first, second = shown["threads"]
    assert (first["type"], first["user"]) == ("customer", None)
    assert second["type"] == "message"
    assert second["user"] == {"id": workspace.owner_id, "name": "Olivia Owner"}


def test_the_number_counts_from_one_in_each_workspace(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    assert [workspace.conversation()["number"] for _ in range(3)] == [1, 2, 3]
    assert other.conversation()["number"] == 1


def test_a_refused_creation_leaves_no_gap_in_the_numbers(workspace: TestWorkspace) -> None:
    workspace.conversation()
    refused = workspace.owner.post("/conversations", body(workspace, attachment_ids=[999_999]))
    assert_invalid(refused, attachment_ids="The selected attachment ids is invalid.")
    assert workspace.conversation()["number"] == 2


def test_every_reference_that_is_not_there_is_named(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = other.owner.upload("a.txt", b"x").json["data"]["id"]
    refused = workspace.owner.post(
        "/conversations",
        body(
            workspace,
            mailbox_id=other.a_mailbox,
            assigned_to=other.owner_id,
            attachment_ids=[theirs],
        ),
    )
    assert_invalid(
        refused,
        mailbox_id="The selected mailbox id is invalid.",
        assigned_to="The selected assigned to is invalid.",
        attachment_ids="The selected attachment ids is invalid.",
    )


def test_the_customer_is_found_by_address_whatever_its_case(workspace: TestWorkspace) -> None:
    first = workspace.conversation(customer_email="Jane.Roe@Example.test")
    second = workspace.conversation(customer_email="jane.roe@example.TEST")
    assert first["customer"]["id"] == second["customer"]["id"]
    assert second["customer"]["email"] == "Jane.Roe@Example.test"
    assert len(workspace.owner.get("/customers").json["data"]) == 1


def test_customers_of_two_workspaces_stay_apart(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    mine = workspace.conversation(customer_email="same@example.test")
    theirs = other.conversation(customer_email="same@example.test")
    assert mine["customer"]["id"] != theirs["customer"]["id"]


def test_an_agent_starts_a_conversation_that_is_delivered(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    made = workspace.conversation(type="message", body="We have news.")
    [thread] = made["threads"]
    assert thread["type"] == "message"
    assert thread["user"]["id"] == workspace.owner_id
    assert thread["delivery"]["state"] == "pending"
    desk.run_jobs()
    assert threads(workspace, made["id"])[0]["delivery"]["state"] == "sent"


def test_create_takes_priority_assignee_tags_and_attachments(workspace: TestWorkspace) -> None:
    agent = workspace.member()
    upload = workspace.owner.upload("invoice.pdf", b"%PDF-1.4").json["data"]
    made = workspace.conversation(
        priority="urgent",
        assigned_to=agent,
        tags=["vip", "billing", "vip"],
        attachment_ids=[upload["id"]],
    )
    assert made["priority"] == "urgent"
    assert made["assignedUser"]["id"] == agent
    assert made["tags"] == ["billing", "vip"]
    assert [it["name"] for it in made["threads"][0]["attachments"]] == ["invoice.pdf"]


@pytest.mark.parametrize("plugin", ["api"])
def test_the_api_channel_is_the_default_where_it_is_enabled(
    desk: DeskUnderTest, workspace: TestWorkspace, plugin: str
) -> None:
    sent = body(workspace)
    del sent["channel"]
    answer = workspace.owner.post("/conversations", sent)
    if plugin in desk.application.plugins.channels:
        assert answer.json["data"]["channel"] == "api"
    else:
        assert_invalid(answer, channel="The channel field is required.")


@pytest.mark.parametrize("status", ["active", "pending", "closed", "spam"])
def test_status_takes_each_valid_one(workspace: TestWorkspace, status: str) -> None:
    made = workspace.conversation()
    answer = workspace.owner.patch(f"/conversations/{made['id']}/status", {"status": status})
    assert answer.status_int == 200
    assert answer.json["data"]["status"] == status
    assert answer.json["message"] == "Conversation status updated successfully"


def test_a_change_of_status_writes_a_line_item(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    workspace.owner.patch(f"/conversations/{made['id']}/status", {"status": "closed"})
    line = threads(workspace, made["id"])[-1]
    assert line["type"] == "lineitem"
    assert line["body"] == "Status changed from active to closed"
    assert line["meta"] == {"field": "status", "from": "active", "to": "closed"}
    assert line["user"]["id"] == workspace.owner_id


def test_the_same_status_again_is_200_and_writes_nothing(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    before = workspace.owner.get(f"/conversations/{made['id']}").json
    answer = workspace.owner.patch(f"/conversations/{made['id']}/status", {"status": "active"})
    assert answer.status_int == 200
    assert workspace.owner.get(f"/conversations/{made['id']}").json == before


def test_an_unknown_status_is_refused(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/status"
    assert_invalid(
        workspace.owner.patch(path, {"status": "open"}), status="The selected status is invalid."
    )
    assert_invalid(workspace.owner.patch(path, {}), status="The status field is required.")
    assert_invalid(
        workspace.owner.patch(path, {"status": ["closed"]}),
        status="The selected status is invalid.",
    )


def test_assign_and_unassign(workspace: TestWorkspace) -> None:
    made, agent = workspace.conversation(), workspace.member()
    path = f"/conversations/{made['id']}/assign"
    answer = workspace.owner.patch(path, {"user_id": agent})
    assert answer.status_int == 200
    assert answer.json["data"]["assignedUser"]["id"] == agent
    answer = workspace.owner.patch(path, {"user_id": None})
    assert answer.json["data"]["assignedUser"] is None
    assert [it["type"] for it in threads(workspace, made["id"])] == [
        "customer",
        "lineitem",
        "lineitem",
    ]


def test_assign_needs_a_user_id(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/assign"
    assert_invalid(workspace.owner.patch(path, {}), user_id="The user id field is required.")


def test_only_active_members_of_the_workspace_can_be_assigned(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/assign"
    removed = workspace.member()
    workspace.owner.delete(f"/users/{removed}")
    inactive = workspace.member(is_active=False)
    for user_id in (other.owner_id, removed, inactive, 2**62, 0, -1):
        assert_invalid(
            workspace.owner.patch(path, {"user_id": user_id}),
            user_id="The selected user id is invalid.",
        )


def test_update_changes_subject_priority_tags_and_mailbox(workspace: TestWorkspace) -> None:
    made, mailbox = workspace.conversation(), workspace.mailbox(name="Sales")
    answer = workspace.owner.patch(
        f"/conversations/{made['id']}",
        {"subject": "Another", "priority": "high", "tags": ["b", "a"], "mailbox_id": mailbox},
    )
    assert answer.status_int == 200
    shown = answer.json["data"]
    assert (shown["subject"], shown["priority"], shown["tags"]) == ("Another", "high", ["a", "b"])
    assert shown["mailbox"] == {"id": mailbox, "name": "Sales"}


def test_delete_is_soft_and_hides_it_everywhere(workspace: TestWorkspace) -> None:
    made = workspace.conversation(subject="Vanishing lady")
    path = f"/conversations/{made['id']}"
    answer = workspace.owner.delete(path)
    assert answer.status_int == 200
    assert answer.json == {"message": "Conversation deleted successfully"}
    assert_error(workspace.owner.get(path), 404, "not_found")
    assert_error(workspace.owner.delete(path), 404, "not_found")
    assert_error(workspace.owner.patch(f"{path}/status", {"status": "closed"}), 404, "not_found")
    assert_error(workspace.owner.patch(f"{path}/assign", {"user_id": None}), 404, "not_found")
    assert_error(workspace.owner.post(f"{path}/reply", {"body": "?"}), 404, "not_found")
    assert_error(workspace.owner.get(f"{path}/threads"), 404, "not_found")
    for query in ("", "?search=vanishing", "?cursor=", f"?search=%23{made['number']}"):
        assert workspace.owner.get(f"/conversations{query}").json["data"] == []
    customer = made["customer"]["id"]
    assert workspace.owner.get(f"/customers/{customer}/conversations").json["data"] == []
    assert workspace.owner.get("/conversations").json["meta"]["total"] == 0


def test_restore_brings_it_back_as_it_was(workspace: TestWorkspace) -> None:
    made = workspace.conversation(subject="Vanishing lady", tags=["magic"])
    path = f"/conversations/{made['id']}"
    workspace.owner.delete(path)
    answer = workspace.owner.post(f"{path}/restore")
    assert answer.status_int == 200
    assert answer.json["data"]["number"] == made["number"]
    assert answer.json["data"]["threads"] == made["threads"]
    for query in ("", "?search=vanishing", "?tag=magic"):
        assert len(workspace.owner.get(f"/conversations{query}").json["data"]) == 1
    assert_error(workspace.owner.post(f"{path}/restore"), 409, "conflict")
    assert_error(workspace.owner.post("/conversations/999999/restore"), 404, "not_found")


def test_threads_are_listed_by_pages(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    for number in range(4):
        workspace.owner.post(
            f"/conversations/{made['id']}/reply", {"body": f"Note {number}", "type": "note"}
        )
    path = f"/conversations/{made['id']}/threads"
    first = workspace.owner.get(f"{path}?per_page=2").json
    assert [it["body"] for it in first["data"]] == ["I need help.", "Note 0"]
    assert first["meta"]["total"] == 5
    newest = workspace.owner.get(f"{path}?per_page=1&sort=-id").json["data"]
    assert [it["body"] for it in newest] == ["Note 3"]


def test_html_is_shown_sanitised_and_as_text(workspace: TestWorkspace) -> None:
    made = workspace.conversation(
        body='<p onclick="steal()">Hello <b>there</b></p><script>alert(1)</script>',
        body_format="html",
    )
    [thread] = made["threads"]
    assert thread["body_format"] == "html"
    assert "<b>there</b>" in thread["body"]
    assert "onclick" not in thread["body"]
    assert "script" not in thread["body"]
    assert thread["body_text"].strip() == "Hello there"


def test_plain_text_is_kept_to_the_letter(workspace: TestWorkspace) -> None:
    text = '  <b>not bold</b> & "quotes"\r\n\ttab \u202e \U0001f9e1 end  '
    [thread] = workspace.conversation(body=text)["threads"]
    assert thread["body"] == text
    assert thread["body_format"] == "text"
    assert thread["body_text"] == text
