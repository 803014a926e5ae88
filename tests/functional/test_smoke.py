"""The shortest way through the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.testing import probe

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def test_a_reply_leaves_by_the_conversations_channel(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    conversation = workspace.conversation()
    answer = workspace.owner.post(
        f"/conversations/{conversation['id']}/reply", {"body": "Here is how."}
    )
    assert answer.status_int == 201
    assert answer.json["data"]["delivery"]["state"] == "pending"

    desk.run_jobs()

    carried = [it for it in probe.carried if it.conversation.id == conversation["id"]]
    assert [message.body for message in carried] == ["Here is how."]
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    assert shown["threads"][-1]["delivery"]["state"] == "sent"
