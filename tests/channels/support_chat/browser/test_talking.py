"""A visitor and an agent talk."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.streams.reader import Reader
from tests.waiting import until

from .visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    from .agents import Agents
    from .site import Site

ASKING = {
    "pre_chat": {
        "enabled": True,
        "email": "required",
        "name": "optional",
        "questions": [
            {"name": "order", "label": "Order number", "type": "text", "required": True},
            {
                "name": "topic",
                "label": "Topic",
                "type": "select",
                "options": ["Delivery", "Returns"],
            },
            {"name": "terms", "label": "I agree", "type": "checkbox", "required": True},
        ],
    }
}


def test_questions_are_asked_once_and_a_reply_comes_while_one_looks(
    visitor: Visitor, agents: Agents, site: Site, record_property: Callable[[str, object], None]
) -> None:
    widget = agents.widget(**ASKING)
    visitor.visit(site.page(agents.url, widget)).open()
    form = visitor.panel
    visitor.say("Where is my parcel?")
    expect(form.get_by_label("E-mail")).to_be_focused()
    expect(form.get_by_text("Please fill this in.")).to_have_count(3)
    form.get_by_label("E-mail").fill("ada@nowhere")
    form.get_by_label("Order number").fill("4711")
    form.get_by_label("Topic").select_option("Delivery")
    form.get_by_label("I agree").check()
    visitor.composer.press("Enter")
    expect(form.get_by_text("Please enter a valid e-mail address.")).to_be_visible()
    visitor.assert_accessible()
    form.get_by_label("E-mail").fill("ada@example.com")
    form.get_by_label("Name").fill("Ada")
    visitor.composer.press("Enter")

    visitor.sees("Where is my parcel?")
    expect(visitor.state).to_have_text("Sent")
    expect(form.get_by_label("E-mail")).to_have_count(0)
    assert agents.said(widget) == ["Where is my parcel?"]
    (conversation,) = agents.conversations(widget)
    assert conversation["subject"] == "Chat from Ada"
    assert conversation["customer"]["email"] == "ada@example.com"

    began = time.monotonic()
    agents.reply(widget, "It is on its way.\n\nIs that all right?")
    visitor.sees("Where is my parcel?", "It is on its way.\n\nIs that all right?")
    record_property("seconds_to_the_visitor", time.monotonic() - began)
    visitor.assert_accessible()


def test_both_see_the_other_type_and_read(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    stream = Reader(agents.url, agents.token).open()
    visitor.composer.press_sequentially("Are")
    until(lambda: any("typing" in it.name for it in stream.parser.events), "the visitor's typing")

    agents.type(widget)
    typing = visitor.panel.locator(".typing")
    expect(typing).to_contain_text("is typing…")
    agents.reply(widget, "Good morning")
    visitor.sees("Hello", "Good morning")
    expect(typing).to_have_text("")
    until(lambda: any("read" in it.name for it in stream.parser.events), "the visitor's reading")
    stream.cut()

    expect(visitor.state).to_have_text("Sent")
    agents.look(widget)
    expect(visitor.state).to_have_text("Seen")


def test_a_chat_goes_on_after_a_reload_and_counts_what_is_unread(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    address = site.page(agents.url, widget)
    visitor.visit(address).open().sends("First")
    visitor.composer.fill("half a sen")
    visitor.visit(address)
    expect(visitor.panel).to_be_visible()  # as it was left
    visitor.sees("First")
    expect(visitor.composer).to_have_value("half a sen")

    visitor.composer.press("Escape")
    expect(visitor.panel).to_be_hidden()
    agents.reply(widget, "One")
    agents.reply(widget, "Two")
    expect(visitor.launcher).to_have_accessible_name("Open chat. Unread messages: 2")
    visitor.visit(address)
    expect(visitor.launcher).to_have_accessible_name("Open chat. Unread messages: 2")
    visitor.assert_accessible()
    visitor.open().sees("First", "One", "Two")
    visitor.page.keyboard.press("Escape")
    expect(visitor.launcher).to_have_accessible_name("Open chat")
    assert agents.said(widget) == ["First"]


def test_a_closed_conversation_says_so_and_is_reopened(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    number = agents.conversation(widget)
    agents.call("PATCH", f"/conversations/{number}/status", {"status": "closed"})
    expect(visitor.notice).to_contain_text("This conversation is closed.")
    visitor.say("One more thing")
    visitor.sees("Hello", "One more thing")
    expect(visitor.notice).to_have_text("")
    assert agents.call("GET", f"/conversations/{number}")["status"] == "active"


def test_outside_business_hours_the_visitor_is_told(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    widget = agents.widget(
        business_hours={day: [] for day in days}, away_message="Nobody is here.\nWrite anyway."
    )
    visitor.visit(site.page(agents.url, widget)).open()
    expect(visitor.panel.get_by_text("Nobody is here.")).to_be_visible()
    visitor.sends("Anyway")


def test_without_storage_the_chat_works_for_as_long_as_the_page_lives(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    context = profile()
    refuse = "{ get() { throw new DOMException('Denied', 'SecurityError'); } }"
    for name in ("localStorage", "sessionStorage"):
        context.add_init_script(f"Object.defineProperty(window, '{name}', {refuse});")
    visitor = Visitor(context.new_page())
    # Not a secure context either: no locks between tabs, no randomUUID.
    visitor.visit(site.page(agents.url, widget, host="shop.test")).open().sends("Hello")
    agents.reply(widget, "Good morning")
    visitor.sees("Hello", "Good morning")
