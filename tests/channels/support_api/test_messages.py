"""``POST /conversations/{id}/messages``, and the channel switched off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import DeskUnderTest, assert_error, assert_invalid, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases


@pytest.fixture
def path(workspace: TestWorkspace) -> str:
    """A conversation of the API channel."""
    return f"/conversations/{workspace.conversation(channel='api')['id']}"


def test_a_message_is_the_customers(workspace: TestWorkspace, path: str) -> None:
    upload = workspace.owner.upload("log.txt", b"log").json["data"]["id"]
    body = {"body": "Still broken.", "attachment_ids": [upload]}
    answer = workspace.owner.post(f"{path}/messages", body)
    assert answer.status_int == 201
    assert answer.json["message"] == "Message added successfully"
    thread = answer.json["data"]
    assert (thread["type"], thread["body"], thread["user"]) == ("customer", "Still broken.", None)
    assert [it["name"] for it in thread["attachments"]] == ["log.txt"]
    shown = workspace.owner.get(path).json["data"]
    assert [it["type"] for it in shown["threads"]] == ["customer", "customer"]


@pytest.mark.parametrize("status", ["closed", "pending"])
def test_a_message_reopens_the_conversation(
    workspace: TestWorkspace, path: str, status: str
) -> None:
    workspace.owner.patch(f"{path}/status", {"status": status})
    workspace.owner.post(f"{path}/messages", {"body": "Are you there?"})
    shown = workspace.owner.get(path).json["data"]
    assert shown["status"] == "active"
    assert [it["type"] for it in shown["threads"]] == [
        "customer",
        "lineitem",
        "customer",
        "lineitem",
    ]
    assert shown["threads"][-1]["meta"] == {"field": "status", "from": status, "to": "active"}


def test_a_message_leaves_spam_where_it_is(workspace: TestWorkspace, path: str) -> None:
    workspace.owner.patch(f"{path}/status", {"status": "spam"})
    workspace.owner.post(f"{path}/messages", {"body": "Buy now"})
    assert workspace.owner.get(path).json["data"]["status"] == "spam"


def test_a_message_needs_a_body(workspace: TestWorkspace, path: str) -> None:
    answer = workspace.owner.post(f"{path}/messages", {})
    assert_invalid(answer, body="The body field is required.")


def test_a_message_of_another_channel_comes_by_that_channel(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation(channel="probe")["id"]
    answer = workspace.owner.post(f"/conversations/{conversation}/messages", {"body": "Hello"})
    assert_error(answer, 409, "conflict")


def test_a_deleted_conversation_takes_no_message(workspace: TestWorkspace, path: str) -> None:
    workspace.owner.delete(path)
    assert_error(workspace.owner.post(f"{path}/messages", {"body": "Hello"}), 404, "not_found")


def test_api_is_the_channel_unless_the_body_says_otherwise(workspace: TestWorkspace) -> None:
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "customer@example.test",
        "subject": "Without a channel",
        "body": "Hello",
    }
    answer = workspace.owner.post("/conversations", body)
    assert answer.json["data"]["channel"] == "api"


@pytest.fixture(scope="module")
def without(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application without the API channel."""
    under_test = make_desk(
        tmp_path_factory.mktemp("without-api"),
        databases.create("without_api"),
        plugins=(),
        extra={"probe": probe},
    )
    yield under_test
    under_test.application.close()


def test_a_channel_that_is_not_enabled_has_no_routes(without: DeskUnderTest) -> None:
    workspace = without.workspace()
    path = f"/conversations/{workspace.conversation()['id']}"
    assert_error(workspace.owner.post(f"{path}/messages", {"body": "x"}), 404, "not_found")
    mailbox = f"/mailboxes/{workspace.a_mailbox}"
    assert_error(workspace.owner.post(f"{mailbox}/callback-secret"), 404, "not_found")
    assert [it["name"] for it in workspace.owner.get("/channels").json["data"]] == ["probe"]


def test_a_channel_that_is_not_enabled_is_no_channel(without: DeskUnderTest) -> None:
    workspace = without.workspace()
    answer = workspace.owner.get("/conversations?channel=api")
    assert_invalid(answer, channel="The selected channel is invalid.")
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "customer@example.test",
        "subject": "Which channel?",
        "body": "Hello",
    }
    answer = workspace.owner.post("/conversations", {**body, "channel": "api"})
    assert_invalid(answer, channel="The selected channel is invalid.")
    answer = workspace.owner.post("/conversations", body)
    assert_invalid(answer, channel="The channel field is required.")


def test_a_channel_that_is_not_enabled_has_no_fields(without: DeskUnderTest) -> None:
    workspace = without.workspace()
    assert (
        "callback_url" not in workspace.owner.get(f"/mailboxes/{workspace.a_mailbox}").json["data"]
    )
    body = {"name": "M", "email": "m@example.test", "callback_url": "https://example.com/"}
    answer = workspace.owner.post("/mailboxes", body)
    assert_invalid(answer, callback_url="The callback url field is prohibited.")
