"""Header fields as text: unfolded, and their encoded words decoded (RFC 2047)."""

from __future__ import annotations

import re
from typing import NamedTuple

from .charsets import decode
from .transfer import base64, quoted_printable

_WORD_START = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,30})?\?([bBqQ])\?", re.ASCII)
_RAW_WORD = re.compile(rb"=\?[\w.:+-]{1,60}\?[qQ]\?[^?\r\n]*\?=")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_ESCAPE = b"\x1b"  # starts a shift of ISO-2022
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_LINE_ENDS = re.compile(r"[\r\n]+")


def unfolded(value: bytes, hint: str = "") -> str:
    """Return a field's value on one line, its encoded words still as they are.

    Bytes beyond ASCII inside an encoded word are in the charset of that word.
    """
    encoded = value if value.isascii() else _RAW_WORD.sub(_encoded_whole, value)
    text = _decoded(encoded, hint).replace("\0", "")
    return (_FOLD.sub(" ", text) if "\n" in text or "\r" in text else text).strip(" \t")


def _decoded(value: bytes, hint: str) -> str:
    """Bytes beyond ASCII are UTF-8 (RFC 6532), or else what the part's own charset makes of them.

    They are too few for a guess: without a charset they stay unreadable.
    """
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    return decode(value, hint or "utf-8", guess=False)


def _encoded_whole(word: re.Match[bytes]) -> bytes:
    return _BEYOND_ASCII.sub(lambda byte: b"=%02X" % ord(byte[0]), word[0])


def text(value: bytes, hint: str = "") -> str:
    """Return a field's value as people read it."""
    return decode_words(unfolded(value, hint)).strip()


def decode_words(value: str) -> str:
    """Decode the encoded words of a text (RFC 2047), wherever senders put them.

    Words that follow each other are joined before they are decoded: some senders cut characters
    in two.
    """
    if "=?" not in value:
        return _on_one_line(value)
    decoded: list[str] = []
    run = b""
    run_charset = ""
    position = 0
    while (word := _next_word(value, position)) is not None:
        between = value[position : word.start]
        if run and (between.strip() or word.charset != run_charset):
            decoded.append(decode(run, run_charset, guess=False))
            run = b""
        is_joined = position > 0 and not between.strip()
        decoded.append("" if is_joined else between)
        run += word.content
        run_charset = word.charset
        position = word.end
    if run:
        decoded.append(decode(run, run_charset, guess=False))
    decoded.append(value[position:])
    return _on_one_line("".join(decoded))


def _on_one_line(text: str) -> str:
    text = text.replace("\0", "")
    return _LINE_ENDS.sub(" ", text) if "\n" in text or "\r" in text else text


class _Word(NamedTuple):
    start: int
    end: int
    charset: str
    content: bytes


def _next_word(value: str, position: int) -> _Word | None:
    start = _WORD_START.search(value, position)
    if start is None:
        return None
    end = value.find("?=", start.end())
    if end == -1:
        return None
    encoded = value[start.end() : end].encode("utf-8", "replace")
    is_base64 = start[2] in "bB"
    content = base64(encoded) if is_base64 else quoted_printable(encoded.replace(b"_", b" "))
    return _Word(start.start(), end + 2, start[1].lower(), content)
