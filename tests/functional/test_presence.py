"""Presence and typing: who is in a conversation just now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support_core.services.presence import LASTS
from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.bus import Notice
    from support_core.desk import Desk
    from support_core.testing import Client, DeskUnderTest, TestWorkspace


class Heard:
    """What the bus carries while a test runs."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def heard(self, notice: Notice) -> None:
        self.notices.append(notice)

    def missed(self) -> None:
        """Nothing is, in one process."""

    def of(self, workspace: TestWorkspace) -> list[tuple[str, dict[str, Any]]]:
        return [
            (signal.type, signal.payload)
            for notice in self.notices
            if notice.workspace_id == workspace.id
            for signal in notice.signals
        ]


@pytest.fixture
def heard(desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch) -> Heard:
    """What is published, on whatever bus the suite has."""
    ear = Heard()
    bus = desk.application.bus
    publish = bus.publish

    def also(notices: list[Notice]) -> None:
        ear.notices += notices
        publish(notices)

    monkeypatch.setattr(bus, "publish", also)
    return ear


def present(client: Client, path: str) -> list[tuple[str, str]]:
    answer = client.get(f"{path}/presence")
    assert answer.status_int == 200, answer.text
    return [(it["user_name"], it["state"]) for it in answer.json["data"]]


def test_who_enters_is_seen_until_they_leave(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    agent = workspace.client(user_id=workspace.member(name="Ada"))
    assert present(agent, path) == []
    entered = agent.put(f"{path}/presence", {"state": "replying"})
    assert [it["state"] for it in entered.json["data"]] == ["replying"]
    workspace.owner.put(f"{path}/presence", {})
    assert present(agent, path) == [("Ada", "replying"), ("Olivia Owner", "viewing")]
    agent.put(f"{path}/presence", {"state": "viewing"})
    assert present(agent, path) == [("Ada", "viewing"), ("Olivia Owner", "viewing")]
    assert agent.delete(f"{path}/presence").json == {"message": "Left successfully"}
    assert agent.delete(f"{path}/presence").status_int == 200
    assert present(agent, path) == [("Olivia Owner", "viewing")]


def test_who_says_no_more_is_gone_after_a_minute(
    desk: DeskUnderTest, workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    application = desk.application
    workspace.owner.put(f"{path}/presence", {"state": "viewing"})
    clock = application.clock
    monkeypatch.setattr(application, "clock", lambda: clock() + LASTS - timedelta(seconds=5))
    assert len(present(workspace.owner, path)) == 1
    monkeypatch.setattr(application, "clock", lambda: clock() + LASTS)
    assert present(workspace.owner, path) == []
    workspace.owner.put(f"{path}/presence", {"state": "viewing"})
    assert len(present(workspace.owner, path)) == 1


def test_a_member_who_is_switched_off_is_not_seen(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    member = workspace.member()
    workspace.client(user_id=member).put(f"{path}/presence", {"state": "viewing"})
    workspace.owner.put(f"/users/{member}", {"is_active": False})
    assert present(workspace.owner, path) == []


def test_only_changes_are_said(workspace: TestWorkspace, heard: Heard) -> None:
    conversation = workspace.conversation()
    path = f"/conversations/{conversation['id']}/presence"
    for state in ("viewing", "viewing", "replying"):
        workspace.owner.put(path, {"state": state})
    workspace.owner.delete(path)
    workspace.owner.delete(path)
    said = heard.of(workspace)
    assert [name for name, _ in said] == ["presence.changed"] * 3
    assert [payload["state"] for _, payload in said] == ["viewing", "replying", None]
    assert {payload["user_id"] for _, payload in said} == {workspace.owner_id}


def test_typing_is_said_and_stored_nowhere(workspace: TestWorkspace, heard: Heard) -> None:
    conversation = workspace.conversation()
    before = workspace.owner.get("/events").json["data"]
    answer = workspace.owner.post(f"/conversations/{conversation['id']}/typing")
    assert answer.json == {"success": True}
    assert heard.of(workspace) == [
        ("agent.typing", {"user_id": workspace.owner_id, "user_name": "Olivia Owner"})
    ]
    assert workspace.owner.get("/events").json["data"] == before


def test_what_is_rolled_back_is_not_said(workspace: TestWorkspace, heard: Heard) -> None:
    def say(desk: Desk, conversation_id: int) -> None:
        desk.events.signal("agent.typing", conversation_id=conversation_id, user_id=1)

    with workspace.desk() as desk:
        say(desk, 1)
        desk.events.publish("customer.created", customer_id=1)
        desk.session.rollback()
    with workspace.desk() as desk:
        part = desk.session.begin_nested()
        say(desk, 2)
        part.rollback()
        say(desk, 3)
    assert [it.conversation_id for notice in heard.notices for it in notice.signals] == [3]
    assert [notice.head for notice in heard.notices if notice.workspace_id == workspace.id] == [
        None
    ]


def test_another_state_and_another_conversation_are_refused(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}/presence"
    assert_invalid(
        workspace.owner.put(path, {"state": "sleeping"}), state="The selected state is invalid."
    )
    for call in (
        workspace.owner.get(f"/conversations/{2**40}/presence"),
        workspace.owner.put(f"/conversations/{2**40}/presence", {"state": "viewing"}),
        workspace.owner.delete(f"/conversations/{2**40}/presence"),
        workspace.owner.post(f"/conversations/{2**40}/typing"),
    ):
        assert_error(call, 404, "not_found")


def test_a_viewer_is_seen_and_does_not_type(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    viewer = workspace.client(user_id=workspace.member("viewer"))
    assert viewer.put(f"{path}/presence", {"state": "viewing"}).status_int == 200
    assert_error(
        viewer.post(f"{path}/typing"), 403, "forbidden", permission="reply_to_conversations"
    )
