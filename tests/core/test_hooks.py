"""Hooks at work: what a plugin may change, refuse and hear, and what its mistakes cost."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from support_core.channels import Drop, InboundMessage
from support_core.errors import Invalid
from support_core.hookspecs import hookimpl
from support_core.models import Conversation, Customer, Event, Job
from support_core.testing import assert_error, assert_invalid, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyramid.request import Request
    from pyramid.response import Response

    from support_core.channels import ConversationRef
    from support_core.desk import Desk
    from support_core.events import DomainEvent
    from support_core.streams import Subscription
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases

BEHAVIOUR: dict[str, dict[str, Callable[..., Any]]] = {"first": {}, "second": {}}


def _stranger(name: str) -> ModuleType:
    """Return a plugin whose hooks do what the test at hand wants."""
    module, behaviour = ModuleType(name), BEHAVIOUR[name]

    @hookimpl
    def support_inbound(message: InboundMessage, desk: Desk) -> InboundMessage | Drop | None:
        return behaviour["inbound"](message, desk) if "inbound" in behaviour else None

    @hookimpl
    def support_event(event: DomainEvent, desk: Desk) -> None:
        if "event" in behaviour:
            behaviour["event"](event, desk)

    @hookimpl
    def support_after_commit(event: DomainEvent) -> None:
        if "after_commit" in behaviour:
            behaviour["after_commit"](event)

    @hookimpl
    def support_assign(conversation: ConversationRef) -> int | None:
        return behaviour["assign"](conversation) if "assign" in behaviour else None

    @hookimpl
    def support_stream(subscription: Subscription, request: Request) -> Response | None:
        if "stream" not in behaviour:
            return None
        answer: Response | None = behaviour["stream"](subscription, request)
        return answer

    for hook in (
        support_inbound,
        support_event,
        support_after_commit,
        support_assign,
        support_stream,
    ):
        setattr(module, hook.__name__, hook)
    return module


@pytest.fixture(scope="module")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """An application with two strangers' plugins."""
    under_test = make_desk(
        tmp_path_factory.mktemp("hooks"),
        databases.create("hooks"),
        plugins=(),
        extra={"probe": probe, **{name: _stranger(name) for name in BEHAVIOUR}},
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _no_behaviour() -> Iterator[None]:
    yield
    for behaviour in BEHAVIOUR.values():
        behaviour.clear()


def _open(workspace: TestWorkspace, **values: Any) -> Any:
    return workspace.owner.post(
        "/conversations",
        {
            "mailbox_id": workspace.a_mailbox,
            "customer_email": "customer@example.test",
            "subject": "A question",
            "body": "Hello",
            "channel": "probe",
            **values,
        },
    )


def _stored(workspace: TestWorkspace) -> list[int]:
    """Return how many conversations, customers and events the workspace has."""
    with workspace.desk(write=False) as opened:
        return [
            opened.session.scalar(select(func.count()).select_from(model)) or 0
            for model in (Conversation, Customer, Event)
        ]


def test_each_plugin_of_the_chain_sees_what_the_one_before_made(workspace: TestWorkspace) -> None:
    def shout(message: InboundMessage, _desk: Desk) -> InboundMessage:
        return replace(message, body=message.body.upper())

    def sign(message: InboundMessage, _desk: Desk) -> InboundMessage:
        return replace(message, body=f"{message.body} (seen)", tags=("seen",))

    BEHAVIOUR["first"]["inbound"], BEHAVIOUR["second"]["inbound"] = shout, sign
    shown = _open(workspace).json["data"]
    assert shown["threads"][0]["body"] == "HELLO (seen)"
    assert shown["tags"] == ["seen"]


def test_the_text_a_channel_gives_holds_until_a_plugin_changes_the_body(
    workspace: TestWorkspace,
) -> None:
    message = InboundMessage(
        channel="probe",
        mailbox_id=workspace.a_mailbox,
        body="<p>Hello</p>",
        body_format="html",
        body_text="Hello, as the channel read it",
        customer_email="customer@example.test",
    )

    def filed() -> str:
        with workspace.desk() as opened:
            found = opened.inbound.receive(message)
            assert found is not None
            return found.thread.body_text

    assert filed() == "Hello, as the channel read it"
    BEHAVIOUR["second"]["inbound"] = lambda given, _desk: replace(given, tags=("seen",))
    assert filed() == "Hello, as the channel read it"
    BEHAVIOUR["first"]["inbound"] = lambda given, _desk: replace(given, body="<p>Censored</p>")
    assert filed() == "Censored"


def test_a_drop_ends_the_chain_and_stores_nothing(workspace: TestWorkspace) -> None:
    later: list[Any] = []
    BEHAVIOUR["first"]["inbound"] = lambda _message, _desk: Drop("spam")
    BEHAVIOUR["second"]["inbound"] = lambda message, _desk: later.append(message)
    _ = workspace.a_mailbox
    before = _stored(workspace)
    assert_error(_open(workspace), 422, "message_dropped")
    assert later == []
    assert _stored(workspace) == before


def test_a_drop_by_a_channel_is_told_as_an_event(workspace: TestWorkspace) -> None:
    BEHAVIOUR["second"]["inbound"] = lambda _message, _desk: Drop("spam")
    message = InboundMessage(
        channel="probe",
        mailbox_id=workspace.a_mailbox,
        body="Buy now",
        customer_email="spammer@example.test",
    )
    with workspace.desk() as opened:
        assert opened.inbound.receive(message) is None
    shown = workspace.owner.get("/events?type=message.dropped").json["data"]
    assert [event["payload"] for event in shown] == [{"channel": "probe", "reason": "spam"}]


def test_a_raise_in_the_chain_aborts_all(workspace: TestWorkspace) -> None:
    def fail(_message: InboundMessage, _desk: Desk) -> None:
        raise RuntimeError("a defect of the plugin")

    BEHAVIOUR["first"]["inbound"] = fail
    _ = workspace.a_mailbox
    before = _stored(workspace)
    answer = _open(workspace)
    assert_error(answer, 500, "server_error")
    assert "defect" not in answer.text
    assert _stored(workspace) == before


def test_a_raise_on_an_event_aborts_what_happened(workspace: TestWorkspace) -> None:
    def refuse(event: DomainEvent, _desk: Desk) -> None:
        if event.type == "thread.added":
            raise Invalid({"body": ["The body is not wanted."]})

    BEHAVIOUR["second"]["event"] = refuse
    _ = workspace.a_mailbox
    before = _stored(workspace)
    assert_invalid(_open(workspace), body="The body is not wanted.")
    assert _stored(workspace) == before
    BEHAVIOUR["second"].clear()
    assert _open(workspace).json["data"]["number"] == 1


def test_an_event_is_told_within_its_transaction(workspace: TestWorkspace) -> None:
    seen: list[tuple[str, int]] = []

    def look(event: DomainEvent, opened: Desk) -> None:
        if event.type == "conversation.created":
            found = opened.session.get(Conversation, event.conversation_id)
            assert found is not None
            seen.append((event.type, found.number))

    BEHAVIOUR["first"]["event"] = look
    _open(workspace)
    assert seen == [("conversation.created", 1)]


def _heard(events: list[DomainEvent], workspace: TestWorkspace, done: threading.Event) -> Any:
    def hear(event: DomainEvent) -> None:
        if event.workspace_id == workspace.id:
            events.append(event)
            if event.type == "thread.added":
                done.set()

    return hear


def test_after_the_commit_a_raise_harms_nobody(workspace: TestWorkspace) -> None:
    heard: list[DomainEvent] = []
    done = threading.Event()

    def fail(_event: DomainEvent) -> None:
        raise RuntimeError("a defect of the plugin")

    BEHAVIOUR["first"]["after_commit"] = fail
    BEHAVIOUR["second"]["after_commit"] = _heard(heard, workspace, done)
    assert _open(workspace).status_int == 201
    assert done.wait(10)
    logged = workspace.owner.get("/events").json["data"]
    tail = [(event["id"], event["type"]) for event in logged][-len(heard) :]
    assert [(event.id, event.type) for event in heard] == tail


def test_what_was_rolled_back_is_not_told(workspace: TestWorkspace) -> None:
    heard: list[DomainEvent] = []
    done = threading.Event()
    BEHAVIOUR["first"]["after_commit"] = _heard(heard, workspace, done)

    def refuse(event: DomainEvent, _desk: Desk) -> None:
        if event.type == "thread.added":
            raise Invalid({"body": ["No."]})

    BEHAVIOUR["second"]["event"] = refuse
    assert _open(workspace, subject="Refused").status_int == 422
    BEHAVIOUR["second"].clear()
    assert _open(workspace, subject="Taken").status_int == 201
    assert done.wait(10)
    created = [event for event in heard if event.type == "conversation.created"]
    assert len(created) == 1


def test_the_first_answer_assigns(workspace: TestWorkspace) -> None:
    members = [workspace.member(), workspace.member()]
    BEHAVIOUR["second"]["assign"] = lambda _conversation: members[1]
    assert _open(workspace).json["data"]["assignedUser"]["id"] == members[1]
    BEHAVIOUR["first"]["assign"] = lambda _conversation: members[0]
    assert _open(workspace).json["data"]["assignedUser"]["id"] == members[0]


def test_who_is_named_in_the_body_is_not_asked_about(workspace: TestWorkspace) -> None:
    asked: list[Any] = []
    BEHAVIOUR["first"]["assign"] = asked.append
    member = workspace.member()
    shown = _open(workspace, type="message", assigned_to=member).json["data"]
    assert shown["assignedUser"]["id"] == member
    assert asked == []


def test_a_member_who_may_not_be_assigned_is_ignored(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    inactive = workspace.member(is_active=False)
    for chosen in (inactive, other.owner_id, 2**40):
        BEHAVIOUR["first"]["assign"] = lambda _conversation, chosen=chosen: chosen
        answer = _open(workspace)
        assert answer.status_int == 201
        assert answer.json["data"]["assignedUser"] is None


def _publish_and_fail(opened: Desk) -> None:
    with opened.session.begin_nested():
        opened.events.publish("test.within")
        raise ZeroDivisionError


def test_an_event_survives_the_rollback_of_a_savepoint_after_it(workspace: TestWorkspace) -> None:
    with workspace.desk() as opened:
        opened.events.publish("test.before")
        with pytest.raises(ZeroDivisionError):
            _publish_and_fail(opened)
        opened.events.publish("test.after")
    shown = workspace.owner.get("/events").json["data"]
    assert [event["type"] for event in shown][-2:] == ["test.before", "test.after"]


def test_an_event_of_a_savepoint_that_held_is_logged(workspace: TestWorkspace) -> None:
    with workspace.desk() as opened:
        with opened.session.begin_nested():
            opened.events.publish("test.within")
        opened.events.publish("test.after")
    shown = workspace.owner.get("/events").json["data"]
    assert [event["type"] for event in shown][-2:] == ["test.within", "test.after"]


def test_a_jobs_row_shares_the_fate_of_its_transaction(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    def refuse(event: DomainEvent, _desk: Desk) -> None:
        if event.type == "thread.added" and event.payload["thread_type"] == "message":
            raise RuntimeError("after the delivery was enqueued")

    conversation = _open(workspace).json["data"]["id"]
    BEHAVIOUR["second"]["event"] = refuse
    answer = workspace.owner.post(f"/conversations/{conversation}/reply", {"body": "Hi"})
    assert answer.status_int == 500
    with desk.application.database.transaction(write=False) as session:
        waiting = select(func.count(Job.id)).where(Job.workspace_id == workspace.id)
        assert session.scalar(waiting) == 0


def test_an_engine_takes_the_streams_that_it_can_serve_and_leaves_the_others(
    workspace: TestWorkspace,
) -> None:
    seen: list[Subscription] = []

    def take(subscription: Subscription, request: Request) -> Response | None:
        seen.append(subscription)
        if subscription.wants is not None:
            return None
        response: Response = request.response
        response.headers["X-Engine"] = "mine"
        return response

    BEHAVIOUR["second"]["stream"] = take
    client = workspace.owner
    taken = client.get("/events/stream")
    assert (taken.status_int, taken.headers["X-Engine"]) == (200, "mine")
    assert client.subscription is None, "the server has nothing to go on with"
    left = client.get("/events/stream?type=thread.added")
    assert left.content_type == "text/event-stream"
    assert "X-Engine" not in left.headers
    assert client.subscription is seen[-1]
    refused = workspace.client(abilities=["manage_mailboxes"]).get("/events/stream")
    assert_error(refused, 403, "forbidden")
    assert len(seen) == 2, "the view authorises first"
