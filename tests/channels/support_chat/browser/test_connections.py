"""Lines break, machines sleep, servers stumble: nothing that was written is lost or doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from .line import line
from .visitors import NO_NETWORK, Guard, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Route

    from .agents import Agents
    from .site import Site


def test_what_is_written_offline_is_sent_once_and_in_order_also_by_the_next_page(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    visitor.sends("One")
    context.set_offline(True)
    expect(visitor.notice).to_contain_text("You are offline.")
    visitor.say("Two")
    visitor.say("Three")
    visitor.sees("One", "Two", "Three")
    expect(visitor.state).to_have_text("Waiting for a connection")
    assert agents.said(widget) == ["One"]
    context.set_offline(False)
    expect(visitor.state).to_have_text("Sent")
    expect(visitor.notice).to_have_text("")
    assert agents.said(widget) == ["One", "Two", "Three"]

    context.set_offline(True)
    visitor.say("Four")
    visitor.page.close()
    context.set_offline(False)
    again = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    again.sees("One", "Two", "Three", "Four")
    expect(again.state).to_have_text("Sent")
    assert agents.said(widget) == ["One", "Two", "Three", "Four"]


def test_the_answer_to_a_message_may_be_lost(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().text())
        route.abort()

    visitor.page.route("**/chat/start", lose_the_first)
    visitor.visit(site.page(agents.url, widget)).open()
    # The stream may tell that it arrived before the answer is thrown away.
    with visitor.page.expect_event("requestfailed", lambda it: it.url.endswith("/chat/start")):
        visitor.sends("Only once")
    assert len(lost) == 1
    assert agents.said(widget) == ["Only once"]


def test_a_stream_that_was_cut_or_slept_through_goes_on_where_it_was(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    with line(agents.url) as laid:
        visitor.page.clock.install()
        streams: list[str] = []
        visitor.page.on("request", lambda it: "/stream" in it.url and streams.append(it.url))
        visitor.visit(site.page(laid.url, widget)).open().sends("Hello")
        agents.reply(widget, "One")
        visitor.sees("Hello", "One")

        # The history would bring it as well; here the stream alone may.
        visitor.page.route("**/chat/history**", lambda route: route.abort())
        laid.cut()
        agents.reply(widget, "Two")
        visitor.sees("Hello", "One", "Two")
        assert "last_event_id=" in streams[-1]

        laid.go_dead()
        agents.reply(widget, "Three")
        known = len(streams)
        visitor.page.clock.fast_forward("01:00:00")
        visitor.sees("Hello", "One", "Two", "Three")
        assert len(streams) > known


def test_without_streams_the_history_is_asked(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK, "503")
    widget = agents.widget()
    visitor.page.route(
        "**/chat/stream**",
        lambda route: route.fulfill(
            status=503,
            headers={"Access-Control-Allow-Origin": site.origin()},
            json={"error": "unavailable", "message": "No streams here."},
        ),
    )
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    agents.reply(widget, "Good morning")
    visitor.sees("Hello", "Good morning")


def test_refusals_are_told_in_plain_words(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow("status of (422|429|404)", "Support chat: the desk refused")
    widget = agents.widget()
    answers = {
        429: {"error": "too_many_requests", "message": "Too Many Attempts."},
        422: {
            "message": "The given data was invalid.",
            "errors": {"message": ["The message is not welcome."]},
        },
        404: {"error": "widget_not_found", "message": "Invalid or inactive chat widget"},
    }
    coming = [429, 422, 404]

    def refuse(route: Route) -> None:
        status = coming.pop(0)
        # The browser's own header names stand for the desk's CORS answer.
        headers = {
            "Access-Control-Allow-Origin": site.origin(),
            "Access-Control-Expose-Headers": "Retry-After",
            **({"Retry-After": "1"} if status == 429 else {}),
        }
        route.fulfill(status=status, headers=headers, json=answers[status])

    visitor.visit(site.page(agents.url, widget)).open()
    visitor.page.route("**/chat/start", refuse, times=3)
    visitor.say("Hello")
    expect(visitor.notice).to_contain_text("a lot at once")
    expect(visitor.state).to_have_text("Not sent. The message is not welcome.")
    visitor.assert_accessible()
    visitor.panel.get_by_role("button", name="Try again").click()
    expect(visitor.notice).to_have_text("This chat is no longer available.")
    expect(visitor.composer).to_be_hidden()
    assert agents.conversations(widget) == []


def test_a_text_that_is_too_long_stays_to_be_shortened(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open()
    visitor.say("ß" * 5001)
    expect(visitor.panel.get_by_role("alert")).to_have_text(
        "That is too long: at most 5,000 characters."
    )
    visitor.composer.press("Backspace")
    visitor.composer.press("Enter")
    visitor.sees("ß" * 5000)
    expect(visitor.state).to_have_text("Sent")


def test_a_widget_that_is_not_for_this_site_shows_nothing(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow("CORS policy", NO_NETWORK, "status of 40[34]", "Support chat: the desk refused")
    mine = agents.widget(allowed_domains=["shop.test"])
    page = profile().new_page()
    nobody = "x" * 32
    for token, host in (
        (mine, "evilshop.test"),
        (mine, "shop.test.evil.test"),
        (nobody, "shop.test"),
    ):
        with page.expect_console_message(lambda it: "CORS policy" in it.text or "404" in it.text):
            page.goto(site.page(agents.url, token, host=host))
        expect(page.locator("support-chat")).to_have_count(0)
    Visitor(page).visit(site.page(agents.url, mine, host="shop.test"))
