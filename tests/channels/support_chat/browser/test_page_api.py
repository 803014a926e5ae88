"""What the page can do with window.SupportChat, and to whom a chat belongs."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from .agents import Agents
    from .site import Site
    from .visitors import Guard, Visitor

#: By this name the demo page finds its widget.
DEMO_WIDGET = "Demo shop"
SECRET = "a secret of the shop's server"


def signed(who: str) -> str:
    return hmac.new(SECRET.encode(), who.encode(), hashlib.sha256).hexdigest()


def test_a_page_opens_closes_hears_and_ends_the_chat(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget, tags="3"))
    page = visitor.page
    expect(page.locator("support-chat")).to_have_count(1)
    page.evaluate(
        """() => {
            window.heard = [];
            for (const event of ["ready", "open", "close", "unread"]) {
                SupportChat.on(event, (...values) => heard.push([event, ...values].join(" ")));
            }
            SupportChat.on("open", () => SupportChat.on("open", () => heard.push("never"))());
        }"""
    )
    page.evaluate("SupportChat.open()")
    expect(visitor.panel).to_be_visible()
    visitor.sends("Hello")
    page.evaluate("SupportChat.close()")
    expect(visitor.panel).to_be_hidden()
    agents.reply(widget, "Good morning")
    expect(visitor.launcher).to_have_accessible_name("Open chat. Unread messages: 1")
    assert page.evaluate("[SupportChat.unread, SupportChat.isOpen]") == [1, False]
    page.evaluate("SupportChat.toggle()")
    expect(visitor.panel).to_be_visible()
    visitor.sees("Hello", "Good morning")
    heard = page.evaluate("heard")
    assert heard == ["ready", "open", "close", "unread 1", "open", "unread 0"]

    # Pages that load others in place put another body there.
    page.evaluate("document.body = document.createElement('body')")
    expect(visitor.panel).to_be_visible()
    page.evaluate("SupportChat.destroy()")
    expect(page.locator("support-chat")).to_have_count(0)
    assert page.evaluate("window.SupportChat === undefined")


def test_a_chat_belongs_to_whom_the_page_vouches_for(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow("status of 403", "Support chat: the desk refused")
    widget = agents.widget(hmac_required=True, hmac_secret=SECRET)
    page = visitor.page
    forged = site.page(agents.url, widget, user_id="ada", user_hash=signed("bob"))
    with page.expect_console_message(lambda it: "the desk refused" in it.text):
        page.goto(forged)
    expect(page.locator("support-chat")).to_have_count(0)

    ada = {"user_id": "ada", "user_hash": signed("ada"), "user_email": "ada@example.com"}
    visitor.visit(site.page(agents.url, widget, **ada, user_name="Ada")).open()
    visitor.sends("Ada's secret")
    (conversation,) = agents.conversations(widget)
    assert conversation["customer"]["email"] == "ada@example.com"

    page.evaluate("hash => SupportChat.identify({id: 'bob', hash})", signed("bob"))
    expect(page.locator("support-chat[data-ready]")).to_be_attached()
    expect(visitor.bubbles).to_have_count(0)
    visitor.sends("Bob's")
    visitor.sees("Bob's")
    page.evaluate("hash => SupportChat.identify({id: 'ada', hash})", signed("ada"))
    visitor.sees("Ada's secret")
    assert len(agents.conversations(widget)) == 2


def test_the_demo_page_has_a_chat_that_works(visitor: Visitor, agents: Agents) -> None:
    widget = agents.widget(name=DEMO_WIDGET)
    visitor.visit(f"{agents.url}/api/support/chat/demo").open().sends("Hello")
    agents.reply(widget, "Good morning")
    visitor.sees("Hello", "Good morning")
    visitor.assert_accessible()
