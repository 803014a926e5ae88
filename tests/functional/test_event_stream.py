"""Opening streams, and who sees which events, without a server around."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from webtest import TestApp

from support_core.plugin_api import (
    Desk,
    DomainEvent,
    Permission,
    Subscription,
    event_frame,
    frame,
    hookimpl,
    resume,
)
from support_core.settings import ConfigurationError
from support_core.streams.event_types import EventTypes
from support_core.testing import assert_error, assert_invalid, carried, data_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support_core.testing import Client, DeskUnderTest, TestWorkspace


def shown(desk: DeskUnderTest, client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/events/stream?last_event_id=0{query}")
    assert answer.status_int == 200, answer.text
    assert client.subscription is not None
    return data_of(carried(desk.application, client.subscription))


def test_a_stream_carries_what_the_log_shows(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    workspace.conversation()
    second = workspace.mailbox()
    workspace.conversation(mailbox_id=second)
    spare = workspace.owner.post("/tokens", {"name": "spare"}).json["data"]["id"]
    workspace.owner.delete(f"/tokens/{spare}")
    viewer = workspace.client(user_id=workspace.member("viewer"))
    for client in (workspace.owner, viewer):
        for query in (
            "",
            "&type=conversation.*",
            "&type=thread.added,mailbox.*",
            f"&mailbox_id={second}",
            f"&mailbox_id={second},{workspace.a_mailbox}&type=thread.*",
        ):
            logged = client.get(f"/events?after=0{query}").json["data"]
            assert shown(desk, client, query) == logged, query
            assert logged != []


def test_events_need_the_permission_of_what_they_are_about(workspace: TestWorkspace) -> None:
    spare = workspace.owner.post("/tokens", {"name": "spare"}).json["data"]["id"]
    workspace.owner.delete(f"/tokens/{spare}")
    role = workspace.owner.post("/roles", {"name": "x", "permissions": []}).json["data"]["id"]
    workspace.owner.put(f"/roles/{role}", {"name": "y"})
    viewer = workspace.client(user_id=workspace.member("viewer"))
    with workspace.desk() as opened:
        opened.events.publish("undeclared.event", number=1)
        opened.events.publish("undeclared.event", conversation_id=1, number=2)

    def types(client: Client) -> set[str]:
        return {it["type"] for it in client.get("/events").json["data"]}

    def undeclared(client: Client) -> list[int]:
        found = client.get("/events?type=undeclared.*").json["data"]
        return [it["payload"]["number"] for it in found]

    assert {"token.revoked", "role.updated"} <= types(workspace.owner)
    assert types(viewer).isdisjoint({"token.revoked", "role.updated"})
    assert "user.created" in types(viewer)
    assert undeclared(workspace.owner) == [1, 2]
    assert undeclared(viewer) == [2]


def test_a_wildcard_stands_for_a_noun_and_nothing_else(workspace: TestWorkspace) -> None:
    with workspace.desk() as opened:
        opened.events.publish("odd_noun.made", conversation_id=1)
        opened.events.publish("oddxnoun.made", conversation_id=1)
        opened.events.publish("odd_nouns.made", conversation_id=1)

    def types(query: str) -> list[str]:
        found = workspace.owner.get(f"/events?type={query}").json["data"]
        return [it["type"] for it in found]

    assert types("odd_noun.*") == ["odd_noun.made"]
    assert types("odd_noun.made") == ["odd_noun.made"]
    assert types("*") == []
    assert types("%25") == []


def test_an_event_knows_its_mailbox_even_where_its_session_did_not(
    workspace: TestWorkspace,
) -> None:
    conversation = workspace.conversation()
    with workspace.desk() as opened:
        opened.events.publish("conversation.touched", conversation_id=conversation["id"])
        opened.events.publish("conversation.touched", conversation_id=2**40)
    logged = workspace.owner.get("/events?type=conversation.touched").json["data"]
    assert [it["mailbox_id"] for it in logged] == [conversation["mailbox"]["id"], None]


def test_filters_are_checked(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.get("/events/stream?last_event_id=-1&mailbox_id=x&after=1"),
        last_event_id="The last event id must be at least 0.",
        mailbox_id="The mailbox id must be an integer.",
        after="The after field is prohibited.",
    )
    header = {"Last-Event-ID": "one"}
    assert_invalid(
        workspace.owner.get("/events/stream", headers=header),
        last_event_id="The last event id must be an integer.",
    )


def test_a_client_that_takes_no_stream_is_told_so(workspace: TestWorkspace) -> None:
    header = {"Accept": "application/json"}
    answer = workspace.owner.get("/events/stream", headers=header)
    assert_error(
        answer, 406, "not_acceptable", message="This endpoint answers text/event-stream only."
    )


def test_a_server_that_holds_no_streams_says_which_one_does(workspace: TestWorkspace) -> None:
    plain = TestApp(workspace.under_test.wsgi)
    headers = workspace.owner.headers
    answer = plain.get("/api/support/events/stream", headers=headers, status=503)
    assert answer.json["error"] == "unavailable"
    assert "support-core gateway" in answer.json["message"]


def test_a_role_that_may_not_view_gets_no_stream(workspace: TestWorkspace) -> None:
    client = workspace.client(abilities=["manage_customers"])
    answer = client.get("/events/stream")
    assert_error(answer, 403, "forbidden", permission="view_conversations")
    assert client.subscription is None


def test_a_plugins_stream_follows_a_contact_into_new_conversations(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    """As a chat would: one customer's conversations, its own frames, nothing of others."""
    first = workspace.conversation(customer_email="visitor@example.test")
    customer = first["customer"]["id"]
    workspace.conversation(customer_email="another@example.test")
    second = workspace.conversation(customer_email="visitor@example.test")
    workspace.owner.post(f"/conversations/{second['id']}/reply", {"body": "Hello"})

    def render(opened: Desk, events: Sequence[DomainEvent]) -> Iterable[bytes]:
        for event in events:
            if event.type == "thread.added":
                thread = event.payload["thread_id"]
                assert opened.workspace_id == workspace.id
                yield frame({"thread": thread}, event="message", id_=event.id)

    def also(event: DomainEvent) -> list[str]:
        return [f"conversation:{event.conversation_id}"]

    with workspace.desk(write=False) as opened:
        positions = resume(opened.session, 0)
    subscription = Subscription(
        workspace_id=workspace.id,
        after=positions.after,
        head=positions.head,
        key="contact:1",
        limit=5,
        topics=frozenset({f"customer:{customer}"}),
        also=also,
        render=render,
    )
    sent = data_of(carried(desk.application, subscription))
    threads = [
        it["payload"]["thread_id"]
        for it in workspace.owner.get("/events?type=thread.added").json["data"]
        if it["conversation_id"] in {first["id"], second["id"]}
    ]
    assert len(threads) == 3
    assert [it["thread"] for it in sent] == threads


def test_frames_stand_on_the_wire_as_browsers_read_them() -> None:
    assert frame({"a": "x\ny"}, event="it", id_=7) == b'id: 7\nevent: it\ndata: {"a":"x\\ny"}\n\n'
    assert frame(id_=7) == b"id: 7\n\n"
    event = DomainEvent("thread.added", 1, {"thread_id": 3}, 5, 2, 7)
    assert event_frame(event).startswith(b"id: 7\nevent: thread.added\ndata: {")
    assert data_of(event_frame(event))[0]["mailbox_id"] == 2


class _Declares:
    """A plugin with events of its own."""

    def __init__(self, declared: dict[str, Permission]) -> None:
        self._declared = declared

    @hookimpl
    def support_event_permissions(self) -> dict[str, Permission]:
        return self._declared


class _Plugins:
    def __init__(self, *declared: dict[str, Permission]) -> None:
        self._plugins = [_Declares(it) for it in declared]

    def implementations(self, _hook: str) -> Any:
        return (("x", it.support_event_permissions) for it in self._plugins)


def test_a_plugin_says_who_sees_its_events() -> None:
    types = EventTypes.collect(
        _Plugins({"sla.*": Permission.MANAGE_SLA, "sla.met": Permission.VIEW_CONVERSATIONS})  # type: ignore[arg-type]
    )
    assert types.needed("sla.breached", of_conversation=True) == "manage_sla"
    assert types.needed("sla.met", of_conversation=True) == "view_conversations"
    assert types.needed("else.where", of_conversation=True) == "view_conversations"
    assert types.needed("else.where", of_conversation=False) == "manage_workspace"


def test_two_plugins_that_disagree_stop_the_start() -> None:
    with pytest.raises(ConfigurationError, match=r"declares the events sla\.\* again"):
        EventTypes.collect(
            _Plugins({"sla.*": Permission.MANAGE_SLA}, {"sla.*": Permission.MEMBER})  # type: ignore[arg-type]
        )
