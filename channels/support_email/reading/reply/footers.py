"""What phones, mail programs, virus scanners and lawyers add below what somebody wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .disclaimers import DISCLAIMERS, ERRORS, LEGAL, MAILS, MEANT, SCANNED, SCANNERS, SECRET
from .farewells import (
    APPS,
    DEVICES,
    EXCUSES,
    GET,
    GOT,
    PLATFORMS,
    SENT_FROM,
    SENT_FROM_END,
    SENT_FROM_SURELY,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .lines import Line

_LONGEST_LINE = 100
_MOST_BELOW = 4  # lines that an app adds at most
_MOST_WORDS = 4  # of the name of an app
_MOST_OF_ADVERTISEMENT = 8  # words
_LEAST_LEGAL = 40  # bytes: a Chinese character says as much as three Latin ones
_MOST_LEGAL_LINES = 8
_MOST_BELOW_LEGAL = 15
_SURELY_LEGAL = 4
_LONGEST_LEGAL = 1000
_LONGEST_START = 60

_END = re.compile("|".join(SENT_FROM_END))
_CHECKED = re.compile(r"(?:scanned|checked) by\b")
_LINK = re.compile(r"[<(\[]?(?:https?://|www\.)\S+")
_LINKS = re.compile(r"\s*[<(\[](?:https?://|www\.|mailto:)[^\s<>()\[\]]*[>)\]]")
_FIRST_WORDS = re.compile(r"^[-–—*\[( ]{0,9}\w+ [a-zà-ÿ]{1,12} ")  # "Sent from ", "Sent via "
_CLAUSE = re.compile(r"(?<=[.;!])\s+|(?<=,)\s+(?=[a-zà-ÿ])|\s+[-–—]\s+")
# Lawyers do not speak of themselves. "I" is "and" in Polish, and "je" is "is" in Czech.
_OF_PEOPLE = re.compile(
    r"\bI\b|\b[Jj](?:e (?:ne|n'|suis|vous|veux)|')|\b(?:my|me|ich|mein|meine[nr]?|mir"
    r"|mich|mon|mes|moi|yo|mis?|eu|meu|minha|io|mi[oa]|ik|mijn|jag|mitt|jeg|я|мой|моя|мои|мене|мені)\b"
)
_LABEL = re.compile(r"[^\W\d_]{4,20}\s?[:：]\s+")  # "Notice: "
_APPOSITION = ("a ", "an ", "the ", "get ", "powered by ")
_EDGES = "-–—*_[( \t"
_ENDS = "*_.!,;:)] "


def _has(text: str, words: Sequence[str]) -> bool:
    """Whether any of the words stands in a text; a pattern of them all takes ten times as long."""
    for word in words:  # noqa: SIM110 - a generator takes twice as long
        if word in text:
            return True
    return False


def added_from(written: Sequence[Line]) -> int | None:
    """Return where begins what an app or a virus scanner added at the end, None if it added none.

    That is a line which says so; excuses for what was typed on a telephone may stand on either
    side of it, and links below.
    """
    found: int | None = None
    for index in range(len(written) - 1, max(len(written) - 1 - _MOST_BELOW, -1), -1):
        line = written[index]
        if line.quoted or len(line.plain) > _LONGEST_LINE:
            break
        if _says_sent_from(line) or _advertises(line) or _says_scanned(line):
            found = index
        elif not (_excuses(line) or (found is None and _is_link(line))):
            break
        elif found is not None:
            found = index
    return found


def _says_sent_from(line: Line) -> bool:
    text = _LINKS.sub("", line.plain)
    if text.endswith(("?", "？")):
        return False
    told = False
    for clause in _CLAUSE.split(text):
        bare = clause.lower().strip(_ENDS).lstrip(_EDGES)
        if _is_sent_from(bare, clause, alone=clause == text):
            told = True
        elif told and bare.startswith(_APPOSITION):
            return True
        elif not _has(bare, EXCUSES):
            return False
    return told


def _is_sent_from(bare: str, clause: str, *, alone: bool) -> bool:
    """Whether it is a phone or a program that sent the mail: "sent with love" tells none."""
    if bare.startswith(SENT_FROM):
        surely = alone and bare.startswith(SENT_FROM_SURELY)
        return surely or _has_device(bare) or _is_name(_FIRST_WORDS.sub("", clause).split())
    return _END.search(bare) is not None and _has_device(bare)


def _has_device(bare: str) -> bool:
    return _has(f"{bare} ", DEVICES)


def _is_name(words: list[str]) -> bool:
    """Whether it may be the name of an app; in capitals alone are carriers: "sent with DHL"."""
    return (
        0 < len(words) <= _MOST_WORDS
        and all(word[0].isupper() for word in words)
        and not all(word.isupper() for word in words)
    )


def _advertises(line: Line) -> bool:
    """Whether a line says where an app is to be had: Get Outlook for iOS."""
    bare = _LINKS.sub("", line.lowered).strip(_ENDS).lstrip(_EDGES)
    return (
        _has(bare, APPS)
        and _has(bare, PLATFORMS)
        and len(bare.split()) <= _MOST_OF_ADVERTISEMENT
        and (bare.startswith(GET) or bare.endswith(GOT))
        and not line.plain.endswith("?")
    )


def _says_scanned(line: Line) -> bool:
    text = line.lowered
    is_of_mail = text.startswith(MAILS)
    if not (is_of_mail or _has(text, SCANNERS)):
        return False
    return _has(text, SCANNED) or (
        _CHECKED.search(text) is not None if is_of_mail else _CHECKED.match(text) is not None
    )


def _is_link(line: Line) -> bool:
    link = _LINK.search(line.plain)
    return link is not None and (link[0] == line.plain or _has(line.lowered, SCANNERS))


def _excuses(line: Line) -> bool:
    return _has(line.lowered, EXCUSES) and not line.plain.endswith("?")


def is_disclaimer(line: Line, below: Sequence[Line]) -> bool:
    """Whether a line begins what lawyers had added; "this message" begins much else."""
    text = line.lowered[:_LONGEST_LEGAL]
    if len(text.encode()) <= _LEAST_LEGAL or "?" in text or "？" in text:
        return False
    label = _LABEL.match(text)
    is_begun = text.startswith(DISCLAIMERS) or (
        label is not None and text.startswith(DISCLAIMERS, label.end())
    )
    is_of_mail = is_begun or _has(text[:_LONGEST_START], MAILS)
    if not is_of_mail and not _has(text, LEGAL):
        return False
    if _OF_PEOPLE.search(line.plain[:_LONGEST_LEGAL]):
        return False
    said = " ".join(it.lowered[:_LONGEST_LEGAL] for it in (line, *below[:_MOST_LEGAL_LINES]))
    is_secret = _has(said, SECRET) and (_has(said, MEANT) or _has(said, ERRORS))
    if is_of_mail and is_secret and len(below) <= _MOST_BELOW_LEGAL:
        return True
    return sum(word in said for word in LEGAL) >= (1 if is_begun else _SURELY_LEGAL)
