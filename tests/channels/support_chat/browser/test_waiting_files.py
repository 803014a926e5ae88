"""Files that are chosen while there is no way wait as texts do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.waiting import until

from .files import GIVE, PNG, choose, message, sent_files, text_file, until_kept, until_ready
from .visitors import NO_NETWORK, Guard, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Route

    from .agents import Agents
    from .site import Site

#: The desk's calls, and not the script itself.
CALLS = re.compile(r"/api/support/chat/(?!widget\.js)")

REFUSED = "Object.defineProperty(window, 'indexedDB', { get() { throw new Error('Denied'); } });"
FULL = """IDBObjectStore.prototype.put = function () {
    throw new DOMException('The disk is full', 'QuotaExceededError');
};"""


def come_back(context: BrowserContext) -> None:
    """Let the browser notice that there is a network."""
    context.set_offline(True)
    context.set_offline(False)


def test_files_chosen_offline_are_sent_in_order_with_the_texts(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    panel, keyboard = visitor.panel, visitor.page.keyboard
    visitor.sends("One")
    context.set_offline(True)
    expect(visitor.notice).to_contain_text("You are offline.")
    choose(visitor, {"name": "photo.png", "mimeType": "image/png", "buffer": PNG})
    assert panel.evaluate(GIVE, ["drop", "list.csv", "text/csv"])
    assert visitor.composer.evaluate(GIVE, ["paste", "pasted.txt", "text/plain"])
    chips = panel.locator(".chip")
    expect(chips).to_have_count(3)
    panel.get_by_role("button", name="Remove pasted.txt").focus()
    keyboard.press("Enter")
    expect(chips).to_have_count(2)
    expect(visitor.composer).to_be_focused()
    until_ready(visitor)
    visitor.assert_accessible()
    visitor.say("Two")
    visitor.say("Three")
    choose(visitor, text_file("regretted.txt"))
    panel.get_by_role("button", name="Send").click()
    visitor.say("Five")
    visitor.sees("One", "Two", "Three", "regretted.txt", "Five")
    expect(message(visitor, "Two").locator(".file")).to_have_count(2)
    expect(message(visitor, "Two").locator(".state")).to_have_text("Waiting for a connection")
    visitor.assert_accessible()
    discard = message(visitor, "regretted.txt").get_by_role("button", name="Delete")
    expect(discard).to_have_accessible_description("regretted.txt")
    discard.focus()
    keyboard.press("Enter")
    visitor.sees("One", "Two", "Three", "Five")
    expect(visitor.composer).to_be_focused()
    choose(visitor, text_file("later.txt"))
    until_kept(visitor.page, 3)

    context.set_offline(False)
    expect(message(visitor, "Five").locator(".state")).to_have_text("Sent")
    assert sent_files(agents, widget) == [
        ("One", []),
        ("Two", ["photo.png", "list.csv"]),
        ("Three", []),
        ("Five", []),
    ]
    shown = message(visitor, "Two").get_by_role("link", name="photo.png")
    with visitor.page.expect_download() as download:
        shown.click()
    assert download.value.path().read_bytes() == PNG
    until_kept(visitor.page, 1)
    panel.get_by_role("button", name="Remove later.txt").click()
    expect(chips).to_have_count(0)
    until_kept(visitor.page, 0)


def test_files_wait_for_the_next_page_too(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK, "Support chat: the desk cannot be reached")
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    context.route(CALLS, lambda route: route.abort())
    choose(visitor, text_file("first.txt", b"what is in it"))
    visitor.say("Look")
    choose(visitor, text_file("chosen.txt"))
    visitor.composer.fill("half a sen")
    for _ in range(2):
        visitor.page.reload()
        expect(visitor.panel).to_be_visible()
        visitor.sees("Look")
        expect(message(visitor, "Look").locator(".file")).to_contain_text("first.txt")
        expect(visitor.panel.locator(".chip")).to_contain_text("chosen.txt")
        expect(visitor.composer).to_have_value("half a sen")
    assert agents.conversations(widget) == []
    context.unroute(CALLS)
    come_back(context)
    expect(visitor.state).to_have_text("Sent")
    visitor.panel.get_by_role("button", name="Send").click()
    visitor.sees("Look", "half a sen")
    expect(visitor.state).to_have_text("Sent")
    wanted = [("Look", ["first.txt"]), ("half a sen", ["chosen.txt"])]
    assert sent_files(agents, widget) == wanted
    with visitor.page.expect_download() as download:
        visitor.panel.get_by_role("link", name="first.txt").click()
    assert download.value.path().read_bytes() == b"what is in it"
    until_kept(visitor.page, 0)


@pytest.mark.parametrize("host", ["localhost", "shop.test"])
def test_two_tabs_send_a_file_once_and_one_for_the_other(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site, host: str
) -> None:
    """Pages of shop.test have no locks: there the client_id alone tells that it was sent."""
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    address = site.page(agents.url, widget, host=host)
    context = profile()
    uploads: list[str] = []

    def count(route: Route) -> None:
        uploads.append(route.request.url)
        route.continue_()

    context.route(re.compile(r"/chat/attachments\?"), count)
    first = Visitor(context.new_page()).visit(address).open()
    first.sends("Hello")
    second = Visitor(context.new_page()).visit(address).open()
    second.sees("Hello")
    context.set_offline(True)
    choose(first, text_file("one.txt"))
    # It belongs to the draft, which tabs share; sent by one it is sent.
    expect(second.panel.locator(".chip")).to_contain_text("one.txt")
    first.say("From the first")
    second.sees("Hello", "From the first")
    expect(second.panel.locator(".chip")).to_have_count(0)
    context.set_offline(False)
    for visitor in (first, second):
        expect(message(visitor, "From the first").locator(".state")).to_have_text("Sent")
        expect(message(visitor, "From the first").get_by_role("link")).to_have_count(1)
    if host == "localhost":
        assert len(uploads) == 1

    context.set_offline(True)
    choose(first, text_file("two.txt"))
    first.say("And I am gone")
    second.sees("Hello", "From the first", "And I am gone")
    first.page.close()
    context.set_offline(False)
    expect(second.state).to_have_text("Sent")
    assert sent_files(agents, widget) == [
        ("Hello", []),
        ("From the first", ["one.txt"]),
        ("And I am gone", ["two.txt"]),
    ]
    until_kept(second.page, 0)


def test_a_long_upload_keeps_no_other_tab_from_beginning(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    address = site.page(agents.url, widget)
    context = profile()
    first = Visitor(context.new_page()).visit(address).open()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def upload() -> Route:
        # What is asked of the page lets Playwright see what else happened.
        until(lambda: first.page.evaluate("true") and held, "an upload")
        return held.pop()

    # Two uploads: what is chosen online, which is given up, and that of its message.
    first.page.route("**/chat/attachments**", hold)
    first.panel.locator("input[type=file]").set_input_files([text_file("long.txt")])
    upload().abort()
    until_ready(first)
    first.say("It takes a while")
    running = upload()
    second = Visitor(context.new_page()).visit(address).open()
    second.sees("It takes a while")
    running.continue_()
    expect(first.state).to_have_text("Sent")
    expect(second.state).to_have_text("Sent")
    assert sent_files(agents, widget) == [("It takes a while", ["long.txt"])]


@pytest.mark.parametrize(
    "refusal",
    [
        (REFUSED, "This browser does not keep a.txt. Leave this page open until it is sent."),
        (FULL, "There is no room in this browser to keep a.txt. Leave this page open until"),
    ],
)
def test_where_files_cannot_be_kept_the_page_has_them_while_it_is_open(
    profile: Callable[..., BrowserContext],
    guard: Guard,
    agents: Agents,
    site: Site,
    refusal: tuple[str, str],
) -> None:
    guard.allow(NO_NETWORK, "Support chat: the desk cannot be reached")
    script, told = refusal
    widget = agents.widget()
    context = profile()
    context.add_init_script(script)
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    context.set_offline(True)
    expect(visitor.notice).to_contain_text("You are offline.")
    choose(visitor, text_file("a.txt"))
    expect(visitor.panel.get_by_role("alert")).to_contain_text(told)
    visitor.assert_accessible()
    visitor.say("From memory")
    context.set_offline(False)
    expect(visitor.state).to_have_text("Sent")

    context.route(CALLS, lambda route: route.abort())
    choose(visitor, text_file("b.txt"))
    visitor.say("Without it")
    choose(visitor, text_file("c.txt"))
    visitor.panel.get_by_role("button", name="Send").click()
    visitor.page.reload()
    lost = message(visitor, "Without it")
    expect(lost.locator(".state")).to_have_text(
        "Not sent. b.txt is no longer here. Please choose it again."
    )
    visitor.assert_accessible()
    context.unroute(CALLS)
    come_back(context)
    lost.get_by_role("button", name="Try again").click()
    expect(lost.locator(".state")).to_have_text("Sent")
    # Of the other there is nothing left to send.
    message(visitor, "c.txt").get_by_role("button", name="Try again").click()
    visitor.sees("From memory", "Without it")
    assert sent_files(agents, widget) == [("From memory", ["a.txt"]), ("Without it", [])]


def test_no_more_waits_than_the_desk_would_take(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    context.set_offline(True)
    alert = visitor.panel.get_by_role("alert")
    for number in range(4):
        choose(visitor, *[text_file(f"{number}-{it}.txt") for it in range(5)])
        if number == 0:
            visitor.panel.locator("input[type=file]").set_input_files([text_file("sixth.txt")])
            expect(alert).to_have_text("At most 5 files in one message.")
        visitor.panel.get_by_role("button", name="Send").click()
        expect(visitor.bubbles).to_have_count(number + 1)
    visitor.panel.locator("input[type=file]").set_input_files([text_file("more.txt")])
    expect(alert).to_have_text("Too many files are waiting. Send or remove some before more.txt.")
    expect(visitor.panel.locator(".chip")).to_have_count(0)
    until_kept(visitor.page, 20)


def test_another_visitor_finds_no_files_of_the_one_before(
    profile: Callable[..., BrowserContext], guard: Guard, agents: Agents, site: Site
) -> None:
    guard.allow(NO_NETWORK)
    widget = agents.widget()
    context = profile()
    visitor = Visitor(context.new_page())
    visitor.visit(site.page(agents.url, widget, user_id="ada")).open()
    context.set_offline(True)
    choose(visitor, text_file("hers.txt"))
    visitor.say("From Ada")
    choose(visitor, text_file("also-hers.txt"))
    until_kept(visitor.page, 2)
    visitor.page.evaluate("SupportChat.identify(null)")
    until_kept(visitor.page, 0)
    context.set_offline(False)
    expect(visitor.page.locator("support-chat[data-ready]")).to_be_attached()
    expect(visitor.bubbles).to_have_count(0)
    expect(visitor.panel.locator(".chip")).to_have_count(0)
    visitor.page.evaluate("SupportChat.identify({id: 'ada'})")
    visitor.sees("From Ada")
    expect(visitor.state).to_have_text(
        "Not sent. hers.txt is no longer here. Please choose it again."
    )
    assert agents.conversations(widget) == []
