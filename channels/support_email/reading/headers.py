"""Header fields: where they end, unfolded, decoded (RFC 5322 §2.2, RFC 2047, RFC 2231)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .charsets import decode
from .transfer import base64, quoted_printable

MOST_FIELDS = 1000
LONGEST_FIELD = 65_536
LONGEST_BLOCK = 262_144

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_ENVELOPE = re.compile(rb">?From [^\r\n]*(?:\r\n|\r|\n)")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_RAW_WORD = re.compile(rb"=\?[\w.:+-]{1,60}\?[qQ]\?[^?\r\n]*\?=")
_ESCAPE = b"\x1b"  # starts a shift of ISO-2022
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_BLANK_START = re.compile(rb"[\r\n]*+")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_LINE_ENDS = re.compile(r"[\r\n]+")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)


class RawField(NamedTuple):
    """A header field as it came, folded, without the end of its last line."""

    name: str
    value: bytes


class Block(NamedTuple):
    """The header fields of a part, and where its body starts."""

    fields: list[RawField]
    body_at: int
    is_cut: bool  # whether there were more fields, or longer ones, than anybody sends


def split(content: bytes, start: int = 0, end: int | None = None) -> Block:
    """Read the header fields between `start` and `end`.

    The body starts with the first line that is neither a field nor folded, as it does for mail
    servers: what they took for text must not be believed as a header, Authentication-Results
    least of all.
    """
    end = len(content) if end is None else end
    position = _skip_envelope(content, start, end)
    fields: list[tuple[str, list[bytes]]] = []
    size = 0
    is_cut = False
    limit = position + LONGEST_BLOCK
    while position < end:
        line_end = _LINE_END.search(content, position, end)
        after = line_end.end() if line_end else end
        line = content[position:after]
        if not line.strip(b"\r\n"):
            position = after
            break
        field = _FIELD.match(line)
        if field:
            if len(fields) == MOST_FIELDS:
                position, is_cut = _end_of_block(content, position, end), True
                break
            size = len(line)
            fields.append((field[1].decode("ascii"), [line[field.end() :]]))
        elif line[:1] in {b" ", b"\t"}:
            size += len(line)
            is_cut = is_cut or size > LONGEST_FIELD
            if fields and size <= LONGEST_FIELD:
                fields[-1][1].append(line)
        else:
            break
        position = after
        if position > limit:
            position, is_cut = _end_of_block(content, position, end), True
            break
    kept = [
        RawField(name, b"".join(lines)[:LONGEST_FIELD].rstrip(b"\r\n")) for name, lines in fields
    ]
    return Block(kept, position, is_cut)


def _end_of_block(content: bytes, position: int, end: int) -> int:
    """Return where the body starts, from within a header that nobody reads any further."""
    blank = _BLANK_LINE.search(content, max(position - 2, 0), end)
    return blank.end() if blank else end


def _skip_envelope(content: bytes, start: int, end: int) -> int:
    """Return where the fields start: after blank lines and an mbox's `From ` line."""
    blank = _BLANK_START.match(content, start, end)
    position = blank.end() if blank else start
    envelope = _ENVELOPE.match(content, position, end)
    return envelope.end() if envelope else position


def unfolded(value: bytes, hint: str = "") -> str:
    """Return a field's value on one line, its encoded words still as they are.

    Bytes beyond ASCII inside an encoded word are in the charset of that word.
    """
    encoded = value if value.isascii() else _RAW_WORD.sub(_encoded_whole, value)
    return _FOLD.sub(" ", _decoded(encoded, hint).replace("\0", "")).strip(" \t")


def _decoded(value: bytes, hint: str) -> str:
    """Bytes beyond ASCII are UTF-8 (RFC 6532), or else what the part's own charset makes of them.

    They are too few for a guess: without a charset they stay unreadable.
    """
    if value.isascii() and _ESCAPE not in value:
        return value.decode("ascii")
    return decode(value, hint or "utf-8")


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
    decoded: list[str] = []
    run = b""
    run_charset = ""
    position = 0
    while (word := _next_word(value, position)) is not None:
        between = value[position : word.start]
        if run and (between.strip() or word.charset != run_charset):
            decoded.append(decode(run, run_charset))
            run = b""
        is_joined = position > 0 and not between.strip()
        decoded.append("" if is_joined else between)
        run += word.content
        run_charset = word.charset
        position = word.end
    if run:
        decoded.append(decode(run, run_charset))
    decoded.append(value[position:])
    return _LINE_ENDS.sub(" ", "".join(decoded)).replace("\0", "")


class _Word(NamedTuple):
    start: int
    end: int
    charset: str
    content: bytes


_WORD_START = re.compile(r"=\?([\w.:+-]{1,60})(?:\*[\w-]{0,30})?\?([bBqQ])\?", re.ASCII)


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


def hinted_charset(fields: list[RawField]) -> str:
    """Return the charset that a part's Content-Type names: raw bytes in its header are in it."""
    for field in fields:
        if field.name.lower() == "content-type":
            found = _CHARSET.search(field.value.decode("latin-1"))
            return found[1] if found else ""
    return ""


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
    main, _, rest = value.partition(";")
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
        raw = _ESCAPED.sub(r"\1", quoted) if quoted is not None else (match[4] or "").strip()
        _put(plain, pieces, match[1].lower(), raw)
    joined = {name: _joined(parts) for name, parts in pieces.items()}
    return Parameterised(
        main.strip().lower(), {name: decode_words(v) for name, v in plain.items()} | joined
    )


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
    return decode_words(decode(bytes(content), charset))
