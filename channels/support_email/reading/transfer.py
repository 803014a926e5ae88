"""Content transfer encodings (RFC 2045 §6), and uuencode, as senders break them."""

from __future__ import annotations

import binascii
import re
import string

_BASE64 = f"{string.ascii_letters}{string.digits}+/=".encode()
_NOT_BASE64 = bytes(byte for byte in range(256) if byte not in _BASE64)
_MOST_PIECES = 1000
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_UU_END = re.compile(rb"^(?:`|[ ]*)\r?\n?end[ \t]*\r?$", re.MULTILINE)
_MOST_FILES = 100


def decode_content(content: bytes, encoding: str) -> bytes:
    """Return what a part's bytes stand for; an unknown encoding stands for itself."""
    name = encoding.partition(";")[0].strip().strip("\"'").lower()
    if name in {"base64", "b64", "base-64"}:
        return base64(content)
    if name in {"quoted-printable", "quotedprintable", "qp"}:
        return quoted_printable(content)
    if name in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        files, _ = uuencoded_files(content)
        return files[0][1] if files else content
    return content


def base64(content: bytes) -> bytes:
    """Decode Base64, passing over what is none and a missing end; pieces joined by `=` are read."""
    decoded = bytearray()
    for piece in content.translate(None, _NOT_BASE64).split(b"=", _MOST_PIECES):
        characters = piece.partition(b"=")[0]
        usable = len(characters) - (len(characters) % 4 == 1)
        characters = characters[:usable]
        decoded += binascii.a2b_base64(characters + b"=" * (-len(characters) % 4))
    return bytes(decoded)


def quoted_printable(content: bytes) -> bytes:
    """Decode quoted-printable; an `=` that starts nothing stays."""
    return binascii.a2b_qp(content)


def uuencoded_files(content: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Return the files that stand uuencoded in a text, with the text around them."""
    files: list[tuple[str, bytes]] = []
    around: list[bytes] = []
    position = 0
    while len(files) < _MOST_FILES and (begin := _UU_BEGIN.search(content, position)):
        end = _UU_END.search(content, begin.end())
        decoded = _uudecoded(content[begin.end() : end.start()]) if end else None
        if end is None or decoded is None:
            break
        name = begin[1].decode("utf-8", "replace").strip()
        files.append((name, decoded))
        around.append(content[position : begin.start()])
        position = end.end()
    around.append(content[position:])
    return files, b"".join(around)


def _uudecoded(lines: bytes) -> bytes | None:
    decoded = bytearray()
    for line in lines.splitlines():
        if not line.strip():
            continue
        length = (line[0] - 32) & 63
        encoded = line[: 1 + (length + 2) // 3 * 4]  # some encoders add a checksum
        try:
            decoded += binascii.a2b_uu(encoded)
        except (binascii.Error, ValueError):
            return None
    return bytes(decoded)
