"""Status codes of mail servers (RFC 3463, RFC 5321 §4.2)."""

from __future__ import annotations

import re

from .phrases import TRANSIENT

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.#])([45])\d\d(?=[ -]|$)(?![\d.])")


def enhanced_status(text: str) -> str:
    """Return the first enhanced status code, as "5.1.1"; "" when there is none."""
    found = _ENHANCED.search(text)
    return found[0] if found else ""


def status_in(text: str) -> str:
    """Return the status that a server's words tell; a bare reply code becomes "5.0.0"."""
    if enhanced := enhanced_status(text):
        return enhanced
    reply = _REPLY.search(text)
    return f"{reply[1]}.0.0" if reply else ""


def is_permanent(status: str, diagnostic: str) -> bool:
    """Whether trying again would be useless: what no code tells, the words may."""
    if status:
        return status.startswith("5")
    told = status_in(diagnostic)
    if told:
        return told.startswith("5")
    lowered = diagnostic.lower()
    return not any(phrase in lowered for phrase in TRANSIENT)
