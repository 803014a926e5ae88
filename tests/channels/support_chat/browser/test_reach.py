"""For everybody: by keyboard, on a phone, right to left, in the dark, at a glance of axe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from .visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext

    from .agents import Agents
    from .site import Site


def test_the_keyboard_is_enough(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget(require_email=True)
    visitor.visit(site.page(agents.url, widget))
    keyboard = visitor.page.keyboard
    terms = visitor.page.get_by_role("link", name="Terms")
    for _ in ("Buy", "Terms", "the chat"):
        keyboard.press("Tab")
    expect(visitor.launcher).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "false")
    keyboard.press("Enter")
    email = visitor.panel.get_by_label("E-mail")
    expect(email).to_be_focused()
    expect(visitor.launcher).to_have_attribute("aria-expanded", "true")
    keyboard.type("ada@example.com")
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(visitor.composer).to_be_focused()
    keyboard.type("One line")
    keyboard.press("Shift+Enter")
    keyboard.type("and another")
    keyboard.press("Enter")
    visitor.sees("One line\nand another")
    expect(visitor.composer).to_be_focused()
    expect(visitor.composer).to_have_value("")
    keyboard.press("Escape")
    expect(visitor.panel).to_be_hidden()
    expect(visitor.launcher).to_be_focused()

    # Opened by the page, it gives the focus back to where that was.
    terms.focus()
    visitor.page.evaluate("SupportChat.open()")
    expect(visitor.composer).to_be_focused()
    keyboard.press("Escape")
    expect(terms).to_be_focused()


def test_a_screen_reader_hears_messages_and_who_wrote_them(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    widget = agents.widget(welcome_title="Ask us")
    agents.rename("Maya")
    visitor.visit(site.page(agents.url, widget)).open().sends("Hello")
    agents.reply(widget, "Good morning")
    visitor.sees("Hello", "Good morning")
    expect(visitor.page.get_by_role("dialog", name="Ask us")).to_be_visible()
    expect(visitor.page.get_by_role("log", name="Messages")).to_match_aria_snapshot(
        """
        - log "Messages":
          - paragraph: Today
          - paragraph: You
          - text: Hello
          - paragraph: /Sent/
          - paragraph: Maya
          - text: Good morning
          - paragraph
        """
    )
    expect(visitor.panel.get_by_role("textbox", name="Message")).to_be_visible()


def test_on_a_phone_it_fills_the_screen_and_leaves_what_can_be_seen(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    size = {"width": 390, "height": 844}
    context = profile(viewport=size, is_mobile=True, has_touch=True, reduced_motion="reduce")
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget))
    visitor.launcher.tap()
    expect(visitor.panel).to_be_visible()
    assert visitor.panel.bounding_box() == {"x": 0, "y": 0, **size}
    visitor.assert_accessible()
    visitor.composer.fill("Hello")
    visitor.panel.get_by_role("button", name="Send").tap()
    visitor.sees("Hello")
    # What lies below cannot be reached while the chat covers it.
    buy = visitor.page.get_by_role("button", name="Buy")
    buy.evaluate("it => it.focus()")
    expect(buy).not_to_be_focused()

    visitor.page.set_viewport_size({"width": 844, "height": 390})
    expect(visitor.panel).to_be_in_viewport(ratio=1)
    expect(visitor.composer).to_be_in_viewport(ratio=1)
    visitor.page.set_viewport_size({"width": 1000, "height": 800})
    expect(visitor.launcher).to_be_in_viewport(ratio=1)
    buy.focus()
    expect(buy).to_be_focused()
    visitor.page.set_viewport_size({"width": 320, "height": 480})
    visitor.page.get_by_role("button", name="Close chat").first.tap()
    expect(visitor.panel).to_be_hidden()


@pytest.mark.parametrize(
    ("lang", "means"),
    [
        ("ar", ("rtl", "فتح المحادثة")),
        ("he-IL", ("rtl", "פתיחת הצ׳אט")),
        ("pt-BR", ("ltr", "Abrir o chat")),
    ],
)
def test_it_speaks_the_pages_language_in_its_direction(
    visitor: Visitor, agents: Agents, site: Site, lang: str, means: tuple[str, str]
) -> None:
    direction, label = means
    widget = agents.widget(position="left")
    visitor.visit(site.page(agents.url, widget, lang=lang))
    expect(visitor.launcher).to_have_accessible_name(label)
    box = visitor.launcher.bounding_box()
    assert box is not None
    assert box["x"] < 100
    visitor.open()
    expect(visitor.panel).to_have_css("direction", direction)
    visitor.say("שלום and hello")
    visitor.sees("שלום and hello")
    visitor.assert_accessible()


def test_a_workspace_may_choose_its_own_words(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget(
        translations=[
            {"locale": "de", "welcome_title": "Moin!", "texts": {"placeholder": "Schnack mit uns"}}
        ]
    )
    visitor.visit(site.page(agents.url, widget, lang="de-AT")).open()
    expect(visitor.panel.get_by_role("heading")).to_have_text("Moin!")
    expect(visitor.composer).to_have_attribute("placeholder", "Schnack mit uns")
    expect(visitor.panel.get_by_role("button", name="Senden")).to_be_visible()


@pytest.mark.parametrize("color", ["#ffee00", "#0a0a0a", "#777777"])
def test_every_colour_can_be_read_also_in_the_dark(
    profile: Callable[..., BrowserContext], agents: Agents, site: Site, color: str
) -> None:
    widget = agents.widget(color=color, text_color="#ffffff")
    context = profile(color_scheme="dark", reduced_motion="reduce")
    visitor = Visitor(context.new_page()).visit(site.page(agents.url, widget)).open()
    visitor.sends("Hello https://example.com")
    expect(visitor.panel).to_have_css("background-color", "rgb(23, 27, 33)")
    expect(visitor.panel).to_have_css("animation-name", "none")
    visitor.assert_accessible()
    visitor.page.emulate_media(color_scheme="light")
    expect(visitor.panel).to_have_css("background-color", "rgb(255, 255, 255)")
    visitor.assert_accessible()
