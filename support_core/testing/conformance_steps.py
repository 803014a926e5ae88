"""Steps of the conformance kit's tests: what they do over and over, by the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pyramid.interfaces import IRoutesMapper

from ..jobs import JobContext, RetryLater
from ..services.delivery_jobs import deliver
from .far_side import Attempt, FarSide, Incoming

if TYPE_CHECKING:
    from ..channels import Channel
    from ..health import Check
    from .application import DeskUnderTest
    from .workspace import TestWorkspace

#: What a delivery may have come to when the provider took the message.
TAKEN = {"sent", "delivered", "read"}

Shown = dict[str, Any]


def incoming(**values: Any) -> Incoming:
    return Incoming(**{"id": uuid4().hex, "sender": 1, "body": f"Message {uuid4().hex}", **values})


def needs_inbound(card: Channel) -> None:
    if not card.inbound:
        pytest.skip("the channel takes no messages")


def needs_outbound(card: Channel) -> None:
    if not card.outbound:
        pytest.skip("the channel carries no replies")


def needs_refusals(far_side: FarSide) -> None:
    if not far_side.refuses:
        pytest.skip("nobody refuses a reply of the channel")


def write(
    workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel, message: Incoming
) -> None:
    needs_inbound(card)
    far_side.write(workspace, mailbox_id, message)
    workspace.under_test.run_jobs()


def open_conversation(
    workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel, **values: Any
) -> Shown:
    before = {it["id"] for it in conversations_of(workspace, card)}
    write(workspace, far_side, mailbox_id, card, incoming(**values))
    (new,) = [it for it in conversations_of(workspace, card) if it["id"] not in before]
    return show(workspace, new["id"])


def continue_conversation(
    workspace: TestWorkspace, far_side: FarSide, conversation: Shown, **values: Any
) -> None:
    message = incoming(conversation_id=conversation["id"], **values)
    far_side.write(workspace, conversation["mailbox"]["id"], message)
    workspace.under_test.run_jobs()
    assert show(workspace, conversation["id"])["threads"][-1]["type"] in {"customer", "lineitem"}


def conversations_of(workspace: TestWorkspace, card: Channel) -> list[Shown]:
    found: list[Shown] = workspace.owner.get(f"/conversations?channel={card.name}").json["data"]
    return found


def show(workspace: TestWorkspace, conversation_id: int) -> Shown:
    shown: Shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    return shown


def reply(workspace: TestWorkspace, conversation: Shown, card: Channel) -> Shown:
    needs_outbound(card)
    answer = workspace.owner.post(
        f"/conversations/{conversation['id']}/reply", {"body": f"Answer {uuid4().hex}"}
    )
    assert answer.status_int == 201, answer.text
    thread: Shown = answer.json["data"]
    return thread


def delivery_of(workspace: TestWorkspace, conversation: Shown, thread: Shown) -> Shown:
    threads = show(workspace, conversation["id"])["threads"]
    (shown,) = [it["delivery"] for it in threads if it["id"] == thread["id"]]
    delivery: Shown = shown
    return delivery


def attempts_at(far_side: FarSide, thread: Shown) -> list[Attempt]:
    return [it for it in far_side.attempts() if thread["body"] in it.body]


def run_again(desk: DeskUnderTest, workspace: TestWorkspace, thread: Shown) -> None:
    """Run the delivery's job once more, as after a back-off or the death of its process."""
    with workspace.desk(write=False) as opened:
        delivery = opened.deliveries.of_thread(thread["id"])
        assert delivery is not None
    context = JobContext(desk.application, workspace.id, message_id="conformance")
    try:
        deliver(context, delivery.id)
    except RetryLater as later:
        raise AssertionError(f"the second attempt failed as well: {later}") from later


def health_of(workspace: TestWorkspace, card: Channel) -> list[Shown]:
    listed = workspace.owner.get("/channels").json["data"]
    (checks,) = [it["health"] for it in listed if it["name"] == card.name]
    found: list[Shown] = checks
    return found


def readiness_of(desk: DeskUnderTest, plugin: str) -> list[Check]:
    with desk.application.desk(None, write=False) as opened:
        return [
            check
            for name, implementation in desk.application.plugins.implementations("support_health")
            if name == plugin
            for check in implementation(desk=opened)
        ]


def routes_of(desk: DeskUnderTest) -> set[str]:
    mapper = desk.registry.getUtility(IRoutesMapper)
    return {route.pattern for route in mapper.get_routes()}
