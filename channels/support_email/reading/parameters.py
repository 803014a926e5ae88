"""Fields with parameters, as Content-Type has them (RFC 2045 §5.1, RFC 2231)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .charsets import decode
from .words import decode_words


class Parameterised(NamedTuple):
    """A value with parameters, as of Content-Type; names in lower case, values decoded."""

    value: str
    parameters: dict[str, str]


_PARAMETER = re.compile(
    r"""[;\s]*([^\s;=:"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|"([^"]*)\Z|([^;]*))""", re.DOTALL
)
_MOST_PARAMETERS = 100
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def parameterised(value: str) -> Parameterised:
    """Read `value; name=value; ...` with the pieces and charsets of RFC 2231."""
    main, separator, rest = value.partition(";")
    if not separator and "=" not in main:
        return Parameterised(main.strip().lower(), {})
    if "=" in main:  # the semicolon is missing: text/plain charset=utf-8
        main, rest = _without_parameters(main, rest)
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    position = 0
    for _ in range(_MOST_PARAMETERS):
        match = _PARAMETER.match(rest, position)
        if match is None:
            semicolon = rest.find(";", position)
            if semicolon == -1:
                break
            position = semicolon + 1
            continue
        position = match.end()
        quoted = match[2] if match[2] is not None else match[3]
        raw = _ESCAPED.sub(r"\1", quoted) if quoted is not None else _bare(match[4] or "")
        _put(plain, pieces, match[1].lower(), raw)
    joined = {name: _joined(parts) for name, parts in pieces.items()}
    return Parameterised(
        main.strip().lower(), {name: decode_words(v) for name, v in plain.items()} | joined
    )


def _bare(value: str) -> str:
    """Return a value that stands in no quotation marks, or in those of a programmer."""
    stripped = value.strip()
    is_quoted = len(stripped) > 1 and stripped[0] == stripped[-1] == "'"
    return stripped[1:-1] if is_quoted else stripped


def _without_parameters(main: str, rest: str) -> tuple[str, str]:
    words = main.split(None, 1)
    if "=" in words[0]:
        return "", f"{main};{rest}"
    return words[0], f"{words[1]};{rest}"


_PIECE = re.compile(r"([^*]+)\*(?:(\d{1,3}))?(\*)?")


def _put(
    plain: dict[str, str],
    pieces: dict[str, dict[int, tuple[str, bool]]],
    name: str,
    raw: str,
) -> None:
    piece = _PIECE.fullmatch(name)
    if piece is None:
        plain.setdefault(name, raw)
        return
    is_encoded = piece[2] is None or piece[3] is not None
    pieces.setdefault(piece[1], {})[int(piece[2] or 0)] = (raw, is_encoded)


def _joined(pieces: dict[int, tuple[str, bool]]) -> str:
    """Join the pieces of one parameter (RFC 2231 §3-4)."""
    charset = ""
    first = min(pieces)
    content = bytearray()
    for number in sorted(pieces):
        raw, is_encoded = pieces[number]
        if is_encoded and number == first and raw.count("'") >= 2:
            charset, _, raw = raw.split("'", 2)
        content += unquote_to_bytes(raw) if is_encoded else raw.encode("utf-8", "replace")
    return decode_words(decode(bytes(content), charset, guess=False))
