"""Address lists (RFC 5322 §3.4), read as mail clients read them rather than as the standard."""

from __future__ import annotations

import re

from .mail import Address
from .words import decode_words

MOST_ADDRESSES = 1000
# Quoted strings, addresses in angles, comments, separators, and everything else; each alternative
# ends at the end of the text at the latest.
_TOKEN = re.compile(
    r"""
    " (?P<quoted> (?: [^"\\] | \\. )*+ ) (?: "|\\?\Z )
    | < (?P<angle> [^<>]*+ ) (?: >|\Z|(?=<) )
    | \( (?P<comment> (?: [^()\\] | \\. )*+ ) (?: \)|\\?\Z|(?=\() )
    | (?P<separator> [,;] )
    | (?P<group> : )
    | (?P<word> [^\s"<>(),;:]++ )
    | (?P<other> [\s>)]++ )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BARE = re.compile(r"[^\s<>,;:\"()\[\]']++")
_SPACE = re.compile(r"\s+")


def parse(value: str) -> tuple[Address, ...]:
    """Return the addresses of an unfolded field whose encoded words are not decoded yet.

    An entry without an `@` is none, but for one in angles. Groups are their members.
    """
    found: list[Address] = []
    entry = _Entry()
    for token in _TOKEN.finditer(value):
        if token["separator"] is not None:
            # Outlook separates by `;`, people by `,`, and names hold either unquoted.
            if entry.has_address or token["separator"] == ";":
                entry.finish(found)
                entry = _Entry()
            else:
                entry.words.append(",")
        elif token["group"] is not None:
            entry.open_group()
        else:
            entry.take(token)
        if len(found) >= MOST_ADDRESSES:
            return tuple(found)
    entry.finish(found)
    return tuple(found)


class _Entry:
    """What has been read of one address."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._quoted = False
        self._angle: str | None = None
        self._comments: list[str] = []
        self.has_address = False

    def open_group(self) -> None:
        if not self.has_address:
            self.words, self._comments = [], []

    def take(self, token: re.Match[str]) -> None:
        if token["quoted"] is not None:
            self.words.append(_ESCAPED.sub(r"\1", token["quoted"]))
        elif token["angle"] is not None:
            if self._angle is None or "@" not in self._angle:
                if self._angle:
                    self.words.append(self._angle)
                self._angle = token["angle"].strip()
                self.has_address = True
        elif token["comment"] is not None:
            self._comments.append(_ESCAPED.sub(r"\1", token["comment"]))
        elif token["word"] is not None:
            self.words.append(token["word"])
            self.has_address = self.has_address or "@" in token["word"][1:-1]

    def finish(self, found: list[Address]) -> None:
        name = _named(" ".join(self.words))
        comment = _named(" ".join(self._comments))
        if self._angle:
            # An obsolete route stands before the address: <@relay,@relay:somebody@example.com>.
            email = _SPACE.sub("", decode_words(self._angle).rpartition(":")[2]).strip("'\"")
            found.append(Address(email, name or comment))
            return
        for bare in _BARE.finditer(name):
            if "@" in bare[0][1:-1]:
                rest = (name[: bare.start()] + name[bare.end() :]).strip(" '\"[]<>,")
                found.append(Address(bare[0].rstrip("."), rest or comment))
                return


def _named(words: str) -> str:
    decoded = _SPACE.sub(" ", decode_words(words)).replace(" ,", ",").strip(" ,")
    if len(decoded) > 1 and decoded[0] == decoded[-1] and decoded[0] in "'\"":
        return decoded[1:-1].strip()
    return decoded
