"""Tells what somebody wrote from what their client quoted, line by line.

Works on any text: plain, or HTML whose quoting elements have been noted on the lines.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .blocks import (
    header_block_at,
    is_forward,
    is_label,
    is_original,
    is_reply_above,
    is_rule,
    is_said_original,
    is_summary,
)
from .intros import intro_ending_at, is_lone_verb, is_told_fully, may_end
from .lines import Role, is_between_angles
from .signatures import mark_signature

if TYPE_CHECKING:
    from .lines import Line

_WRAPPED_FROM = 50  # characters after which clients wrap
_RULES = ("--", "__", "==", "**", "\u2010\u2010", "\u2013\u2013", "\u2014\u2014", "\u2500\u2500")
_MOST_NAMES = 4  # words of a name
_OF_NAMES = frozenset(
    {"von", "van", "der", "den", "de", "da", "di", "del", "la", "le", "bin", "al"}
)
# Characters in which a reply is sought; nobody writes more above what is quoted.
_MOST_LOOKED_AT = 200_000
_COSTLY = 8  # as often as others are lines read that may end an introduction
_QUOTER = re.compile(r"@|\d")
_LINK = re.compile(r"\s*[(<\[]\s?(?:https?://|mailto:)")
# Characters of an answer from which it is one to what is quoted above, and no mere farewell.
_ANSWER_FROM = 60


def mark_quotes(lines: list[Line], *, passes_on: bool = False) -> None:
    """Give quoted lines their role. A forwarded mail is not quoted: it is what was sent.

    `passes_on` says that the mail is a forward although nothing in it may say so: Outlook puts
    the same header block above what it quotes.
    """
    _quote_wrapped(lines)
    mark_signature(_after_last_quotation(lines), may_be_all=True)
    answers = _lengths_of_what_follows(lines)
    first_written = len(lines)
    index = looked_at = 0
    while index < len(lines) and looked_at < _MOST_LOOKED_AT:
        line = lines[index]
        looked_at += 0 if line.quoted else len(line.plain) * (_COSTLY if may_end(line) else 1)
        if line.is_blank or line.quoted or line.role is not Role.WRITTEN:
            index += 1
        elif is_forward(line) or (passes_on and _starts_quoted_mail(lines, index)):
            return
        elif _starts_quoted_mail(lines, index):
            if line.cut and _is_forward_near(lines, index):
                return
            end = _end_of_mail(lines, index, may_be_all=first_written > index)
            _mark(lines, with_rules_above(lines, index), end)
            index = end
        elif (start := index if line.intro else intro_ending_at(lines, index)) is not None:
            has_writing = first_written < start
            first_written = first_written if has_writing else len(lines)
            end = _end_of_introduced(lines, index + 1, may_be_all=not has_writing)
            is_answered = has_writing and answers[end] > _ANSWER_FROM
            is_vague = not has_writing and end == index + 1 and not _is_told(lines, start, end)
            if not (is_answered or is_vague):
                _mark(lines, _with_labels_above(lines, start), end)
            index = end
        else:
            first_written = min(first_written, index)
            index += 1
    _mark_loose(lines)


def _after_last_quotation(lines: list[Line]) -> list[Line]:
    """Return the lines below the last marked one, none when no line is marked."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].quoted:
            return lines[index + 1 :]
    return []


def _lengths_of_what_follows(lines: list[Line]) -> list[int]:
    """Return for each line how much is written from there on, unmarked and unsigned.

    A quotation between what was written is spoken of: what follows answers it point by point.
    """
    lengths = [0] * (len(lines) + 1)
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        own = 0 if line.quoted or line.role is not Role.WRITTEN else len(line.plain)
        lengths[index] = lengths[index + 1] + own
    return lengths


def _quote_wrapped(lines: list[Line]) -> None:
    """Quote what a client broke off a quoted line, and not what only looks quoted: "> wrote:"."""
    for line in lines:
        if line.quoted and len(line.text) < 40 and is_lone_verb(line.plain):
            line.quoted = False
    for index in range(1, len(lines) - 1):
        before, line, after = lines[index - 1], lines[index], lines[index + 1]
        if line.quoted or line.is_blank or not before.quoted or not after.quoted:
            continue
        is_rest = len(before.plain) > max(len(line.plain), _WRAPPED_FROM - len(line.plain))
        if is_rest or _LINK.match(line.text):
            line.quoted = True


def _is_told(lines: list[Line], start: int, end: int) -> bool:
    said = " ".join(line.plain for line in lines[start:end])
    return lines[start].intro or is_told_fully(said)


def _starts_quoted_mail(lines: list[Line], index: int) -> bool:
    """Whether a quoted mail starts here that reaches to the end."""
    line = lines[index]
    return (
        line.cut
        or is_reply_above(line)
        or is_between_angles(line.text)
        or is_original(line)
        or header_block_at(lines, index) is not None
    )


def _end_of_mail(lines: list[Line], index: int, *, may_be_all: bool) -> int:
    """Return where a quoted mail ends: with the mail, unless a marked one comes first of all."""
    if not may_be_all or lines[index].cut:
        return len(lines)
    block = header_block_at(lines, index)
    below = block.end if block is not None else index + 1
    while below < len(lines) and lines[below].is_blank and not lines[below].quoted:
        below += 1
    if below < len(lines) and lines[below].quoted and not lines[index].quoted:
        return _end_of_quotation(lines, below)
    return len(lines)


def _is_forward_near(lines: list[Line], index: int) -> bool:
    return any(is_forward(line) for line in lines[max(index - 2, 0) : index + 3])


def with_rules_above(lines: list[Line], index: int) -> int:
    """Take the rule, or the words between dashes, that stand right above a header block."""
    start = index
    for above in range(index - 1, max(index - 4, -1), -1):
        line = lines[above]
        if is_rule(line) and not line.is_blank:
            return above
        if line.plain.startswith(_RULES) and line.plain.endswith(_RULES):
            return above
        if is_said_original(line) or is_summary(line):
            return above
        if not line.is_blank:
            break
    return start


def _with_labels_above(lines: list[Line], start: int) -> int:
    """Take the recipient and the subject, which Yandex tells above its introduction."""
    while start and lines[start - 1].role is Role.WRITTEN and is_label(lines[start - 1]):
        start -= 1
    return start


def _end_of_introduced(lines: list[Line], after: int, *, may_be_all: bool) -> int:
    """Return where the quotation below an introduction ends.

    One that is not marked reaches to the end, unless that `may_be_all` there is to show.
    """
    index = after
    while index < len(lines) and lines[index].is_blank and not lines[index].quoted:
        index += 1
    if index < len(lines) and lines[index].quoted:
        return _end_of_quotation(lines, index)
    return after if may_be_all else len(lines)


def _end_of_quotation(lines: list[Line], index: int) -> int:
    """Return the line after a quoted block and the blank lines within."""
    end = index
    while index < len(lines) and (lines[index].quoted or lines[index].is_blank):
        index += 1
        if lines[index - 1].quoted:
            end = index
    return end


def _mark_loose(lines: list[Line]) -> None:
    """Mark quoted blocks that nothing introduces, but for those that an answer follows.

    What a sentence of the sender's own announces is shown: "The machine says the following:".
    """
    quoted: list[Line] = []
    for line in reversed(lines):
        if line.quoted:
            quoted.append(line)
        elif line.role is Role.WRITTEN and not line.is_blank:
            if _announces(line):
                return
            break
    for line in quoted:
        line.role = Role.QUOTED


def _announces(line: Line) -> bool:
    """Whether a line is a sentence that ends in a colon, rather than somebody's name."""
    if not line.plain.endswith((":", "：")) or _QUOTER.search(line.plain):
        return False
    words = line.plain.split()
    common = sum(word[0].islower() and word not in _OF_NAMES for word in words)
    return len(words) > _MOST_NAMES or (common > 1 and not is_lone_verb(words[-1]))


def _mark(lines: list[Line], start: int, end: int) -> None:
    for line in lines[start:end]:
        line.role = Role.QUOTED
