"""What a stranger's plugin builds on is there, and does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core import plugin_api
from support_core.testing import probe

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def test_every_name_that_is_promised_is_there() -> None:
    assert [name for name in plugin_api.__all__ if not hasattr(plugin_api, name)] == []
    assert len(set(plugin_api.__all__)) == len(plugin_api.__all__)


@pytest.fixture
def message_id(desk: DeskUnderTest, workspace: TestWorkspace) -> str:
    """The id of a reply that has been sent."""
    conversation = workspace.conversation()
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Sent."})
    desk.run_jobs()
    (sent,) = [it for it in probe.carried if it.conversation.id == conversation["id"]]
    return sent.message_id


def state(workspace: TestWorkspace) -> str:
    (conversation,) = workspace.owner.get("/conversations").json["data"]
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    return str(shown["threads"][-1]["delivery"]["state"])


@pytest.mark.parametrize("by", ["message_id", "external_id"])
def test_a_providers_report_finds_the_delivery_by_either_id(
    workspace: TestWorkspace, message_id: str, by: str
) -> None:
    known = message_id if by == "message_id" else f"probe-{message_id}"
    with workspace.desk() as desk:
        assert desk.deliveries.report("probe", "delivered", **{by: known}) is True
        assert desk.deliveries.report("probe", "delivered", **{by: known}) is False
        assert desk.deliveries.report("probe", "failed", **{by: known}) is False
    assert state(workspace) == "delivered"


def test_a_report_of_nothing_known_changes_nothing(
    workspace: TestWorkspace, other: TestWorkspace, message_id: str
) -> None:
    with workspace.desk() as desk:
        assert desk.deliveries.report("probe", "read") is False
        assert desk.deliveries.report("probe", "read", message_id="msg_unknown") is False
        assert desk.deliveries.report("sms", "read", message_id=message_id) is False
    with other.desk() as desk:
        assert desk.deliveries.report("probe", "read", message_id=message_id) is False
    assert state(workspace) == "sent"


def test_a_hook_is_told_the_customers_phone(workspace: TestWorkspace) -> None:
    mailbox_id = workspace.a_mailbox
    with workspace.desk() as desk:
        opened = desk.conversations.open(
            mailbox=desk.mailboxes.get(mailbox_id),
            customer=desk.customers.create({"phone": "+31600000001"}),
            subject="By phone",
            channel="probe",
        )
        assert desk.conversations.reference(opened).customer_phone == "+31600000001"
