"""Markup and script in every text that somebody may write: it is shown, and nothing runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from .agents import Agents
    from .site import Site
    from .visitors import Visitor

ATTACK = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'>{{7*7}}"
SECOND = "</textarea><svg onload=alert(3)><a href='javascript:alert(4)'>x</a>"


def test_markup_is_shown_and_never_run(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget(
        name=ATTACK,
        welcome_title=ATTACK,
        welcome_tagline=SECOND,
        away_message=ATTACK,
        reply_time=SECOND,
        texts={"send": ATTACK, "placeholder": SECOND, "email_label": ATTACK},
        pre_chat={
            "enabled": True,
            "email": "required",
            "name": "required",
            "questions": [
                {"name": "one", "label": ATTACK, "type": "textarea"},
                {"name": "two", "label": SECOND, "type": "select", "options": [ATTACK, SECOND]},
            ],
        },
    )
    visitor.visit(site.page(agents.url, widget)).open()
    panel = visitor.panel
    expect(panel.get_by_role("heading")).to_have_text(ATTACK)
    expect(panel.get_by_role("button", name=ATTACK)).to_be_visible()
    panel.locator("[name=email]").fill("ada@example.com")
    panel.locator("[name=name]").fill(ATTACK)
    panel.locator("[name=one]").fill(SECOND)
    panel.locator("[name=two]").select_option(ATTACK)
    visitor.composer.fill(ATTACK)
    panel.locator("input[type=file]").set_input_files(
        {"name": "<img src=x onerror=alert(5)>.txt", "mimeType": "text/plain", "buffer": b"x"}
    )
    expect(panel.locator(".chip")).to_contain_text("onerror=alert(5)")
    expect(panel.locator(".chip progress")).to_be_hidden()
    visitor.composer.press("Enter")
    visitor.sees(ATTACK)
    expect(visitor.state).to_have_text("Sent")
    agents.rename(ATTACK)
    agents.reply(widget, SECOND)
    agents.type(widget)
    expect(visitor.bubbles).to_have_count(2)
    expect(visitor.bubbles.first).to_have_text(ATTACK)
    assert (
        visitor.page.locator("support-chat").locator("img, script, [onload], [onerror]").count()
        == 0
    )
    assert visitor.page.locator("support-chat a[href^='javascript']").count() == 0
    assert agents.said(widget) == [ATTACK]


def test_only_web_addresses_become_links(visitor: Visitor, agents: Agents, site: Site) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget)).open()
    text = (
        "See (https://example.com/a_(b)?q=1&r=\u00fc), http://example.com. "
        "javascript:alert(1) data:text/html,x vbscript:x file:///etc HTTPS://EXAMPLE.COM/X!"
    )
    visitor.say(text)
    visitor.sees(text)
    links = visitor.bubbles.locator("a")
    expect(links).to_have_text(
        ["https://example.com/a_(b)?q=1&r=\u00fc", "http://example.com", "HTTPS://EXAMPLE.COM/X"]
    )
    for number in range(3):
        expect(links.nth(number)).to_have_attribute("rel", "noopener noreferrer nofollow ugc")
        expect(links.nth(number)).to_have_attribute("target", "_blank")


def test_a_pages_own_rules_do_not_reach_the_widget(
    visitor: Visitor, agents: Agents, site: Site
) -> None:
    widget = agents.widget()
    visitor.visit(site.page(agents.url, widget))
    visitor.page.evaluate(
        """() => {
            const sheet = new CSSStyleSheet();
            sheet.replaceSync("body * { display: none !important; color: red !important; }"
                + "support-chat { opacity: 0 !important; }");
            document.adoptedStyleSheets = [sheet];
        }"""
    )
    expect(visitor.launcher).to_be_visible()
    assert (
        visitor.page.locator("support-chat").evaluate("it => getComputedStyle(it).opacity") == "1"
    )
