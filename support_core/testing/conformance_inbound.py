"""What a channel owes when a customer writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conformance_steps import (
    Shown,
    continue_conversation,
    conversations_of,
    incoming,
    open_conversation,
    show,
    write,
)

if TYPE_CHECKING:
    from ..channels import Channel
    from .far_side import FarSide
    from .workspace import TestWorkspace


class InboundConformance:
    """Tests of the way in."""

    def test_a_message_opens_a_conversation_of_its_customer_mailbox_and_channel(
        self,
        workspace: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        opened = open_conversation(
            workspace, far_side, mailbox_id, card, sender=1, body="Where is it?"
        )
        assert opened["channel"] == card.name
        assert opened["mailbox"]["id"] == mailbox_id
        assert opened["status"] == "active"
        (thread,) = opened["threads"]
        assert thread["type"] == "customer"
        assert thread["body_text"].strip() == "Where is it?"
        customer = workspace.owner.get(f"/customers/{opened['customer']['id']}").json["data"]
        wanted = far_side.identity(1)
        assert {name: customer[name] for name in wanted} == wanted

    def test_one_sender_is_one_customer_and_another_is_another(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        first = open_conversation(workspace, far_side, mailbox_id, card, sender=1)
        continue_conversation(workspace, far_side, first, sender=1)
        second = open_conversation(workspace, far_side, mailbox_id, card, sender=2)
        assert first["customer"]["id"] != second["customer"]["id"]
        assert workspace.owner.get("/customers").json["meta"]["total"] == 2

    def test_a_message_that_arrives_twice_is_filed_once(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        first = incoming()
        write(workspace, far_side, mailbox_id, card, first)
        write(workspace, far_side, mailbox_id, card, first)
        (listed,) = conversations_of(workspace, card)
        second = incoming(conversation_id=listed["id"])
        write(workspace, far_side, mailbox_id, card, second)
        write(workspace, far_side, mailbox_id, card, second)
        shown = show(workspace, listed["id"])
        assert [it["body_text"].strip() for it in shown["threads"]] == [first.body, second.body]

    @pytest.mark.parametrize("status", ["closed", "pending"])
    def test_a_customers_message_reopens_a_conversation(
        self, workspace: TestWorkspace, far_side: FarSide, conversation: Shown, status: str
    ) -> None:
        path = f"/conversations/{conversation['id']}"
        assert workspace.owner.patch(f"{path}/status", {"status": status}).status_int == 200
        continue_conversation(workspace, far_side, conversation)
        assert show(workspace, conversation["id"])["status"] == "active"

    def test_files_come_in_with_a_message(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        if not card.attachments:
            pytest.skip("the channel carries no attachments")
        opened = open_conversation(
            workspace, far_side, mailbox_id, card, attachments=[("photo.png", b"\x89PNG\r\n\x1a\n")]
        )
        (attachment,) = opened["threads"][0]["attachments"]
        assert attachment["name"] == "photo.png"
        answer = workspace.owner.get(f"/attachments/{attachment['id']}/download")
        assert answer.body == b"\x89PNG\r\n\x1a\n"
