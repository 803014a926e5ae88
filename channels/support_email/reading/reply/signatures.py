"""Signatures, cards, and footers of mailing lists, at a text's end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .blocks import is_rule
from .footers import added_from, is_disclaimer
from .lines import Role

if TYPE_CHECKING:
    from .lines import Line

# "-- " (RFC 3676 §4.3), what people and phones make of it, and what OpenPGP does (RFC 4880 §7.1).
_DELIMITER = re.compile(r"(?:(?:- )?--|__|—|––|−−)\s*")
# Lines that say nothing: rules, and the mark that Streak and Mailtrack leave in Gmail.
_SAYS_NOTHING = re.compile(r"[-_=~#+*—–ᐧ\s]{2,}|ᐧ")
_DASHED_NAME = re.compile(r"(-{1,2}) ?([^\W\d_][\w.'’]*(?: [^\W\d_][\w.'’]*){0,3})")
_CONTACT = re.compile(
    r"(?:https?://|www\.|@|\+?\(?\d[\d\s().-]{6,}\d|mailing list|unsubscribe|skype|linkedin"
    r"|confidential|\b(?:tel|phone|mobile|mob|fax)\b)",
    re.IGNORECASE,
)
_MOST_LINES = 25
_MOST_BELOW_RULE = 30
_MOST_PIECES = 30  # a name, a phone's line, a disclaimer, a list's footer
_LONGEST_LINE = 100
_LONGEST_NAME = 150  # with a title, a firm
_LONGEST_CARD = 200
_MOST_OF_NUMBER = 8  # words around a telephone number
_BARS = re.compile(r" [|•·] ")


def mark_signature(lines: list[Line], *, may_be_all: bool = False) -> None:
    """Give the lines of a signature their role; it ends what was written, quotations apart.

    What is all there is, is none, unless `may_be_all`.
    """
    written = [line for line in lines if line.role is Role.WRITTEN and line.text.strip()]
    first = 0 if may_be_all else 1
    for _ in range(_MOST_PIECES):
        if (start := _start(written, first)) is None:
            return
        for line in written[start:]:
            line.role = Role.SIGNATURE
        del written[start:]


def _start(written: list[Line], first: int) -> int | None:
    """Return where a signature starts, at `first` at the earliest; None when there is none."""
    count = len(written)
    # Two dashes may frame a piece of code or a table as well, if there are more of them.
    is_only = sum(map(_is_delimiter, written[-_MOST_BELOW_RULE:])) < 2
    for index in range(max(count - _MOST_BELOW_RULE, first), count):
        below = written[index + 1 :]
        line = written[index]
        if line.quoted:
            continue
        is_near = len(below) <= _MOST_LINES
        if (
            (
                is_near
                and _is_delimiter(line)
                and (
                    line.text.endswith("-- ")
                    or _is_contact(below)
                    or (is_only and _is_brief(below))
                )
            )
            or (is_rule(line) and _is_contact(below))
            or (is_near and is_disclaimer(line, below))
        ):
            return index
    if (added := added_from(written[first:])) is not None:
        return first + added
    return count - 1 if count > first and _is_signed_in_a_line(written) else None


def _is_signed_in_a_line(written: list[Line]) -> bool:
    """Whether the last line alone is a signature, or a part of one."""
    last = written[-1]
    return (
        (_says_nothing(last) and not _is_framed(written))
        or _is_card(last)
        or (len(written) > 1 and _is_dashed_name(written[-2], last))
    )


def _is_delimiter(line: Line) -> bool:
    return len(line.text) < 40 and _DELIMITER.fullmatch(line.text.strip()) is not None


def _is_brief(below: list[Line]) -> bool:
    """Whether what follows begins like a signature rather than like another paragraph."""
    return not below or len(below[0].plain) <= _LONGEST_NAME or is_disclaimer(below[0], below[1:])


def _is_contact(below: list[Line]) -> bool:
    """Whether the lines below a rule are an address or a footer rather than more of the text."""
    return (
        bool(below)
        and all(len(line.plain) <= _LONGEST_LINE for line in below)
        and any(_CONTACT.search(line.plain) and not _is_said(line) for line in below)
    )


def _is_said(line: Line) -> bool:
    """Whether a line is a sentence with nothing in it but a telephone number to know it by."""
    words = line.plain.split()
    return len(words) > _MOST_OF_NUMBER and words[-1].endswith(".") and "@" not in line.plain


def _says_nothing(line: Line) -> bool:
    text = line.plain or line.text.strip()
    return (
        not line.quoted and len(text) <= _LONGEST_LINE and _SAYS_NOTHING.fullmatch(text) is not None
    )


def _is_card(line: Line) -> bool:
    """Whether a line is a card: Tom Jones | Example Ltd. | +49 40 123456."""
    return (
        not line.quoted
        and len(line.plain) < _LONGEST_CARD
        and len(_BARS.findall(line.plain)) > 1
        and _CONTACT.search(line.plain) is not None
    )


def _is_framed(written: list[Line]) -> bool:
    """Whether the last line is a rule like one above, with which it frames something."""
    last = written[-1].text.strip()
    is_rule_like = _SAYS_NOTHING.fullmatch(last) is not None and len(last) > 1
    return is_rule_like and any(line.text.strip() == last for line in written[-_MOST_BELOW_RULE:-1])


def _is_dashed_name(before: Line, last: Line) -> bool:
    """Whether the last line is `-Ann Smith`, and no item of a list."""
    match = _DASHED_NAME.fullmatch(last.plain)
    if match is None or before.plain.startswith("-"):
        return False
    words = match[2].split()
    return all(word[0].isupper() for word in words) or (
        len(words) == 1 and last.plain == f"{match[1]}{match[2]}"
    )
