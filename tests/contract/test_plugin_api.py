"""What a stranger's plugin builds on is there, and does what it says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_core import plugin_api
from support_core.testing import probe

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def test_every_name_that_is_promised_is_there() -> None:
    assert [name for name in plugin_api.__all__ if not hasattr(plugin_api, name)] == []
    assert len(set(plugin_api.__all__)) == len(plugin_api.__all__)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = plugin_api.nothing_like_it  # type: ignore[attr-defined]


def test_type_checkers_are_told_of_the_same_names_and_places() -> None:
    (told,) = [
        it
        for it in ast.parse(Path(plugin_api.__file__).read_text()).body
        if isinstance(it, ast.If) and ast.unparse(it.test) == "TYPE_CHECKING"
    ]
    imported = {
        name.name: f".{home.module}"
        for home in told.body
        if isinstance(home, ast.ImportFrom) and home.module
        for name in home.names
        if name.asname
    }
    renamed = {ast.unparse(it.targets[0]) for it in told.body if isinstance(it, ast.Assign)}
    same = {name: home for name, (home, was) in plugin_api._HOMES.items() if name == was}
    assert imported == same
    assert renamed == plugin_api._HOMES.keys() - same.keys()


def test_what_needs_little_of_it_does_not_load_the_desk() -> None:
    program = "import sys, support_core.plugin_api as it; it.to_text; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert {"sqlalchemy", "pyramid", "support_core.application"}.isdisjoint(loaded)


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
