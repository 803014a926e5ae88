"""Lines of a mail, and what each of them turned out to be."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# More lines than anybody writes; long threads are long for what they quote.
MOST_LINES = 3000

_QUOTE_MARKS = re.compile(r"[ \t]{0,4}((?:>[ \t]?)+)")
_CLOSED = re.compile(r"\s{0,4}>[^>]{0,40}[:：][ \t]*")
# Bold and italic marks of text that was HTML, zero-width characters.
_DECORATION = re.compile(r"[*\u200b-\u200f\u202a-\u202e\u2060\ufeff\ufffc]")
_LONGEST_ANGLED = 300
_ANGLES = ">>>"
_TIME = re.compile(r"\d[:.]\d\d")


class _Once:
    """A text found with the first need of it; ``cached_property`` locks each time, until 3.12."""

    def __init__(self, find: Callable[[Line], str]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __get__(self, line: Line, _owner: type[Line]) -> str:
        found = line.__dict__[self._find.__name__] = self._find(line)
        return found


class Role(enum.Enum):
    """What a line is to its reader."""

    WRITTEN = "written"
    QUOTED = "quoted"
    SIGNATURE = "signature"


@dataclass
class Line:
    """One line.

    `quoted` says that `>` or an element of HTML marks it so; `intro` that it is known to introduce
    what is quoted below, `cut` that the quoted mail is known to start here and to reach to the end,
    `signed` that the client put it into the sender's signature.
    """

    text: str
    quoted: bool = False
    intro: bool = False
    cut: bool = False
    signed: bool = False
    role: Role = Role.WRITTEN

    @_Once
    def plain(self) -> str:
        """The text without quotation marks and decoration, its spaces single."""
        bare = _QUOTE_MARKS.sub("", self.text, count=1) if self.quoted else self.text
        if "*" in bare or not bare.isascii():
            bare = _DECORATION.sub("", bare)
        return " ".join(bare.split())

    @_Once
    def lowered(self) -> str:
        """The plain text in lower case."""
        return self.plain.lower().replace("i\u0307", "i")  # what becomes of a Turkish İ

    @property
    def is_blank(self) -> bool:
        return not self.plain


def lines_of(text: str) -> list[Line]:
    """Return the lines of a plain text; those after a quotation mark are quoted.

    Beyond :data:`MOST_LINES` all the rest is one line, which is what the one before it is.
    """
    split = text.split("\n", MOST_LINES)
    lines = [Line(line, quoted=starts_quoted(line)) for line in split]
    if len(split) > MOST_LINES:
        lines[-1].quoted = lines[-2].quoted
    unquote_broken_addresses(lines)
    return lines


def unquote_broken_addresses(lines: Iterable[Line]) -> None:
    """Take `>` for the end of an address where one was broken in two."""
    for before, line in pairwise(lines):
        if line.quoted and not before.quoted and _closes_address(before.text, line.text):
            line.quoted = False


def starts_quoted(text: str) -> bool:
    """Whether a line starts with a quotation mark that is no introduction's of GroupWise."""
    return _QUOTE_MARKS.match(text) is not None and not is_between_angles(text)


def is_between_angles(text: str) -> bool:
    """Whether a line introduces as GroupWise does: >>> Ann <ann@example.org> 2.12.2019 10:11 >>>"""
    bare = text.strip()
    return (
        len(bare) < _LONGEST_ANGLED
        and bare.startswith(_ANGLES)
        and bare.endswith(_ANGLES)
        and _TIME.search(bare) is not None
    )


def _closes_address(before: str, line: str) -> bool:
    """Whether the `>` of a line ends an address that was broken in two: `Ann <ann@example.org`."""
    opened = before[before.rfind("<") :]
    return opened.startswith("<") and ">" not in opened and _CLOSED.fullmatch(line) is not None
