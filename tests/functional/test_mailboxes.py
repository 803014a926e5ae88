"""Mailboxes: the core's part of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

EVERYTHING = {
    "name": "Support",
    "email": "Support@Shop.test",
    "is_active": False,
    "signature": "-- \nThe team  ",
    "auto_reply_enabled": True,
    "auto_reply_subject": "We got it",
    "auto_reply_body": "  Soon.\n",
}


def create(workspace: TestWorkspace, **values: Any) -> dict[str, Any]:
    answer = workspace.owner.post("/mailboxes", {**EVERYTHING, **values})
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def test_create_keeps_every_field(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/mailboxes", EVERYTHING)
    assert answer.status_int == 201
    assert answer.json["message"] == "Mailbox created successfully"
    made = answer.json["data"]
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    shown = workspace.owner.get(f"/mailboxes/{made['id']}").json["data"]
    assert {name: shown[name] for name in EVERYTHING} == EVERYTHING


def test_what_is_not_given_has_a_default(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/mailboxes", {"name": "A", "email": "a@shop.test"}).json["data"]
    assert made["is_active"] is True
    assert made["auto_reply_enabled"] is False
    assert made["signature"] is None


def test_name_and_email_are_required(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.post("/mailboxes", {}),
        name="The name field is required.",
        email="The email field is required.",
    )
    assert_invalid(
        workspace.owner.post("/mailboxes", {"name": "x" * 256, "email": "no address"}),
        name="The name must not be greater than 255 characters.",
        email="The email must be a valid email address.",
    )


def test_the_address_is_unique_in_the_workspace(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    create(workspace)
    second = create(workspace, email="second@shop.test")
    taken = {"email": "The email has already been taken."}
    again = {**EVERYTHING, "email": "SUPPORT@shop.test"}
    assert_invalid(workspace.owner.post("/mailboxes", again), **taken)
    path = f"/mailboxes/{second['id']}"
    assert_invalid(workspace.owner.put(path, {"email": "support@shop.test"}), **taken)
    assert workspace.owner.put(path, {"email": "Second@shop.test"}).status_int == 200
    create(other)


def test_update_keeps_what_is_left_out(workspace: TestWorkspace) -> None:
    made = create(workspace)
    answer = workspace.owner.put(f"/mailboxes/{made['id']}", {"name": "Sales", "signature": None})
    assert answer.status_int == 200
    assert answer.json["message"] == "Mailbox updated successfully"
    changed = answer.json["data"]
    assert (changed["name"], changed["signature"]) == ("Sales", None)
    assert changed["auto_reply_body"] == EVERYTHING["auto_reply_body"]


@pytest.mark.parametrize("value", [1, 0, "true", "yes", [], {}])
def test_flags_are_true_or_false_and_nothing_else(workspace: TestWorkspace, value: object) -> None:
    assert_invalid(
        workspace.owner.post("/mailboxes", {**EVERYTHING, "is_active": value}),
        is_active="The is active field must be true or false.",
    )


@pytest.mark.parametrize("name", ["Support\r\nBcc: all@example.test", "a\u2028b", "a\x00b"])
def test_a_name_ends_up_in_a_header_and_has_one_line(workspace: TestWorkspace, name: str) -> None:
    assert_invalid(
        workspace.owner.post("/mailboxes", {**EVERYTHING, "name": name}),
        name="The name contains characters that are not allowed.",
    )


def test_the_list_is_in_the_order_of_creation(workspace: TestWorkspace) -> None:
    for name in ("b", "a", "c"):
        create(workspace, name=name, email=f"{name}@shop.test", is_active=name != "c")
    page = workspace.owner.get("/mailboxes").json
    assert [row["name"] for row in page["data"]] == ["b", "a", "c"]
    assert page["meta"]["total"] == 3

    def names(query: str) -> list[str]:
        return [row["name"] for row in workspace.owner.get(f"/mailboxes?{query}").json["data"]]

    assert names("sort=name") == ["a", "b", "c"]
    assert names("sort=-name&per_page=2&page=2") == ["a"]
    assert names("is_active=false") == ["c"]
    assert names("is_active=1&sort=name") == ["a", "b"]
    assert names("sort=name&per_page=2&cursor=") == ["a", "b"]


def test_a_mailbox_with_conversations_is_deleted_softly(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()
    path = f"/mailboxes/{workspace.a_mailbox}"
    answer = workspace.owner.delete(path)
    assert answer.status_int == 200
    assert answer.json == {"message": "Mailbox deleted successfully"}
    assert_error(workspace.owner.get(path), 404, "not_found")
    assert_error(workspace.owner.put(path, {"name": "x"}), 404, "not_found")
    assert_error(workspace.owner.delete(path), 404, "not_found")
    assert workspace.owner.get("/mailboxes").json["data"] == []
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    assert shown["mailbox"] == {"id": workspace.a_mailbox, "name": "Support"}
    assert len(workspace.owner.get("/conversations").json["data"]) == 1


def test_a_deleted_mailbox_takes_no_conversation(workspace: TestWorkspace) -> None:
    kept = workspace.conversation()
    gone = workspace.mailbox()
    workspace.owner.delete(f"/mailboxes/{gone}")
    sentence = {"mailbox_id": "The selected mailbox id is invalid."}
    refused = workspace.owner.post(
        "/conversations",
        {
            "mailbox_id": gone,
            "customer_email": "a@example.test",
            "subject": "Hello",
            "body": "There",
            "channel": "probe",
        },
    )
    assert_invalid(refused, **sentence)
    moved = workspace.owner.patch(f"/conversations/{kept['id']}", {"mailbox_id": gone})
    assert_invalid(moved, **sentence)


def test_a_deleted_mailboxs_address_is_free_again(workspace: TestWorkspace) -> None:
    made = create(workspace)
    workspace.conversation(mailbox_id=made["id"])
    workspace.owner.delete(f"/mailboxes/{made['id']}")
    create(workspace)


def test_another_workspaces_mailbox_does_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    path = f"/mailboxes/{other.mailbox()}"
    for answer in (
        workspace.owner.get(path),
        workspace.owner.put(path, {"name": "x"}),
        workspace.owner.delete(path),
    ):
        assert_error(answer, 404, "not_found")


def test_what_was_read_can_be_sent_back(workspace: TestWorkspace) -> None:
    made = create(workspace)
    shown = workspace.owner.get(f"/mailboxes/{made['id']}").json["data"]
    answer = workspace.owner.put(f"/mailboxes/{made['id']}", shown)
    assert answer.status_int == 200
    assert answer.json["data"]["email"] == shown["email"]


def test_agents_read_mailboxes_and_do_not_change_them(workspace: TestWorkspace) -> None:
    agent = workspace.client(user_id=workspace.member())
    path = f"/mailboxes/{workspace.a_mailbox}"
    assert agent.get(path).status_int == 200
    for answer in (
        agent.post("/mailboxes", EVERYTHING),
        agent.put(path, {"name": "x"}),
        agent.delete(path),
    ):
        assert_error(answer, 403, "forbidden", permission="manage_mailboxes")
