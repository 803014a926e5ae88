"""Header fields as bytes: where they start and end (RFC 5322 §2.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

MOST_FIELDS = 1000
LONGEST_FIELD = 65_536
LONGEST_BLOCK = 262_144

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_ENVELOPE = re.compile(rb">?From [^\r\n]*(?:\r\n|\r|\n)")
_BLANK_START = re.compile(rb"[\r\n]*+")
_BLANK_LINE = re.compile(rb"\n\r?\n")
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
        after = _end_of_line(content, position, end)
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


def _end_of_line(content: bytes, position: int, end: int) -> int:
    """Return where the next line starts; lines end with CRLF, LF, or CR alone."""
    line_feed = content.find(b"\n", position, end)
    after = line_feed + 1 if line_feed != -1 else end
    carriage = content.find(b"\r", position, after)
    return after if carriage == -1 or carriage == line_feed - 1 else carriage + 1


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


def hinted_charset(fields: list[RawField]) -> str:
    """Return the charset that a part's Content-Type names: raw bytes in its header are in it."""
    for field in fields:
        if field.name.lower() == "content-type":
            found = _CHARSET.search(field.value.decode("latin-1"))
            return found[1] if found else ""
    return ""
