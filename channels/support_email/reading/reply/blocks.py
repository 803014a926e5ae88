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
_DASHES = "-_=*~#\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2500\u2501\uff0d"
_RULE = re.compile(rf"[{_DASHES}\s]{{3,}}")
_LOOKS_DATED = re.compile(r"\d{1,2}[:.]\d\d|(?:19|20)\d\d|\d{1,2}[./-]\d{1,2}")
_DATED = re.compile(r"(?:19|20)\d\d.{1,12}\d{1,2}[:.]\d\d|\d{1,2}[:.]\d\d.{1,20}(?:19|20)\d\d")
_SUMMARY = re.compile(r"\S.{0,200}?-{3}[^-]{0,20}\d[^-]{4,40}-{3}\S")
_CELLS = re.compile(r"\| ?([^|]{1,30}?) ?\| ?([^|]{0,1000}?) ?\|?")  # a row of a table
_MANY = "--------"
_LONGEST_MARKER = 120
_MOST_LINES = 30
_MOST_WHOLE = 4  # lines over which a client may wrap a header block that stands on one
_MOST_UNLABELLED = 4
_LONGEST_WHOLE = 1000
_ENOUGH = 3
_LONGEST_TIME = 40
_MOST_UNKNOWN = 6
_LEAST_UNKNOWN = 4
_NAMED_ADDRESS = re.compile(r"[<\[(](?:mailto:)?[^\s<>@]{1,100}@[^\s<>@]{1,200}[>\])]")
_REPLY_ABOVE = re.compile("|".join(map(re.escape, phrases.REPLY_ABOVE)))
_REPLY_ABOVE_ENGLISH = re.compile(
    r"\b(?:repl(?:y|ies)|respon[ds]e?|answer|write|type|text|enter|anything|content|comment)\b"
    r"[^.\n]{0,40}\babove (?:this|the) (?:line|text|e-?mail|message|point|marker)\b"
    r"|\b(?:write|type|reply|edit|enter|change)\b[^.\n]{0,20}\bbelow this line\b"
)
_ASKS = re.compile(
    r"(?:please |to reply,? |(?:in )?repl(?:y|ies)\b|respond|write|type|enter|add|do not |don.t )"
)
# Zendesk asks in every language between these.
_HASHES = re.compile(r"##- .{5,100} -##")
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
    return _said_between_dashes(line, _ORIGINAL, dashes=2) or (
        # QQ says no more than this, between dashes that cannot be missed.
        line.lowered.startswith(_MANY)
        and line.lowered.endswith(_MANY)
        and line.lowered.strip("- ") == "original"
    )


def is_said_original(line: Line) -> bool:
    """Whether a line says so without dashes; nothing unless a header block follows."""
    return line.lowered.rstrip(":： ") in _ORIGINAL


def is_summary(line: Line) -> bool:
    """Whether a line tells sender, time and first words: Notes puts it above a header block."""
    return _SUMMARY.match(line.plain[:_LONGEST_WHOLE]) is not None


def is_label(line: Line) -> bool:
    """Whether a line tells the recipient or the subject of a mail, ended as Yandex ends it."""
    if not line.plain.endswith(";"):
        return False
    label = _label_of(line)
    return label is not None and label[0] in {"to", "subject"}


def is_reply_above(line: Line) -> bool:
    """Whether a line asks to reply above it: by its words alone, or set apart by dashes."""
    text = line.lowered
    if not 10 < len(text) < _LONGEST_MARKER:
        return False
    if _HASHES.fullmatch(text):
        return True
    if not (_REPLY_ABOVE_ENGLISH.search(text) or _REPLY_ABOVE.search(text)):
        return False
    core = text.strip(f"{_DASHES}[]()|<> \t")
    return core != text or _ASKS.match(text) is not None or bool(_REPLY_ABOVE.search(text))


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
    core = text.strip(f"{_DASHES}> <\t")
    around = len(text.replace(" ", "")) - len(core.replace(" ", ""))
    return core.rstrip(":：. ") in said and around >= dashes


def header_block_at(lines: Sequence[Line], start: int) -> Block | None:
    """Return the header block that starts with a line, None when none does.

    Enough to be one: a sender with an address or a subject, beside another label.
    """
    first = _label_of(lines[start])
    if first is None:
        return _unknown_block_at(lines, start) or _notes_block_at(lines, start)
    if (whole := _end_of_whole(lines, start)) is not None:
        return Block(start, whole, {first[0]: first[1]})
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


def _end_of_whole(lines: Sequence[Line], start: int) -> int | None:
    """Return the line after a header block on one line: From: ... Sent: ... To: ... Subject: ..."""
    text = ""
    for index in range(start, min(start + _MOST_WHOLE, len(lines))):
        if lines[index].is_blank or len(text) > _LONGEST_WHOLE:
            return None
        text = f"{text} {lines[index].plain[:_LONGEST_WHOLE]}"
        if index > start and _LABEL.fullmatch(lines[index].plain) and _label_of(lines[index]):
            return None  # a label a line
        kinds = {_KINDS.get(label.lower()) for label in _INNER_LABEL.findall(text)}
        if "@" in text and len(kinds - {None}) >= _ENOUGH:
            return index + 1
    return None


def _unknown_block_at(lines: Sequence[Line], start: int) -> Block | None:
    """Return a header block in a language that nobody taught us, by what its values look like.

    Somebody's name with an address comes first, then a time, another address, and a subject, each
    on a line with a label; forms that people fill in have a bare address, and but one.
    """
    if not _NAMED_ADDRESS.search(lines[start].plain[:_LONGEST_WHOLE]):
        return None
    values: list[str] = []
    for line in lines[start : start + _MOST_UNKNOWN]:
        label = _LABEL.fullmatch(line.plain[:_LONGEST_WHOLE])
        if label is None:
            break
        values.append(label[2])
    addressed = sum("@" in value for value in values)
    dated = any(_DATED.search(value) for value in values if "@" not in value)
    if len(values) < _LEAST_UNKNOWN or addressed < 2 or not dated:
        return None
    return Block(start, start + len(values), {"from": values[0]})


def _notes_block_at(lines: Sequence[Line], start: int) -> Block | None:
    """Return the header block of Notes: a sender, a time, and labels on lines of their own."""
    who = lines[start].plain[:_LONGEST_WHOLE]
    if not who.endswith((">", ")", "]")) or not _NAMED_ADDRESS.search(who):
        return None
    filled = [
        (index, lines[index])
        for index in range(start + 1, min(start + _MOST_LINES, len(lines)))
        if not lines[index].is_blank
    ]
    if len(filled) < _ENOUGH or len(filled[0][1].plain) > _LONGEST_TIME:
        return None
    if not (_LOOKS_DATED.search(filled[0][1].plain) and _kind_of_row(filled[1][1]) == "to"):
        return None
    values, end = {"from": who, "sent": filled[0][1].plain}, filled[1][0] + 1
    kind = "to"
    for index, line in filled[2:]:
        if kind == "subject":
            return Block(start, index + 1, {**values, kind: line.plain})
        if (alone := _kind_alone(line)) is not None:
            kind, end = alone, index + 1
        elif _kind_of_row(line) == "subject":
            return Block(start, index + 1, {**values, "subject": line.plain.partition(" ")[2]})
        else:
            values.setdefault(kind, line.plain)
    return Block(start, end, values)


def _kind_of_row(line: Line) -> str | None:
    """Return the kind of label that a line is, or starts with, as rows of tables do."""
    return _kind_alone(line) or _KINDS.get(line.lowered.partition(" ")[0].rstrip(":："))


def _kind_alone(line: Line) -> str | None:
    return _KINDS.get(line.lowered.rstrip(" :："))


def _label_of(line: Line) -> tuple[str, str] | None:
    match = _LABEL.fullmatch(line.plain) or _CELLS.fullmatch(line.plain)
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
