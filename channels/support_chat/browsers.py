"""What a browser calls itself, in few words for people."""

from __future__ import annotations

import re

#: The first that fits; those that pretend to be another stand before it.
BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/(\d{1,4})")),
    ("Opera", re.compile(r"\bOPR/(\d{1,4})")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/(\d{1,4})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/(\d{1,4})")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome)/(\d{1,4})")),
    ("Safari", re.compile(r"\bVersion/(\d{1,4})[\d.]* (?:Mobile/\w{1,16} )?Safari/")),
)
SYSTEMS = (
    ("Android", re.compile(r"\bAndroid\b")),
    ("iOS", re.compile(r"\b(?:iPhone|iPad|iPod)\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("macOS", re.compile(r"\bMac OS X\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)

LONGEST = 120


def browser_of(user_agent: str) -> str:
    """Return ``Firefox 128 on Linux`` for a ``User-Agent``, or the header itself, cut short."""
    text = user_agent[:1000]
    browser = next(
        (f"{name} {found[1]}" for name, it in BROWSERS if (found := it.search(text))), None
    )
    system = next((name for name, it in SYSTEMS if it.search(text)), None)
    if browser is None:
        clean = "".join(it for it in text if it.isprintable())
        return clean[:LONGEST]
    return f"{browser} on {system}" if system else browser
