"""The line with which a client introduces what it quotes: "On Monday, Ann wrote:"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .phrases import WROTE, WROTE_UNSPACED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .lines import Line

_MOST_LINES = 5
_LONGEST = 500
_WRAPPED_AT = 100  # characters at which clients wrap at the latest
_BRIEF = 120
_LATEST = 90  # characters before the date of an introduction
_EARLY = 12  # characters before a date with which a line starts
_LONGEST_END = 60  # characters of the longest verb, and more
_MOST_NAMES = 7  # words
_LETTER = re.compile(r"[^\W\d_]")
_FEW_LETTERS = 6
_SENTENCE_END = re.compile(r"(?:[.!?…。！？]|(?<!\d)[:：;,])$")


def _any_of(phrases: Sequence[str]) -> str:
    """Return a pattern for any of the phrases, the longest first."""
    ordered = sorted(set(phrases), key=len, reverse=True)
    return "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in ordered)


_YEAR = r"(?<!\d)(?:19|20)\d\d(?!\d)"
# A date, told by its digits, for the names of months have too many spellings: a time of day, a
# numeric date, or a year with another number beside it.
_WHEN = re.compile(
    rf"""
    (?<!\d) \d{{1,2}} [:.h] \d\d (?!\d)
    | (?<!\d) \d{{1,4}} ([./-]) \d{{1,2}} \1 \d{{1,4}} (?!\d)
    | \d{{1,4}} \s? [年년] \s? \d{{1,2}} \s? [月월]
    | (?<!\d) \d{{1,2}} (?!\d) [^\n]{{1,40}}? {_YEAR}
    | {_YEAR} [^\n]{{1,40}}? (?<!\d) \d{{1,2}} (?!\d)
    """,
    re.VERBOSE,
)
_TIME = re.compile(r"(?<!\d)\d{1,2}[:.h]\d\d(?![.\d])")
# A date without year and time: "On Wed, Dec 9, Ann <ann@example.org> wrote:".
_STARTED = re.compile(
    r"(?:on|am|le|el|il|em|op|den|w dniu|dne|pe|på|på|в|on) [^\n]{0,25}?(?<!\d)\d{1,2}(?!\d)"
)
# Only from where a word starts: elsewhere each character would be tried in turn.
_EMAIL = re.compile(
    r"(?<![^\s<>()\[\]\"',;:])[^\s<>()\[\]\"',;:@]{1,100}@[^\s<>()\[\]\"',;:]{1,100}"
)
_VERB = rf"(?:(?:(?<![^\W\d_=])|(?<=[月日]))(?:{_any_of(WROTE)})|{_any_of(WROTE_UNSPACED)})"
_ENDS_WITH_VERB = re.compile(rf"{_VERB}\s*(?:[:：]|\s-{{2,}})?$")
_VERBS = (*WROTE, *WROTE_UNSPACED)
_ENDS = re.compile(r"[:：]$|(?<!-)-{2,}$")
_HAS_VERB = re.compile(rf"{_VERB}(?![^\W\d_])")
# "... by ann@example.org:"; a log has nothing but a time before the address.
_ENDS_WITH_ADDRESS = re.compile(r"[>)\]]\s?[:：]$|[^\W\d_][,.]?\s[^\s<>@]{1,100}@[^\s<>]+[:：]$")
# Gmail of old, which names nobody's address: "2016-03-03 17:21 GMT+01:00 Ann Smith".
_GMAIL = re.compile(r"\d{4}[-/.]\d\d[-/.]\d\d \d{1,2}:\d\d (?:gmt|utc)[+-]\d\d:?\d\d [^\n]{1,100}")
# "2011/4/7 Ann <ann@example.org>", which ends like an address and not like a sentence.
_WHO_LAST = re.compile(r"<[^<>\s@]{1,100}@[^<>\s@]{1,100}>$")
_WHEN_LAST = re.compile(r"\d[)\]]$")  # "Quoting Ann Smith (2019-12-02 10:11:32)"
_WHEN_ENDS = re.compile(r"\d[^\n\d]{0,12}[:：]$")
# Words that begin an introduction; they tell where one starts that takes several lines.
_LONE_VERB = re.compile(rf"{_VERB}\s?[:：]?")
_STARTER = re.compile(
    r"(?:on|at|am|le|el|il|em|op|den|dne|dnia|data|w dniu|în|pe|på|ons|em|a|v|u|в|на|στις|ב|في|vào|"
    r"pada|在|tarihinde|kl|um|il giorno|il|day|date|from|ср|пн|вт|чт|пт|сб|вс|mon|tue|wed|thu|fri|"
    r"sat|sun|mo|di|mi|do|fr|sa|so|man|tirs?|ons|tors?|fre|lør|søn|mån|tis|lör|sön|lun|mar|mer|jeu|"
    r"ven|sam|dim|mié|jue|vie|sáb|dom|seg|ter|qua|qui|sex|gio|pon|wt|śr|czw|pt|sob|\d{1,4})\b"
)
_BETWEEN_DASHES = re.compile(r"[-–—_=]{2}[^\n]{5,100}[-–—_=]{2}$")
_DASHES = re.compile(r"^[-–—_=\s]+|(?<=[:\w>])[-–—_=\s]{2,}$")


def intro_ending_at(lines: Sequence[Line], end: int) -> int | None:
    """Return where the introduction that ends at a line starts, None when none does.

    Right above marked lines little is needed to be one: "Ann wrote:" or "ann@example.org:".
    """
    line = lines[end]
    if line.is_blank or len(line.plain) > _LONGEST:
        return None
    is_above_quotation = not line.quoted and _next_is_quoted(lines, end + 1)
    if _GMAIL.fullmatch(line.lowered) or (is_above_quotation and _tells_when_and_who(line.lowered)):
        return _from_its_beginning(lines, end, end)
    if not may_end(line):
        return None
    quoted = line.quoted
    joined = ""
    found: int | None = None
    for start in range(end, max(end - _MOST_LINES, -1), -1):
        this = lines[start]
        if this.is_blank and _starts_above(lines, start - 1):
            continue
        if this.is_blank or this.quoted is not quoted:
            break
        joined = f"{this.plain} {joined}".strip()
        if len(joined) > _LONGEST:
            break
        certainty = _certainty(joined.lower(), is_above_quotation=is_above_quotation)
        if certainty == 2:
            return _from_its_beginning(lines, start, end)
        if certainty == 1 and found is None:
            found = start
    if found is None and is_above_quotation and _is_brief(line.lowered):
        found = end
    return None if found is None else _from_its_beginning(lines, found, end)


def _from_its_beginning(lines: Sequence[Line], start: int, end: int) -> int:
    """Return where an introduction starts of which `start` may be only the end.

    Who wrote must be told; an address that starts a line has the name above it.
    """
    said = " ".join(line.plain for line in lines[start : end + 1]).lower()
    for above in range(start - 1, max(end - _MOST_LINES, -1), -1):
        line = lines[above]
        if line.is_blank or line.quoted is not lines[end].quoted or len(line.plain) > _WRAPPED_AT:
            break
        has_who = _EMAIL.search(said) is not None
        is_name_missing = said.startswith(("<", "(<")) or is_lone_verb(said)
        is_only_time = not has_who and len(_LETTER.findall(said)) < _FEW_LETTERS
        if _EMAIL.search(line.plain) is not None:
            if has_who and not is_name_missing:
                break
        elif not (is_name_missing or is_only_time) or _SENTENCE_END.search(line.plain):
            break
        start = above
        said = f"{line.lowered} {said}"
    return start


def _tells_when_and_who(text: str) -> bool:
    when = _WHEN.search(text)
    if when is None:
        return False
    if when.start() <= _EARLY and _WHO_LAST.search(text) is not None:
        return True
    if len(text) >= _BRIEF or _HAS_VERB.search(text) is None:
        return False
    return _WHEN_LAST.search(text) is not None or (  # or a colon is missing
        _STARTER.match(text) is not None
        and _stands_beside(text, when)
        and _SENTENCE_END.search(text) is None
    )


def _starts_above(lines: Sequence[Line], index: int) -> bool:
    """Whether an introduction goes on above a blank line, as Polymail's does."""
    if index < 0 or lines[index].is_blank or len(lines[index].plain) > _LONGEST:
        return False
    text = lines[index].lowered
    if _SENTENCE_END.search(text):
        return False
    when = _WHEN.search(text)
    return _STARTER.match(text) is not None and when is not None and when.start() < 40


def _next_is_quoted(lines: Sequence[Line], index: int) -> bool:
    for line in lines[index : index + 3]:
        if line.quoted:
            return True
        if not line.is_blank:
            return False
    return False


def is_told_fully(text: str) -> bool:
    """Whether an introduction tells when and, by an address, who: as people seldom do."""
    lowered = text.lower()
    return _WHEN.search(lowered) is not None and _EMAIL.search(lowered) is not None


def is_lone_verb(text: str) -> bool:
    """Whether a text is only the end of an introduction: "wrote:"."""
    return _LONE_VERB.fullmatch(text.strip().lower()) is not None


def _is_brief(text: str) -> bool:
    text = _EMAIL.sub("a@b", text)
    return len(text) < _BRIEF and (
        _ENDS_WITH_VERB.search(text) is not None
        or _WHEN.search(text) is not None
        or _EMAIL.search(text) is not None
    )


def may_end(line: Line) -> bool:
    """Whether an introduction may end with a line, as far as its end tells."""
    end = line.lowered[-_LONGEST_END:]
    bare = end.rstrip(":：- ")
    return (bare != end and _ENDS.search(end) is not None) or (
        bare.endswith(_VERBS) and _ENDS_WITH_VERB.search(end) is not None
    )


def _certainty(text: str, *, is_above_quotation: bool) -> int:
    """Judge joined lines: 2 for a whole introduction, 1 for one that may start further up."""
    bare = _EMAIL.sub("a@b", _DASHES.sub("", text))  # for how long an address is says nothing
    has_dashes = _DASHES.search(text) is not None
    when = _WHEN.search(bare)
    has_email = _EMAIL.search(bare) is not None
    at_end = _ENDS_WITH_VERB.search(bare)
    has_colon = _ENDS.search(bare) is not None
    if at_end and not (has_colon or has_dashes or (when and has_email)):
        return 0
    if when and when.start() < _LATEST:
        has_more = has_email or _TIME.search(bare) is not None
        verb = at_end or (has_colon and has_more and _HAS_VERB.search(bare))
        is_told = has_colon and has_email and is_above_quotation
        is_one = verb or is_told or _ENDS_WITH_ADDRESS.search(bare)
        if is_one and (at_end or has_email or _stands_beside(bare, when)):
            return 2 if _is_start(bare, when) else 1
        return 0
    if at_end and _BETWEEN_DASHES.match(text):
        return 2
    is_dateless = at_end and has_email and has_colon
    return 1 + (_STARTED.match(bare) is not None) if is_dateless else 0


def _stands_beside(text: str, when: re.Match[str]) -> bool:
    """Whether the verb stands as it does between a date and a name, or between a name and a date.

    Without an address there is little else to know an introduction by.
    """
    if _WHEN_ENDS.search(text):
        return True
    verb = _HAS_VERB.search(text)
    if verb is None or _STARTER.match(text) is None:
        return verb is None
    return verb.start() > when.start() and len(text[verb.end() :].split()) <= _MOST_NAMES


def _is_start(text: str, when: re.Match[str]) -> bool:
    """Whether nothing of an introduction can be missing in front of the text."""
    return _STARTER.match(text) is not None or when.start() < 40
