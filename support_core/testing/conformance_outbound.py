"""What a channel owes when an agent answers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ..channels import Composition
from .conformance_steps import (
    TAKEN,
    Shown,
    attempts_at,
    delivery_of,
    needs_outbound,
    needs_refusals,
    reply,
    run_again,
    show,
)
from .connections import calls_inside_transactions
from .errors import assert_invalid

if TYPE_CHECKING:
    from ..channels import Channel
    from .application import DeskUnderTest
    from .far_side import FarSide
    from .workspace import TestWorkspace


class OutboundConformance:
    """Tests of the way out."""

    def test_a_reply_is_carried_exactly_once(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        thread = reply(workspace, conversation, card)
        desk.run_jobs()
        assert delivery_of(workspace, conversation, thread)["state"] in TAKEN
        run_again(desk, workspace, thread)
        assert len(attempts_at(far_side, thread)) == 1

    def test_every_attempt_at_a_reply_carries_the_same_message_id(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        needs_refusals(far_side)
        reason = far_side.refuse_next(permanent=False)
        thread = reply(workspace, conversation, card)
        desk.run_jobs()
        waiting = delivery_of(workspace, conversation, thread)
        assert waiting["state"] == "pending"
        assert reason in waiting["error"]
        run_again(desk, workspace, thread)
        assert delivery_of(workspace, conversation, thread)["state"] in TAKEN
        assert delivery_of(workspace, conversation, thread)["error"] is None
        first, second = attempts_at(far_side, thread)
        assert first == second
        assert first.message_id

    def test_two_replies_have_message_ids_of_their_own(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        threads = [reply(workspace, conversation, card) for _ in range(2)]
        desk.run_jobs()
        assert len({attempts_at(far_side, it)[0].message_id for it in threads}) == 2

    def test_a_reply_refused_for_good_is_failed_and_can_be_sent_again(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        needs_refusals(far_side)
        reason = far_side.refuse_next(permanent=True)
        thread = reply(workspace, conversation, card)
        desk.run_jobs()
        failed = delivery_of(workspace, conversation, thread)
        assert failed["state"] == "failed"
        assert reason in failed["error"]
        path = f"/conversations/{conversation['id']}/threads/{thread['id']}/retry"
        assert workspace.owner.post(path).status_int == 200
        desk.run_jobs()
        assert delivery_of(workspace, conversation, thread)["state"] in TAKEN
        assert len({it.message_id for it in attempts_at(far_side, thread)}) == 1

    def test_files_leave_with_a_reply_or_are_refused_before_it_is_stored(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        needs_outbound(card)
        uploaded = workspace.owner.upload("notes.txt", b"all of it", content_type="text/plain")
        body = {"body": uuid4().hex, "attachment_ids": [uploaded.json["data"]["id"]]}
        answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", body)
        if not card.attachments:
            message = f"The {card.name} channel does not carry attachments."
            assert_invalid(answer, attachment_ids=message)
            assert len(show(workspace, conversation["id"])["threads"]) == 1
            return
        assert answer.status_int == 201, answer.text
        desk.run_jobs()
        (attempt,) = attempts_at(far_side, answer.json["data"])
        assert attempt.attachments == ("notes.txt",)

    def test_a_reply_outside_the_window_is_refused_before_it_is_stored(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        needs_outbound(card)
        if not far_side.close_window(workspace, conversation["mailbox"]["id"], conversation["id"]):
            pytest.skip("the channel takes replies at all times")
        before = show(workspace, conversation["id"])
        assert before["can_reply"]["allowed"] is False
        body = {"body": uuid4().hex}
        answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", body)
        assert_invalid(answer, body=before["can_reply"]["reason"])
        desk.run_jobs()
        assert show(workspace, conversation["id"])["threads"] == before["threads"]
        assert not [it for it in far_side.attempts() if body["body"] in it.body]

    def test_a_reply_that_is_too_long_is_refused_before_it_is_stored(
        self, workspace: TestWorkspace, conversation: Shown, card: Channel
    ) -> None:
        if card.max_body is None or card.max_body >= 50_000:
            pytest.skip("the channel sets no limit of its own")
        answer = workspace.owner.post(
            f"/conversations/{conversation['id']}/reply", {"body": "x" * (card.max_body + 1)}
        )
        assert_invalid(
            answer, body=f"The body must not be greater than {card.max_body} characters."
        )
        assert len(show(workspace, conversation["id"])["threads"]) == 1

    def test_the_recipients_that_the_channel_chose_are_shown(
        self, desk: DeskUnderTest, workspace: TestWorkspace, conversation: Shown, card: Channel
    ) -> None:
        thread = reply(workspace, conversation, card)
        with workspace.desk(write=False) as opened:
            reference = opened.conversations.reference(opened.conversations.get(conversation["id"]))
            composed: Composition | None = desk.application.plugins.channel_hook(
                card.name,
                "support_compose",
                conversation=reference,
                body="",
                cc=(),
                bcc=(),
                template=None,
                attachment_ids=(),
                desk=opened,
            )
        wanted = [dict(it) for it in (composed or Composition()).recipients]
        assert thread["delivery"]["recipients"] == wanted
        for recipient in wanted:
            assert recipient["type"] in {"to", "cc", "bcc"}
            assert recipient["address"]
            assert recipient["reason"]

    def test_no_transaction_is_open_while_a_reply_travels(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        thread = reply(workspace, conversation, card)
        with calls_inside_transactions(desk.application.database) as found:
            desk.run_jobs()
        assert attempts_at(far_side, thread)
        assert found == []
