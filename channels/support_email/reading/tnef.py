"""What Outlook packs into `winmail.dat`: files, and the body when nothing else has it (MS-OXTNEF).

Only what a reader needs is read: names, types and contents of attachments, and the plain or HTML
body. A body that exists as compressed RTF alone stays unread; Outlook sends a plain one beside it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from .charsets import decode
from .mail import Attachment

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGNATURE = 0x223E9F78
_MOST_ATTRIBUTES = 5000
_MOST_PROPERTIES = 5000

# Attributes of a TNEF stream (MS-OXTNEF §2.1.3.1).
_BODY = 0x800C
_ATTACH_DATA = 0x800F
_ATTACH_TITLE = 0x8010
_ATTACH_RENDERING = 0x9002
_MESSAGE_PROPERTIES = 0x9003
_ATTACH_PROPERTIES = 0x9005
_CODE_PAGE = 0x9007

# Properties (MS-OXPROPS).
_P_BODY = 0x1000
_P_HTML = 0x1013
_P_LONG_NAME = 0x3707
_P_MIME_TYPE = 0x370E
_P_CONTENT_ID = 0x3712

# Sizes of the property types that have one (MS-OXCDATA §2.11.1), as TNEF pads them.
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 20: 8, 64: 8, 72: 16}
_STRING_8, _STRING, _OBJECT, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_MANY = 0x1000


class Unpacked(NamedTuple):
    """The contents of a TNEF stream."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]


@dataclass
class _File:
    title: str = ""
    content: bytes = b""
    properties: dict[int, str] = field(default_factory=dict)


def unpack(stream: bytes) -> Unpacked | None:
    """Return what the stream holds, None when it is no TNEF or a broken one."""
    try:
        return _unpack(stream)
    except (struct.error, ValueError, KeyError):
        return None


def _unpack(stream: bytes) -> Unpacked | None:
    if len(stream) < 6 or struct.unpack_from("<I", stream)[0] != _SIGNATURE:
        return None
    charset = "cp1252"
    text = html = ""
    files: list[_File] = []
    for name, value in _attributes(stream):
        if name == _CODE_PAGE and len(value) >= 4:
            charset = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _BODY:
            text = _string(value, charset)
        elif name == _MESSAGE_PROPERTIES:
            properties = _properties(value, charset)
            text, html = properties.get(_P_BODY, text), properties.get(_P_HTML, html)
        elif name == _ATTACH_RENDERING:
            files.append(_File())
        elif files and name == _ATTACH_TITLE:
            files[-1].title = _string(value, charset)
        elif files and name == _ATTACH_DATA:
            files[-1].content = value
        elif files and name == _ATTACH_PROPERTIES:
            files[-1].properties = _properties(value, charset)
    return Unpacked(text, html, tuple(_attachment(file) for file in files))


def _attributes(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield names and values: level (1), name (2), type (2), length (4), value, checksum (2)."""
    position = 6
    for _ in range(_MOST_ATTRIBUTES):
        if position + 9 > len(stream):
            return
        _, name, _, length = struct.unpack_from("<BHHI", stream, position)
        start = position + 9
        yield name, stream[start : start + length]
        position = start + length + 2


def _properties(value: bytes, charset: str) -> dict[int, str]:
    """Return the text properties of a list of them, by their ids."""
    (count,) = struct.unpack_from("<I", value)
    position = 4
    found: dict[int, str] = {}
    for _ in range(min(count, _MOST_PROPERTIES)):
        kind, identifier = struct.unpack_from("<HH", value, position)
        position += 4
        if identifier >= 0x8000:
            position = _after_name(value, position)
        values, position = _values(value, position, kind)
        if values and (text := _text(values[0], kind & ~_MANY, charset)):
            found[identifier] = text
    return found


def _after_name(value: bytes, position: int) -> int:
    (by_string,) = struct.unpack_from("<I", value, position + 16)
    if not by_string:
        return position + 24
    (length,) = struct.unpack_from("<I", value, position + 20)
    return position + 24 + _padded(length)


def _values(value: bytes, position: int, kind: int) -> tuple[list[bytes], int]:
    base = kind & ~_MANY
    variable = base in {_STRING_8, _STRING, _OBJECT, _BINARY}
    count = 1
    if variable or kind & _MANY:
        (count,) = struct.unpack_from("<I", value, position)
        position += 4
    if not variable:
        return [], position + count * _FIXED[base]
    values = []
    for _ in range(min(count, _MOST_PROPERTIES)):
        (length,) = struct.unpack_from("<I", value, position)
        values.append(value[position + 4 : position + 4 + length])
        position += 4 + _padded(length)
    return values, position


def _padded(length: int) -> int:
    return length + -length % 4


def _text(value: bytes, kind: int, charset: str) -> str:
    if kind == _STRING:
        return value.decode("utf-16-le", "replace").rstrip("\0")
    return _string(value, charset) if kind in {_STRING_8, _BINARY} else ""


def _string(value: bytes, charset: str) -> str:
    return decode(value.rstrip(b"\0"), charset, guess=False)


def _attachment(file: _File) -> Attachment:
    content_id = file.properties.get(_P_CONTENT_ID, "").strip("<>")
    return Attachment(
        name=file.properties.get(_P_LONG_NAME) or file.title,
        content_type=file.properties.get(_P_MIME_TYPE, "").lower() or "application/octet-stream",
        content=file.content,
        content_id=content_id,
        inline=bool(content_id),
    )
