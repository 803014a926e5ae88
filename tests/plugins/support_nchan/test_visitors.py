"""Visitors' streams by nchan: made once when it happens, sent to all tabs of the one it is for."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest

from support_nchan import channels
from tests.channels.support_chat.visitor import Site, Visitor
from tests.waiting import until

from .conftest import SECRET
from .listening import Listening

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Behind

PLUGINS = ("api", "plans", "chat", "nchan")
ORIGIN = "https://shop.example"


@dataclass
class Shop:
    """A workspace with a widget, behind nginx."""

    behind: Behind
    workspace: TestWorkspace
    site: Site

    def visitor(self) -> Visitor:
        """Return somebody who has written, whose first message is no news any more."""
        found = self.site.visitor()
        assert found.start().status_int == 201
        return found

    def listen(self, visitor: Visitor, *, after: str = "", **query: Any) -> Listening:
        named = {"token": self.site.token, "contact_id": visitor.id, **query}
        headers = {"Origin": ORIGIN, **({"Last-Event-ID": after} if after else {})}
        url = f"{self.behind.url}/api/support/chat/stream?{urlencode(named)}"
        return Listening(url, "", headers)

    def agent(self, method: str, path: str, body: Any = None) -> Any:
        answer = getattr(self.workspace.owner, method)(path, *([] if body is None else [body]))
        assert answer.status_int in {200, 201}, answer.text
        return answer.json

    def reply(self, visitor: Visitor, body: str, **values: Any) -> int:
        path = f"/conversations/{visitor.conversation_id}/reply"
        made: int = self.agent("post", path, {"body": body, **values})["data"]["id"]
        return made

    def publish(self) -> None:
        self.behind.desk.run_jobs()

    def kept(self, name: str) -> int:
        """Return what nginx says of the channel of a visitor or a leash: 200, or 404 for none."""
        channel = channels.of_audience(self.workspace.id, "chat", name)
        headers = {"Authorization": f"Bearer {SECRET}", "X-Support-Channels": channel}
        with httpx.Client(trust_env=False) as client:
            url = f"{self.behind.publisher_url}/publish"
            return client.get(url, headers=headers).status_code


@pytest.fixture
def acme(behind: Behind) -> Shop:
    workspace = behind.desk.workspace()
    return Shop(behind, workspace, Site.of(workspace))


def bodies(stream: Listening) -> list[str]:
    return [it.data["body"] for it in stream.frames if it.event == "message"]


def test_a_visitor_hears_what_is_for_them_and_nothing_of_others(acme: Shop) -> None:
    ann, bob = acme.visitor(), acme.visitor()
    acme.behind.settle()
    path = f"/conversations/{ann.conversation_id}"
    with acme.listen(ann) as stream, acme.listen(ann) as tab, acme.listen(bob) as others:
        for each in (stream, tab, others):
            each.wait_until_open()
        acme.agent("post", f"{path}/typing")
        stream.wait_for(1)
        acme.reply(bob, "FOR BOB")
        acme.reply(ann, "INTERNAL", type="note")
        first = acme.reply(ann, "<b>Hi</b>", body_format="html", bcc=["x@example.com"])
        acme.agent("patch", f"{path}/status", {"status": "closed"})
        assert ann.say("Wait", client_id="c1").status_int == 201
        acme.publish()
        others.wait_for(1)
        frames = [it for it in stream.wait_for(5) if it.event != "read"]
        tab.wait_for(5)
        assert stream.stays_quiet()
    assert [it.event for it in frames] == ["typing", "message", "status", "message", "status"]
    typing, reply, closed, own, opened = (it.data for it in frames)
    assert typing["is_typing"] is True
    assert (reply["id"], reply["type"], reply["body"]) == (first, "agent", "Hi")
    assert (own["body"], own["client_id"]) == ("Wait", "c1")
    assert [closed["status"], opened["status"]] == ["closed", "active"]
    assert {it.data["conversation_id"] for it in frames} == {ann.conversation_id}
    assert [it.data for it in tab.frames] == [it.data for it in stream.frames]
    assert bodies(others) == ["FOR BOB"]
    said = str([it.data for it in stream.frames])
    assert not [word for word in ("INTERNAL", "FOR BOB", "example.com") if word in said]
    # Another page may read it, by its own name and without credentials.
    assert stream.answer.get_list("access-control-allow-origin") == [ORIGIN]
    assert stream.answer.get("access-control-allow-credentials") != "true"
    assert "origin" in stream.answer["vary"].lower()
    assert stream.answer["cross-origin-resource-policy"] == "cross-origin"
    assert not [it for it in stream.answer if "channel" in it or "accel-redirect" in it]


def test_who_comes_back_gets_what_was_missed_once_and_in_order(acme: Shop) -> None:
    ann = acme.visitor()
    acme.behind.settle()
    with acme.listen(ann) as stream:
        stream.wait_until_open()
        sent = [acme.reply(ann, f"Before {number}") for number in range(3)]
        acme.publish()
        stream.wait_for(3)
    sent += [acme.reply(ann, f"Away {number}") for number in range(3)]
    acme.publish()
    with (
        acme.listen(ann, after=stream.last_id) as again,
        acme.listen(ann, last_event_id=stream.last_id) as by_query,
    ):
        for each in (again, by_query):
            each.wait_for(3)
        sent += [acme.reply(ann, f"Back {number}") for number in range(3)]
        acme.publish()
        for each in (again, by_query):
            each.wait_for(6)
            assert each.stays_quiet()
            assert [it.data["id"] for it in stream.frames + each.frames] == sent


def test_nginx_dies_amid_many_messages_and_each_visitor_has_all_of_theirs_in_order(
    acme: Shop,
) -> None:
    visitors = [acme.visitor() for _ in range(6)]
    acme.behind.settle()
    streams = [acme.listen(it) for it in visitors]
    with ExitStack() as stack:
        for stream in streams:
            stack.enter_context(stream).wait_until_open()
        sent = [
            [acme.reply(visitor, f"Answer {number}") for visitor in visitors]
            for number in range(12)
        ]
        publishing = threading.Thread(target=acme.publish)
        publishing.start()
        until(lambda: any(stream.frames for stream in streams), "a message at some visitor")
        acme.behind.nginx.kill()
        for stream in streams:
            stream.wait_for_the_end()
    acme.behind.nginx.restart()
    publishing.join(60)
    # What its patience did not reach is the next event's run's, which begins with it.
    publisher = acme.behind.engine.publisher
    until(lambda: publisher._asked() is None, "nchan's Redis is found again")
    last = [acme.reply(visitor, "Goodbye") for visitor in visitors]
    acme.publish()
    for visitor, before, *wanted in zip(visitors, streams, *sent, last, strict=True):
        with acme.listen(visitor, after=before.last_id) as again:
            ids = _until_seen(again, before, wanted[-1])
        assert list(dict.fromkeys(ids)) == wanted


def _until_seen(again: Listening, before: Listening, last: int) -> list[int]:
    """Return the ids of the messages that came on two streams, once the last is there."""

    def ids() -> list[int]:
        return [it.data["id"] for it in before.frames + again.frames if it.event == "message"]

    until(lambda: last in ids(), "the last message")
    return ids()


def test_what_is_deleted_before_it_was_sent_is_never_seen(acme: Shop) -> None:
    ann = acme.visitor()
    acme.behind.settle()
    with acme.listen(ann) as stream:
        stream.wait_until_open()
        acme.reply(ann, "TOO LATE")
        answer = acme.workspace.owner.delete(f"/conversations/{ann.conversation_id}")
        assert answer.status_int == 200
        acme.publish()
        stream.wait_for(1)
        assert stream.stays_quiet()
    assert [(it.event, it.data.get("status")) for it in stream.frames] == [("status", "closed")]


@pytest.mark.parametrize("how", ["deleted", "another token", "switched off", "no mailbox"])
def test_a_widget_that_goes_takes_its_streams_along(acme: Shop, how: str) -> None:
    ann = acme.visitor()
    widget = f"/widgets/{acme.site.widget['id']}"
    acme.behind.settle()
    with acme.listen(ann) as stream:
        stream.wait_until_open()
        match how:
            case "deleted":
                assert acme.workspace.owner.delete(widget).status_int == 200
            case "another token":
                acme.agent("post", f"{widget}/rotate-token")
            case "switched off":
                acme.agent("put", widget, {"is_active": False})
            case _:
                mailbox = acme.site.widget["mailbox_id"]
                assert acme.workspace.owner.delete(f"/mailboxes/{mailbox}").status_int == 200
        acme.publish()
        stream.wait_for_the_end()
    with acme.listen(ann, after=stream.last_id) as again:
        assert again.status == 404


def test_an_erased_visitor_loses_the_stream_and_what_was_kept_for_it(acme: Shop) -> None:
    ann, bob = acme.visitor(), acme.visitor()
    acme.behind.settle()
    customer, contact = _who(acme, ann)
    with acme.listen(ann) as stream, acme.listen(bob) as others:
        stream.wait_until_open()
        others.wait_until_open()
        acme.reply(ann, "Personal")
        acme.publish()
        stream.wait_for(1)
        assert acme.kept(f"contact:{contact}") == 200
        acme.reply(ann, "TOO LATE")
        acme.agent("post", f"/customers/{customer}/erase")
        acme.publish()
        stream.wait_for_the_end()
        assert acme.kept(f"contact:{contact}") == 404
        path = f"/conversations/{ann.conversation_id}/status"
        acme.agent("patch", path, {"status": "closed"})
        acme.publish()
        assert acme.kept(f"contact:{contact}") == 404
        assert not others.ended.is_set()
    assert bodies(stream) == ["Personal"]
    with acme.listen(ann, after=stream.last_id) as again:
        assert again.status == 404


def test_a_visitor_whose_customer_is_merged_goes_on(acme: Shop) -> None:
    ann = acme.visitor()
    customer, _ = _who(acme, ann)
    kept = acme.agent("post", "/customers", {"email": "kept@customers.example"})["data"]["id"]
    acme.behind.settle()
    with acme.listen(ann) as stream:
        stream.wait_until_open()
        acme.agent("post", f"/customers/{kept}/merge", {"customer_id": customer})
        acme.reply(ann, "Still here")
        acme.publish()
        stream.wait_for(1)
    assert bodies(stream) == ["Still here"]
    assert _who(acme, ann)[0] == kept


def _who(acme: Shop, visitor: Visitor) -> tuple[int, int]:
    """Return a visitor's customer and the contact's row."""
    found = acme.agent("get", "/visitors")["data"]
    mine = next(it for it in found if it["conversation_id"] == visitor.conversation_id)
    return mine["customer_id"], mine["id"]
