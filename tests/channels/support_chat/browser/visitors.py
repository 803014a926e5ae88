"""A visitor with a browser, and what they can do in it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


#: Ends what moves in: half transparent text has no contrast yet.
COME_TO_REST = """() => {
    for (const moving of document.querySelector("support-chat").shadowRoot.getAnimations()) {
        if (moving.effect.getComputedTiming().endTime !== Infinity) moving.finish();
    }
}"""


@dataclass
class Visitor:
    """One tab with the widget in it. Locators look into its shadow tree by themselves."""

    page: Page

    @property
    def launcher(self) -> Locator:
        return self.page.locator("support-chat .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("support-chat dialog")

    @property
    def log(self) -> Locator:
        return self.page.locator("support-chat [role=log]")

    @property
    def bubbles(self) -> Locator:
        return self.page.locator("support-chat .bubble")

    @property
    def composer(self) -> Locator:
        return self.page.locator("support-chat .write")

    @property
    def notice(self) -> Locator:
        return self.page.locator("support-chat .notice")

    @property
    def state(self) -> Locator:
        """What stands below the visitor's newest message."""
        return self.page.locator("support-chat .mine .state").last

    def visit(self, address: str) -> Visitor:
        """Load a page and wait until its chat has begun."""
        self.page.goto(address)
        expect(self.page.locator("support-chat[data-ready]")).to_be_attached()
        return self

    def open(self) -> Visitor:
        self.launcher.click()
        expect(self.panel).to_be_visible()
        return self

    def say(self, text: str) -> None:
        """Write and send."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def sends(self, text: str) -> None:
        """Write and send, and wait until the desk has it."""
        self.say(text)
        expect(self.bubbles.last).to_have_text(text)
        expect(self.state).to_have_text("Sent")

    def sees(self, *texts: str) -> None:
        """Wait until exactly these messages are shown, in this order."""
        expect(self.bubbles).to_have_text(list(texts))

    def assert_accessible(self) -> None:
        """Hold the page against axe's rules for WCAG 2.2, level AA, and its best practices."""
        self.page.evaluate(COME_TO_REST)
        found = Axe().run(self.page)
        assert found.violations_count == 0, found.generate_report()


@dataclass
class Guard:
    """What must not happen on any page: refused styles or scripts, errors, alerts."""

    seen: list[str]
    #: Patterns of console errors that a test brings about.
    expected: list[str]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", lambda it: self._console(it.type, it.text))
        context.on("weberror", lambda it: self.seen.append(f"error: {it.error}"))
        context.on("dialog", lambda it: (self.seen.append(f"dialog: {it.message}"), it.dismiss()))

    def _console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.seen.append(f"{kind}: {text}")

    def allow(self, *patterns: str) -> None:
        self.expected.extend(patterns)

    def check(self) -> None:
        bad = [it for it in self.seen if not any(re.search(known, it) for known in self.expected)]
        assert not bad, "\n".join(bad)


#: What Chromium says of calls that found no network, or that were cut off.
NO_NETWORK = r"Failed to load resource: net::|ERR_"


@contextmanager
def guarded(browser: Browser, guard: Guard) -> Iterator[Callable[..., BrowserContext]]:
    """Open browser profiles that are watched over, and close them."""
    made: list[BrowserContext] = []

    def profile(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **options})
        context.set_default_timeout(PATIENCE)
        guard.watch(context)
        made.append(context)
        return context

    try:
        yield profile
    finally:
        for context in made:
            context.close()
