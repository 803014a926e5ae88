"""Replies as clients of the world send them, modelled on the clients and not on the rules."""

from __future__ import annotations

import re
from html import escape

import pytest

from support_email.reading import visible_html, visible_text

from . import wild
from .written import TEXTS


def _letters(text: str) -> str:
    """Return a text without its space, which HTML and clients change."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize(
    "made",
    [
        *(wild.intros, wild.unmarked, wild.blocks, wild.originals, wild.signatures),
        *(wild.rendered, wild.rarer, wild.signed, wild.shelled),
    ],
    ids=lambda made: made.__name__,
)
def test_the_reply_is_told_from_what_every_client_puts_around_it(made):
    missed = []
    for case in made():
        visible = (visible_html if case.is_html else visible_text)(case.body)
        if _letters(visible.text) != _letters(case.reply):
            missed.append((case.name, visible.text))
    assert missed == []


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_person_wrote_stays_whole(text):
    assert visible_text(text).text == text
    paragraphs = "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))
    assert _letters(visible_html(paragraphs).text) == _letters(text)
