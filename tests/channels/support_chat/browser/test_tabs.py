"""Several tabs of one visitor keep in step, over one stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    from .agents import Agents
    from .site import Site


def test_tabs_show_the_same_over_one_stream_which_another_takes_over(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    address = site.page(agents.url, widget)
    context = profile()
    streams: list[str] = []
    context.on("request", lambda it: "/chat/stream" in it.url and streams.append(it.url))

    first = Visitor(context.new_page()).visit(address).open()
    second = Visitor(context.new_page()).visit(address).open()
    first.say("From the first")
    second.sees("From the first")
    second.say("From the second")
    first.sees("From the first", "From the second")
    expect(second.state).to_have_text("Sent")
    agents.reply(widget, "To both")
    for visitor in (first, second):
        visitor.sees("From the first", "From the second", "To both")
    assert len(streams) == 1

    first.page.close()
    agents.reply(widget, "To the one that is left")
    second.sees("From the first", "From the second", "To both", "To the one that is left")
    assert len(streams) == 2
    assert "last_event_id=" in streams[1]
    assert agents.said(widget) == ["From the first", "From the second"]


def test_what_one_tab_read_is_read_in_the_others(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    address = site.page(agents.url, widget)
    context = profile()
    first = Visitor(context.new_page()).visit(address).open()
    first.sends("Hello")
    first.page.keyboard.press("Escape")
    second = Visitor(context.new_page()).visit(address)
    agents.reply(widget, "Good morning")
    for visitor in (first, second):
        expect(visitor.launcher).to_have_accessible_name("Open chat. Unread messages: 1")
    second.open()
    expect(first.launcher).to_have_accessible_name("Open chat")


def test_tabs_without_locks_have_a_stream_each(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    address = site.page(agents.url, widget, host="shop.test")
    context = profile()
    first = Visitor(context.new_page()).visit(address).open()
    first.sends("Hello")
    second = Visitor(context.new_page()).visit(address).open()
    agents.reply(widget, "To both")
    for visitor in (first, second):
        visitor.sees("Hello", "To both")
