"""Header blocks and separator lines above a quoted mail, as Outlook writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from . import phrases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .lines import Line

_KINDS = {
    **dict.fromkeys(phrases.SUBJECT, "subject"),
    **dict.fromkeys(phrases.TO, "to"),
    **dict.fromkeys(phrases.SENT, "sent"),
    **dict.fromkeys(phrases.FROM, "from"),
}
_LABEL = re.compile(r"([^\W\d_][^:：\n]{0,24}?)\s?[:：]\s?(.*)")
_INNER_LABEL = re.compile(r"(?:^|(?<=\s))([^\W\d_]{1,20})\s?[:：](?=\s)")
_RULE = re.compile(r"[-_=—–*~\s]{3,}")
_BETWEEN_DASHES = re.compile(r"[-_=*~—–>\s]{0,80}([^-_=*~—–]{3,60}?)\s*[:：]?[-_=*~—–<\s]{0,80}")
_LOOKS_DATED = re.compile(r"\d{1,2}[:.]\d\d|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}")
_DATED = re.compile(r"(?:19|20)\d\d.{1,12}\d{1,2}[:.]\d\d|\d{1,2}[:.]\d\d.{1,20}(?:19|20)\d\d")
_MOST_LINES = 30
_MOST_UNLABELLED = 4
_REPLY_ABOVE = re.compile("|".join(map(re.escape, phrases.REPLY_ABOVE)))
_ORIGINAL = frozenset(phrases.ORIGINAL)
_FORWARDED = frozenset(phrases.FORWARDED)


class Block(NamedTuple):
    """A header block: from its first line up to, not with, `end`; values by kind of label."""

    start: int
    end: int
    values: dict[str, str]


def is_rule(line: Line) -> bool:
    """Whether a line is nothing but dashes, underscores or the like."""
    return _RULE.fullmatch(line.plain or line.text.strip() or "x") is not None


def is_original(line: Line) -> bool:
    """Whether a line says that the original message follows."""
    return _said_between_dashes(line, _ORIGINAL, dashes=2)


def is_reply_above(line: Line) -> bool:
    """Whether a line asks to reply above it."""
    return len(line.plain) < 120 and _REPLY_ABOVE.search(line.lowered) is not None


def is_forward(line: Line) -> bool:
    """Whether a line says that a forwarded message follows."""
    text = line.lowered
    return _said_between_dashes(line, _FORWARDED, dashes=2) or (
        text.endswith((":", "：")) and text.rstrip(":： ") in _FORWARDED
    )


def _said_between_dashes(line: Line, said: frozenset[str], *, dashes: int) -> bool:
    text = line.lowered
    if not 5 < len(text) < 200:
        return False
    between = _BETWEEN_DASHES.fullmatch(text)
    if between is None or between[1].strip(" :：.") not in said:
        return False
    return len(text) - len(between[1]) >= dashes


def header_block_at(lines: Sequence[Line], start: int) -> Block | None:
    """Return the header block that starts with a line, None when none does.

    Enough to be one: a sender with an address or a subject, beside another label.
    """
    first = _label_of(lines[start])
    if first is None:
        return None
    if _is_whole(lines[start].plain):
        return Block(start, start + 1, {first[0]: first[1]})
    values: dict[str, str] = {first[0]: first[1]}
    last_kind, end, unlabelled = first[0], start + 1, 0
    for index in range(start + 1, min(start + _MOST_LINES, len(lines))):
        line = lines[index]
        if line.is_blank:
            unlabelled += 1
        elif (label := _label_of(line)) is not None and (
            label[0] not in values or label[0] == "to"
        ):
            last_kind = label[0]
            values[last_kind] = f"{values.get(last_kind, '')} {label[1]}".strip()
            end, unlabelled = index + 1, 0
        elif label is None and (not values[last_kind] or not lines[index - 1].is_blank):
            unlabelled += 1
        else:
            break
        if unlabelled > _MOST_UNLABELLED:
            break
    return Block(start, end, values) if _is_block(values) else None


def _is_whole(text: str) -> bool:
    """Whether a header block stands on one line: From: ... Sent: ... To: ... Subject: ..."""
    if len(text) > 1000 or "@" not in text:
        return False
    kinds = {_KINDS.get(label.lower()) for label in _INNER_LABEL.findall(text)}
    return len(kinds - {None}) >= 3


def _label_of(line: Line) -> tuple[str, str] | None:
    match = _LABEL.fullmatch(line.plain)
    if match is None:
        return None
    kind = _KINDS.get(match[1].strip().lower())
    return (kind, match[2].strip()) if kind else None


def _is_block(values: dict[str, str]) -> bool:
    if {"sent", "to"} == values.keys():
        return "@" in values["to"] and _DATED.search(values["sent"]) is not None
    if "from" not in values or len(values) < 2:
        return False
    has_address = "@" in values["from"]
    if len(values) == 2:
        others = values.get("sent", "")
        return has_address and (
            "subject" in values or _LOOKS_DATED.search(others) is not None or "to" in values
        )
    return has_address or ("subject" in values and "sent" in values) or "@" in values.get("to", "")
