"""Files that the desk refuses or forgets, or that never reach it: nothing else waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from .files import GIVE, choose, message, sent_files, text_file, until_kept, until_ready
from .visitors import NO_NETWORK, Guard, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Route

    from .agents import Agents
    from .site import Site


def test_a_file_that_the_desk_refuses_later_holds_nothing_up(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK, "status of 422")
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    visitor.sends("One")
    context.set_offline(True)
    expect(visitor.notice).to_contain_text("You are offline.")
    # The browser does not know this type; whether it is taken is the desk's to say.
    assert visitor.panel.evaluate(GIVE, ["drop", "tool", ""])
    expect(visitor.panel.locator(".chip")).to_have_count(1)
    until_ready(visitor)
    visitor.say("A tool")
    visitor.say("After it")
    context.set_offline(False)
    tool = message(visitor, "A tool")
    expect(tool.locator(".state")).to_contain_text(
        "Not sent. tool could not be attached. The file must be a file of type:"
    )
    expect(message(visitor, "After it").locator(".state")).to_have_text("Sent")
    visitor.assert_accessible()
    tool.get_by_role("button", name="Delete").click()
    visitor.sees("One", "After it")
    expect(visitor.composer).to_be_focused()
    assert agents.said(widget) == ["One", "After it"]
    until_kept(visitor.page, 0)


@pytest.mark.parametrize(
    "refusal",
    [
        (
            422,
            {
                "message": "The given data was invalid.",
                "errors": {"attachment_ids": ["The selected attachment ids is invalid."]},
            },
        ),
        (404, {"error": "contact_not_found", "message": "Chat contact not found"}),
    ],
)
def test_a_file_is_uploaded_again_where_the_desk_has_forgotten_it(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site, refusal: tuple[int, Any]
) -> None:
    status, body = refusal
    guard.allow(f"status of {status}")
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open()
    named: list[int] = []

    def refuse_the_first(route: Route) -> None:
        named.extend(route.request.post_data_json["attachment_ids"])
        if len(named) > 1:
            route.continue_()
            return
        headers = {"Access-Control-Allow-Origin": site.origin()}
        route.fulfill(status=status, headers=headers, json=body)

    visitor.page.route("**/chat/start", refuse_the_first)
    choose(visitor, text_file("kept.txt"))
    visitor.say("With a file")
    expect(visitor.state).to_have_text("Sent")
    assert sent_files(agents, widget) == [("With a file", ["kept.txt"])]
    first, second = named
    assert first != second


def test_a_form_that_the_desk_refuses_gives_the_files_back(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow("status of 422")
    widget = agents.widget(require_email=True)
    visitor.visit(site.page(agents.url, widget)).open()
    email = visitor.panel.get_by_label("E-mail")
    email.fill("ada..@example.com")
    choose(visitor, text_file("kept.txt"))
    visitor.say("Hello")
    expect(email).to_be_focused()
    expect(visitor.panel.locator(".field .wrong")).to_have_text(
        "The email must be a valid email address."
    )
    expect(visitor.composer).to_have_value("Hello")
    expect(visitor.panel.locator(".chip")).to_contain_text("kept.txt")
    email.fill("ada@example.com")
    visitor.composer.press("Enter")
    visitor.sees("Hello")
    expect(visitor.state).to_have_text("Sent")
    assert sent_files(agents, widget) == [("Hello", ["kept.txt"])]


def test_an_upload_on_a_dead_line_is_given_up_and_waits(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    visitor.page.clock.install()
    visitor.visit(site.page(agents.url, widget)).open()

    def never(_route: Route) -> None:
        """Answer nothing."""

    visitor.page.route("**/chat/attachments**", never)
    with visitor.page.expect_request("**/chat/attachments**"):
        visitor.panel.locator("input[type=file]").set_input_files([text_file("slow.txt")])
    send = visitor.panel.get_by_role("button", name="Send")
    expect(visitor.panel.locator(".chip progress")).to_be_visible()
    expect(send).to_have_attribute("aria-disabled", "true")
    visitor.page.clock.fast_forward("01:01")
    expect(visitor.panel.locator(".chip progress")).to_be_hidden()
    visitor.page.unroute("**/chat/attachments**")
    send.click()
    visitor.sees("slow.txt")
    expect(visitor.panel.get_by_role("link", name="slow.txt")).to_be_visible()
    assert sent_files(agents, widget) == [("slow.txt", ["slow.txt"])]


def test_a_file_that_never_gets_through_holds_nothing_up(
    visitor: Visitor, guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    visitor.page.route("**/chat/attachments**", lambda route: route.abort())
    picker = visitor.panel.locator("input[type=file]")
    picker.set_input_files({"name": "lost.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(visitor.panel.locator(".chip")).to_contain_text("lost.txt")
    until_ready(visitor)
    visitor.say("With it")
    visitor.say("After it")
    expect(visitor.panel.get_by_text("Not sent. lost.txt could not be attached.")).to_be_visible(
        timeout=120_000
    )
    visitor.sees("Hello", "After it", "With it")
    expect(visitor.bubbles.nth(1)).to_have_text("After it")
    assert agents.said(widget) == ["Hello", "After it"]
    visitor.page.unroute("**/chat/attachments**")
    visitor.panel.get_by_role("button", name="Try again").click()
    visitor.sees("Hello", "After it", "With it")
    expect(visitor.panel.get_by_role("link", name="lost.txt")).to_be_visible()
    assert agents.said(widget) == ["Hello", "After it", "With it"]
