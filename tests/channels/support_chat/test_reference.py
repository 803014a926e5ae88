"""The five calls of the reference, letter for letter."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from support_core.testing.errors import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .visitor import Site

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_init_shows_the_widget_and_makes_a_contact(site: Site) -> None:
    site.set(
        name="Support",
        color="#0066cc",
        reply_time="usually replies in a few minutes",
        require_email=True,
    )
    answer = site.init(page_url="https://example.com/page", page_title="Product Page")
    assert answer.status_int == 200
    assert answer.json["success"] is True
    assert answer.json["widget"] == {
        "id": site.widget["id"],
        "name": "Support",
        "color": "#0066cc",
        "welcome_title": "Hi there!",
        "welcome_tagline": "How can we help?",
        "away_message": "We'll get back to you soon.",
        "reply_time": "usually replies in a few minutes",
        "require_email": True,
    }
    contact = answer.json["contact"]
    assert list(contact) == ["id", "visitor_id", "pubsub_channel"]
    assert 0 < contact["id"] < 2**53
    assert contact["pubsub_channel"] == f"support.chat.{contact['id']}"
    assert answer.json["active_conversation"] is None


def test_init_with_a_known_visitor_resumes_the_contact(site: Site) -> None:
    first = site.init(visitor_id="abc-123").json["contact"]
    assert first["visitor_id"] == "abc-123"
    assert site.init(visitor_id="abc-123").json["contact"] == first
    assert site.init().json["contact"]["id"] != first["id"]


def test_start_opens_a_conversation(site: Site) -> None:
    answer = site.visitor().start(
        "Hi, I have a question about...", email="visitor@example.com", name="Visitor Name"
    )
    assert answer.status_int == 201
    shown = answer.json
    assert list(shown) == ["success", "conversation", "thread"]
    assert shown["success"] is True
    assert list(shown["conversation"]) == ["id", "number", "subject"]
    assert shown["conversation"]["number"] == 1
    assert shown["conversation"]["subject"] == "Chat from Visitor Name"
    assert list(shown["thread"]) == ["id", "body", "created_at"]
    assert shown["thread"]["body"] == "Hi, I have a question about..."
    assert MOMENT.fullmatch(shown["thread"]["created_at"])


def test_a_chat_is_a_conversation_for_agents_with_the_page_it_came_from(site: Site) -> None:
    visitor = site.visitor(
        page_url="https://example.com/page",
        page_title="Product Page",
        referrer="https://search.example/",
        headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"},
    )
    visitor.start(email="visitor@example.com", name="Vera")
    shown = visitor.conversation()
    assert shown["channel"] == "chat"
    assert shown["customer"]["email"] == "visitor@example.com"
    assert shown["customer"]["display_name"] == "Vera"
    assert shown["mailbox"]["id"] == site.widget["mailbox_id"]
    assert shown["threads"][0]["type"] == "customer"
    assert shown["threads"][0]["meta"] == {
        "page_url": "https://example.com/page",
        "page_title": "Product Page",
        "referrer": "https://search.example/",
        "browser": "Firefox 128 on Linux",
    }


def test_a_start_while_a_conversation_is_open_goes_into_that_one(site: Site) -> None:
    visitor = site.visitor()
    first = visitor.start("One").json["conversation"]
    assert visitor.start("Two").json["conversation"] == first
    assert [it["body"] for it in visitor.history()] == ["One", "Two"]
    site.workspace.owner.patch(f"/conversations/{first['id']}/status", {"status": "closed"})
    assert visitor.start("Three").json["conversation"]["id"] != first["id"]


def test_message_and_history(site: Site) -> None:
    visitor = site.visitor()
    first = visitor.start("Hi, I have a question...").json["thread"]
    answer = visitor.say("Thanks for the help!")
    assert answer.status_int == 201
    assert list(answer.json) == ["success", "thread"]
    assert list(answer.json["thread"]) == ["id", "body", "created_at"]
    replied = visitor.reply("Hello! Happy to help.")
    shown = visitor.get("history", conversation_id=visitor.conversation_id)
    assert shown.status_int == 200
    assert shown.json["success"] is True
    question, thanks, agent = shown.json["messages"]
    assert question == {
        "id": first["id"],
        "type": "customer",
        "body": "Hi, I have a question...",
        "agent_name": None,
        "created_at": first["created_at"],
    }
    assert thanks["body"] == "Thanks for the help!"
    assert agent["id"] == replied["id"]
    assert agent["type"] == "agent"
    assert agent["body"] == "Hello! Happy to help."
    assert agent["agent_name"] == "Olivia Owner"
    assert MOMENT.fullmatch(agent["created_at"])
    assert visitor.history(after=thanks["id"]) == [agent]


def test_active_conversation_is_the_open_one_of_this_session(site: Site) -> None:
    visitor = site.visitor()
    visitor.start()
    visitor.reply()
    active = site.init(visitor_id=visitor.visitor_id).json["active_conversation"]
    assert active == {
        "id": visitor.conversation_id,
        "number": 1,
        "subject": "Chat from a visitor",
        "status": "active",
        "unread": 1,
        "agent_read_id": None,
    }
    clock = site.workspace.under_test.application.clock
    application = site.workspace.under_test.application
    application.clock = lambda: clock() + timedelta(minutes=31)
    try:
        later = site.init(visitor_id=visitor.visitor_id).json["active_conversation"]
    finally:
        application.clock = clock
    assert later is None
    path = f"/conversations/{visitor.conversation_id}/status"
    site.workspace.owner.patch(path, {"status": "closed"})
    assert site.init(visitor_id=visitor.visitor_id).json["active_conversation"] is None


@pytest.mark.parametrize("status", ["closed", "pending"])
def test_a_message_reopens_the_conversation(site: Site, status: str) -> None:
    visitor = site.visitor()
    visitor.start()
    path = f"/conversations/{visitor.conversation_id}/status"
    site.workspace.owner.patch(path, {"status": status})
    assert visitor.say("One more thing").status_int == 201
    assert visitor.conversation()["status"] == "active"


def test_a_resent_message_is_filed_once(site: Site) -> None:
    visitor = site.visitor()
    first = visitor.start("Hello", client_id="a1")
    path = f"/conversations/{visitor.conversation_id}/status"
    site.workspace.owner.patch(path, {"status": "closed"})
    assert visitor.start("Hello", client_id="a1").json == first.json
    sent = visitor.say("Again", client_id="b2")
    assert visitor.say("Again", client_id="b2").json == sent.json
    assert [it.get("client_id") for it in visitor.history()] == ["a1", "b2"]
    assert site.visitor().start("Hello", client_id="a1").json["thread"] != first.json["thread"]


def test_typing_stores_nothing_and_reaches_agents(site: Site, workspace: TestWorkspace) -> None:
    visitor = site.visitor(name="Vera")
    visitor.start()
    said = []
    bus = workspace.under_test.application.bus

    class Ear:
        def heard(self, notice: object) -> None:
            said.append(notice)

        def missed(self) -> None:
            said.append(None)

    bus.listen(Ear())
    answer = visitor.post("typing", conversation_id=visitor.conversation_id, is_typing=True)
    assert answer.status_int == 200
    assert answer.json == {"success": True}
    signals = [it for notice in said for it in notice.signals]  # type: ignore[attr-defined]
    (signal,) = signals
    assert (signal.type, signal.conversation_id) == ("customer.typing", visitor.conversation_id)
    assert signal.payload["is_typing"] is True
    assert signal.payload["customer_name"] == "Vera"
    assert len(visitor.conversation()["threads"]) == 1


def test_what_is_missing_is_named(site: Site) -> None:
    calls = {
        "init": {"token": "The token field is required."},
        "start": {
            "token": "The token field is required.",
            "contact_id": "The contact id field is required.",
            "message": "The message field is required.",
        },
        "message": {
            "token": "The token field is required.",
            "contact_id": "The contact id field is required.",
            "message": "The message field is required.",
            "conversation_id": "The conversation id field is required.",
        },
    }
    for call, errors in calls.items():
        assert_invalid(site.client.post(f"/chat/{call}", {}), **errors)
    assert_invalid(
        site.client.get("/chat/history"),
        token="The token field is required.",
        contact_id="The contact id field is required.",
        conversation_id="The conversation id field is required.",
    )
    visitor = site.visitor()
    assert_invalid(
        visitor.start("x" * 5001), message="The message must not be greater than 5000 characters."
    )
    assert_invalid(
        site.init(page_url="javascript:alert(1)"), page_url="The page url must be a valid URL."
    )
    site.set(require_email=True)
    assert_invalid(visitor.start("Hello"), email="The email field is required.")


def test_an_unknown_and_an_inactive_widget_answer_alike(site: Site) -> None:
    wrong = site.client.post("/chat/init", {"token": "abc123def456"})
    assert_error(wrong, 404, "widget_not_found")
    assert wrong.json["message"] == "Invalid or inactive chat widget"
    visitor = site.visitor()
    visitor.start()
    site.set(is_active=False)
    assert site.init().json == wrong.json
    assert visitor.say("Hello?").json == wrong.json
    assert visitor.get("history", conversation_id=visitor.conversation_id).json == wrong.json
