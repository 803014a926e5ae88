"""Reading multipart/form-data (RFC 7578): streamed, and bounded in parts, headers and fields.

WebOb's own reading is the standard library's ``cgi``, which takes as many parts, open files and
header lines as fit into a body, and a time that grows with the square of the latter.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Readable(Protocol):
        """Anything that is read in pieces until it gives none."""

        def read(self, size: int, /) -> bytes: ...


#: Parts of a form; ours have one file and a few fields.
MOST_PARTS = 20
#: Bytes of a part's headers, of all that stands before the first part, and of a field's text.
MOST_AROUND = 16 * 1024

_CHUNK = 64 * 1024
_IN_MEMORY = 64 * 1024
# More than RFC 2046 §5.1.1 allows: clients use other characters, and longer ones, too.
_BOUNDARY = re.compile(r"[ -~]{0,199}[!-~]")
_PARAMETER = re.compile(
    r"""; [ \t]*+ ([!#$&+.^_`|~0-9A-Za-z*-]++) = (?: "( (?: [^"\\] | \\. )*+ )" | ([^;"]*+) )""",
    re.VERBOSE | re.DOTALL,
)


class FormUnreadable(ValueError):
    """The body is no multipart/form-data, or has more to it than a form of ours ever has."""


class _Ended(FormUnreadable):
    """The stream ended before the mark that was looked for."""


@dataclass(frozen=True)
class FormPart:
    """A part of a form; ``filename`` is None for a field. Both it and the type are the sender's."""

    name: str
    filename: str | None
    content_type: str | None
    file: IO[bytes]


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a Content-Type header; raises ``FormUnreadable``."""
    boundary = _parameters(content_type).get("boundary", "")
    if _BOUNDARY.fullmatch(boundary) is None:
        raise FormUnreadable("The boundary is missing or malformed.")
    return boundary.encode("ascii")


def read_form(stream: Readable, boundary: bytes) -> list[FormPart]:
    """Return the parts of a form in their order; whoever calls closes their files.

    A body without any boundary is a form without parts. Raises ``FormUnreadable``, and what
    reading the stream raises.
    """
    source = _Source(stream)
    parts: list[FormPart] = []
    delimiter = b"\r\n--" + boundary
    try:
        source.copy(delimiter, BytesIO(), most=MOST_AROUND)
    except _Ended:
        return parts
    try:
        while not source.ends():
            if len(parts) == MOST_PARTS:
                raise FormUnreadable("The form has too many parts.")
            parts.append(_read_part(source, delimiter))
    except BaseException:
        for part in parts:
            part.file.close()
        raise
    return parts


def _read_part(source: _Source, delimiter: bytes) -> FormPart:
    headers = _headers(source)
    disposition = headers.get("content-disposition", "")
    given = _parameters(disposition)
    if not disposition.lower().startswith("form-data") or "name" not in given:
        raise FormUnreadable("A part of the form has no name.")
    filename = given.get("filename") or None
    file: IO[bytes] = BytesIO() if filename is None else SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
    try:
        source.copy(delimiter, file, most=MOST_AROUND if filename is None else None)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FormPart(given["name"], filename, headers.get("content-type"), file)


def _headers(source: _Source) -> dict[str, str]:
    raw = BytesIO()
    source.copy(b"\r\n\r\n", raw, most=MOST_AROUND)
    padding, *lines = raw.getvalue().decode("utf-8", "replace").split("\r\n")
    if padding.strip(" \t"):
        raise FormUnreadable("A boundary is followed by something else.")
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _parameters(header: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r'\\(["\\])', r"\1", quoted) or plain.strip()
        for name, quoted, plain in _PARAMETER.findall(header)
    }


class _Source:
    """A stream that is read up to marks."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._ahead = b"\r\n"  # the first boundary may stand at the very beginning

    def copy(self, mark: bytes, target: IO[bytes], *, most: int | None) -> None:
        """Copy what stands before ``mark``, ``most`` bytes of it, and go behind the mark."""
        copied = 0
        while (at := self._ahead.find(mark)) < 0:
            # The end of what is there may be the mark's beginning.
            safe = max(0, len(self._ahead) - len(mark) + 1)
            copied += safe
            target.write(self._ahead[:safe])
            self._ahead = self._ahead[safe:]
            self._check(copied, most)
            self._read_on()
        self._check(copied + at, most)
        target.write(self._ahead[:at])
        self._ahead = self._ahead[at + len(mark) :]

    def ends(self) -> bool:
        """Tell whether the boundary just passed was the last one; the rest is nobody's."""
        while len(self._ahead) < 2:
            self._read_on()
        return self._ahead.startswith(b"--")

    def _read_on(self) -> None:
        chunk = self._stream.read(_CHUNK)
        if not chunk:
            raise _Ended("The form ends too early.")
        self._ahead += chunk

    def _check(self, copied: int, most: int | None) -> None:
        if most is not None and copied > most:
            raise FormUnreadable("There is too much around the file.")
