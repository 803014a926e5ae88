"""A little of CommonMark as HTML: paragraphs and code spans, everything else as it is written."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")


def prose(text: str) -> Markup:
    """Return the paragraphs of ``text``; none for an empty one."""
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part]
    return Markup("").join(Markup("<p>{}</p>\n").format(spans(part)) for part in paragraphs)


def spans(text: str) -> Markup:
    """Return ``text`` with its code spans marked up."""
    pieces = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if position % 2 else escape(piece)
        for position, piece in enumerate(pieces)
    )
