"""Signatures, what phones and lawyers add, and footers of mailing lists, at a text's end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .blocks import is_rule
from .farewells import (
    DEVICES,
    DISCLAIMERS,
    LEGAL,
    SENT_FROM,
    SENT_FROM_END,
    SENT_FROM_SURELY,
)
from .lines import Role

if TYPE_CHECKING:
    from .lines import Line

# "-- " (RFC 3676 §4.3), and what people and phones make of it.
_DELIMITER = re.compile(r"(?:--|__|—|––|−−)\s*")
# Lines that say nothing: rules, and the mark that Streak and Mailtrack leave in Gmail.
_SAYS_NOTHING = re.compile(r"[-_=~#+*—–ᐧ\s]{2,}|ᐧ")
_SENTENCE = re.compile(r",\s(?=[a-zà-ÿ])")
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
_LONGEST_SENT = 60
_LONGEST_CARD = 200
_BARS = re.compile(r" [|•·] ")
_SHORT = 40
_MOST_LEGAL_LINES = 8
_SURELY_LEGAL = 4
_LONGEST_LEGAL = 1000
_LEGAL = re.compile("|".join(map(re.escape, LEGAL)))
_MOST_WORDS = 4
_DEVICE = re.compile("|".join(map(re.escape, DEVICES)))
_FIRST_WORDS = re.compile(r"^[-–—*\[( ]{0,9}\w+ [a-zà-ÿ]{1,12} ")  # "Sent from ", "Sent via "


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
                and (is_only or line.text.endswith("-- ") or _is_contact(below))
            )
            or (is_rule(line) and _is_contact(below))
            or (is_near and _is_disclaimer(line, below))
        ):
            return index
    return count - 1 if count > first and _is_signed_in_a_line(written) else None


def _is_signed_in_a_line(written: list[Line]) -> bool:
    """Whether the last line alone is a signature, or a part of one."""
    last = written[-1]
    return (
        (_is_last_line(last) and not _is_framed(written))
        or _is_card(last)
        or (len(written) > 1 and _is_dashed_name(written[-2], last))
    )


def _is_delimiter(line: Line) -> bool:
    return len(line.text) < 40 and _DELIMITER.fullmatch(line.text.strip()) is not None


def _is_contact(below: list[Line]) -> bool:
    """Whether the lines below a rule are an address or a footer rather than more of the text."""
    return (
        bool(below)
        and all(len(line.plain) <= _LONGEST_LINE for line in below)
        and any(_CONTACT.search(line.plain) for line in below)
    )


def _is_disclaimer(line: Line, below: list[Line]) -> bool:
    """Whether a line begins what lawyers had added; "this message" begins much else."""
    if len(line.plain) <= _SHORT:
        return False
    is_begun = line.lowered.startswith(DISCLAIMERS)
    if not is_begun and _LEGAL.search(line.lowered[:_LONGEST_LEGAL]) is None:
        return False
    said = " ".join(it.lowered[:_LONGEST_LEGAL] for it in (line, *below[:_MOST_LEGAL_LINES]))
    words = set(_LEGAL.findall(said))
    return len(words) >= (1 if is_begun else _SURELY_LEGAL)


def _is_last_line(line: Line) -> bool:
    text = line.plain or line.text.strip()
    if line.quoted or len(text) > _LONGEST_LINE:
        return False
    if _SAYS_NOTHING.fullmatch(text) is not None:
        return True
    bare = text.lower().lstrip("-–—*[( ").rstrip(".!)] ")
    if bare.startswith(SENT_FROM):
        return not _SENTENCE.search(text) and _names_what_sent(bare, text)
    return (
        bare.endswith(SENT_FROM_END)
        and len(text) < _LONGEST_SENT
        and not _SENTENCE.search(text)
        and _has_device(bare)
    )


def _names_what_sent(bare: str, text: str) -> bool:
    """Whether it is a phone or a program that the mail was sent from: "sent with love" is none."""
    if bare.startswith(SENT_FROM_SURELY) or _has_device(bare):
        return True
    rest = _FIRST_WORDS.sub("", text).split()
    return 0 < len(rest) <= _MOST_WORDS and all(word[0].isupper() for word in rest)


def _has_device(bare: str) -> bool:
    return _DEVICE.search(f"{bare} ") is not None


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
