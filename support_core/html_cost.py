"""Keeps HTML that is cheap to send and ruinous to parse away from the parsers.

A parser that follows the HTML standard, as nh3's and selectolax's do, walks its stack of open
elements for many a tag, copies formatting elements into every block that follows while they are
not closed, and compares each attribute of a tag with all before it. One megabyte can so take
minutes or gigabytes. Small documents cannot; in a large one the worst case is computed first,
from its tags alone.
"""

from __future__ import annotations

import html
import re


def elements(names: str) -> frozenset[str]:
    """Return a set of element names that are written with spaces between them."""
    return frozenset(names.split())


_SMALL_LENGTH = 65_536
_SMALL_TAGS = 1000
_MOST_STEPS = 20_000_000  # tags times deepest nesting: about 0.2 s
_MOST_COPIED = 10_000_000  # tags times characters of formatting tags open at once
_MOST_ATTRIBUTES = 1000
_MOST_MOVED = 40_000_000_000  # ampersands and hard spaces times length: about 1 s

# https://html.spec.whatwg.org/multipage/parsing.html#tokenization, without backtracking: every
# pattern below ends at the end of the text at the latest, so that it cannot fail half way.
_ATTRIBUTE = r"""
    [^\ \t\n\f\r/>] [^\ \t\n\f\r/>=]*+
    (?: [\ \t\n\f\r]*+ = [\ \t\n\f\r]*+
        (?: "[^"]*+ (?:"|\Z) | '[^']*+ (?:'|\Z) | [^\ \t\n\f\r>"'] [^\ \t\n\f\r>]*+ | (?=>|\Z) )
    )?+
"""
_TAG = re.compile(
    rf"< (/?) ([a-zA-Z][^\ \t\n\f\r/>]*+) (?: [\ \t\n\f\r/]++ | {_ATTRIBUTE} )*+ (?:>|\Z)",
    re.VERBOSE,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE, re.VERBOSE)
# What is no tag, and what shows nothing: comments, declarations, styles and scripts.
_UNSEEN = re.compile(
    r"""
    <!-- (?: -?> | .*? (?: --!?> | \Z) )
    | < (script|style|title) (?=[\ \t\n\f\r/>]) .*? (?: </\1 (?=[\ \t\n\f\r/>]) [^>]* (?:>|\Z) | \Z)
    | < [!?] [^>]* (?:>|\Z)
    | </ [^a-zA-Z] [^>]* (?:>|\Z)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
# Elements in which tags mean something else; no mail needs them, and none is ever shown.
_SPECIAL = re.compile(
    r"</?(?:frameset|iframe|math|noembed|noframes|noscript|plaintext|script|select|style|svg"
    r"|template|textarea|title|xmp)(?=[ \t\n\f\r/>])[^>]*(?:>|\Z)",
    re.IGNORECASE,
)
_START = re.compile(r"<[a-zA-Z]")
_VOID = elements("area base br col embed hr img input link meta param source track wbr")
_ITEMS = elements("dd dt li p")
_CELLS = elements("tbody td tfoot th thead tr")
# Elements whose start tag ends these, when they were opened last.
_ENDED_BY_START = {
    "p": elements("p"),
    "li": elements("li"),
    **dict.fromkeys(elements("dd dt"), elements("dd dt")),
    **dict.fromkeys(elements("td th"), elements("td th")),
    "tr": elements("td th tr"),
}
# Elements whose end tag ends these as well, wherever they stand.
_ENDED_WITHIN = {
    **dict.fromkeys(elements("blockquote center div dl ol ul"), _ITEMS),
    **dict.fromkeys(elements("table tbody tfoot thead tr"), _CELLS),
}
_MOST_OPTIONAL = 4
_FORMATTING = elements("a b big code em font i nobr s small strike strong tt u")


def affordable(text: str) -> str | None:
    """Return HTML that shows the same and is bounded in time and memory; None if there is none.

    Small documents come back as they are. From large ones everything goes that shows nothing.
    Takes linear time.
    """
    if len(text) <= _SMALL_LENGTH and len(_START.findall(text)) <= _SMALL_TAGS:
        return text
    text = _SPECIAL.sub(" ", _UNSEEN.sub("", text))
    if _UNSEEN.search(text) or _SPECIAL.search(text) or not _is_bounded(text):
        return None
    return text


def without_tags(text: str) -> str:
    """Return the text between the tags, for HTML that no parser should see. Linear time."""
    return html.unescape(_TAG.sub("\n", _UNSEEN.sub("", text)))


def _is_bounded(text: str) -> bool:
    """Whether the tree of a document, at worst, stays within the limits.

    An end tag counts only when it closes the element opened last, but for those whose end tags
    may be left out: no parser overlooks that one, so no element is open for longer than is
    assumed here.
    """
    # Writing either of them, nh3 moves all of the text node that follows.
    if (text.count("&") + text.count("\xa0")) * len(text) > _MOST_MOVED:
        return False
    tags = deepest = most_copied = copied = 0
    opened: list[tuple[str, int]] = []  # names, and lengths of the tags that may be copied
    for match in _TAG.finditer(text):
        tags += 1
        length = match.end() - match.start()
        if length > _MOST_ATTRIBUTES and _attributes(match[0]) > _MOST_ATTRIBUTES:
            return False
        name = match[2].lower()
        if match[1]:
            for _ in range(_ended_by(name, opened)):
                copied -= opened.pop()[1]
        elif name not in _VOID:
            while opened and opened[-1][0] in _ENDED_BY_START.get(name, ()):
                opened.pop()
            weight = length if name in _FORMATTING else 0
            opened.append((name, weight))
            copied += weight
            deepest = max(deepest, len(opened))
            most_copied = max(most_copied, copied)
    return tags * deepest <= _MOST_STEPS and tags * most_copied <= _MOST_COPIED


def _ended_by(name: str, opened: list[tuple[str, int]]) -> int:
    """Return how many of the elements opened last an end tag closes for sure."""
    optional = _ENDED_WITHIN.get(name, frozenset())
    for count, (last, _) in enumerate(reversed(opened[-_MOST_OPTIONAL:]), start=1):
        if last == name:
            return count
        if last not in optional:
            break
    return 0


def _attributes(tag: str) -> int:
    return sum(1 for _ in _ATTRIBUTES.finditer(tag))
