"""The list of event types is what the core publishes."""

from __future__ import annotations

import re

from support_core.plugin_api import EVENT_TYPES
from tests.packaging.layout import ROOT

PUBLISHED = re.compile(r"publish\(\s*\"([a-z_.]+)\"")


def test_the_types_that_can_be_chosen_are_those_that_are_published() -> None:
    published = {
        name
        for path in (ROOT / "support_core").rglob("*.py")
        for name in PUBLISHED.findall(path.read_text("utf-8"))
    }
    assert sorted(published) == list(EVENT_TYPES)
