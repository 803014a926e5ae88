"""A mail's bytes as a tree of parts (RFC 2045, RFC 2046), however broken.

Everything is bounded: depth, parts, header fields. What is beyond a bound stays inside the part
that holds it, as content.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from . import headers, words
from .mail import Headers, Part
from .parameters import Parameterised, parameterised
from .transfer import decode_content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .headers import Block, RawField

DEEPEST = 20
MOST_ENCLOSED = 3  # mails within mails: the content of each is held once more
MOST_PARTS = 1000
MOST_LIKE_DELIMITERS = 10_000  # lines that only begin like one: of multiparts further in
_LONGEST_BOUNDARY = 300

_FIRST_DELIMITER = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]{0,99}\r?\n(?=[A-Za-z-]{1,60}:)", re.M)
_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\Z)")
_LINE_FEED = 0x0A
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+")
# A path, which starts like one (RFC 2183 §2.3): "Bill 12/2019.pdf" is none.
_FOLDERS = re.compile(
    r"^(?:[A-Za-z]:)?[\\/].*[\\/]|^[\\/]|^\.{1,2}[\\/](?:.*[\\/])?|^.*\\(?=[^\\]+$)"
)
_MAILS = frozenset({"message/rfc822", "message/global"})


class _Span(NamedTuple):
    """A stretch of bytes, not copied."""

    content: bytes
    start: int
    end: int


class _Place(NamedTuple):
    """Where a part stands: how deep, inside how many mails, and what it is by default."""

    depth: int
    mails: int
    default_type: str


class Tree:
    """Parses one mail; `defects` says what it had to work around, `fields` is its own header."""

    def __init__(self, raw: bytes) -> None:
        self._parts = 0
        self.defects: list[str] = []
        self.fields: list[RawField] = []
        self.root = self._entity(_Span(raw, 0, len(raw)), _Place(0, 0, "text/plain"))

    def _entity(self, span: _Span, place: _Place) -> Part:
        self._parts += 1
        block = headers.split(*span)
        if self._parts == 1:
            self.fields = block.fields
        if block.is_cut:
            self._defect("A header is longer than any mail needs and was cut.")
        body = _Span(span.content, block.body_at, span.end)
        hint = headers.hinted_charset(block.fields)
        raw = {field.name.lower(): field.value for field in reversed(block.fields)}
        declared = _parameterised(raw, "content-type", hint)
        content_type = self._content_type(declared, place.default_type)
        disposition = _parameterised(raw, "content-disposition", hint)
        children: tuple[Part, ...] = ()
        content = b""
        if content_type.startswith("multipart/"):
            children = self._children(body, place, content_type, declared.parameters)
            if not children:
                self._defect("A multipart has no parts; it was read as text.")
                content_type = "text/plain"
        if not children:
            encoding = words.unfolded(raw.get("content-transfer-encoding", b""))
            content = decode_content(body.content[body.start : body.end], encoding)
            if content_type in _MAILS:
                children = self._enclosed(content, place)
        return Part(
            headers=_decoded(block, hint),
            content_type=content_type,
            charset=declared.parameters.get("charset", ""),
            parameters=declared.parameters,
            disposition=disposition.value,
            name=_name(disposition.parameters, declared.parameters),
            content_id=words.unfolded(raw.get("content-id", b"")).strip("<> \t"),
            content=content,
            children=children,
        )

    def _content_type(self, declared: Parameterised, default: str) -> str:
        value = declared.value
        if not value:
            return "multipart/mixed" if "boundary" in declared.parameters else default
        if _TYPE.fullmatch(value):
            return value
        self._defect("A content type is none.")
        if value.startswith("multipart"):
            return "multipart/mixed"
        if found := _TYPE.match(value):
            return found[0]
        kind = value.partition("/")[0]
        return {"text": "text/plain", "html": "text/html"}.get(kind, default)

    def _children(
        self, body: _Span, place: _Place, content_type: str, parameters: dict[str, str]
    ) -> tuple[Part, ...]:
        if place.depth >= DEEPEST:
            self._defect("The mail is nested deeper than any mail needs.")
            return ()
        boundary = parameters.get("boundary", "").encode("utf-8", "replace")
        pieces = _pieces(body, boundary) if boundary else []
        if not pieces and (guessed := _FIRST_DELIMITER.search(*body)):
            self._defect("The boundary of a multipart is not the one it names.")
            pieces = _pieces(body, guessed[1])
        default = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        below = _Place(place.depth + 1, place.mails, default)
        children = []
        for piece in pieces:
            if self._parts >= MOST_PARTS:
                self._defect("The mail has more parts than any mail needs.")
                break
            children.append(self._entity(piece, below))
        return tuple(children)

    def _enclosed(self, content: bytes, place: _Place) -> tuple[Part, ...]:
        """Read a mail inside the mail, unless it is none or one too many."""
        if (
            place.depth >= DEEPEST
            or place.mails >= MOST_ENCLOSED
            or self._parts >= MOST_PARTS
            or not headers.split(content).fields
        ):
            return ()
        within = _Place(place.depth + 1, place.mails + 1, "text/plain")
        return (self._entity(_Span(content, 0, len(content)), within),)

    def _defect(self, sentence: str) -> None:
        if sentence not in self.defects:
            self.defects.append(sentence)


def _pieces(body: _Span, boundary: bytes) -> list[_Span]:
    """Return what stands between the delimiter lines (RFC 2046 §5.1.1), the preamble not.

    The last delimiter may be missing; what follows it is an epilogue and belongs to nobody.
    """
    pieces: list[_Span] = []
    start = -1
    for at, line_end in _delimiters(body, b"--" + boundary[:_LONGEST_BOUNDARY]):
        if start != -1:
            end = _before_line_end(body.content, at)
            pieces.append(_Span(body.content, start, max(start, end)))
        start = -1 if line_end[1] else line_end.end()
        if len(pieces) > MOST_PARTS:
            break
    if start != -1 and body.content[start : body.end].strip():
        pieces.append(_Span(body.content, start, body.end))
    return pieces


def _delimiters(body: _Span, delimiter: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
    """Yield where delimiter lines begin, and what follows the delimiter on them."""
    content, position, end = body
    others = 0
    while (at := content.find(delimiter, position, end)) != -1 and others < MOST_LIKE_DELIMITERS:
        position = at + len(delimiter)
        line_end = _DELIMITER_END.match(content, position, end)
        if line_end is not None and (at == 0 or content[at - 1] == _LINE_FEED):
            yield at, line_end
            position = line_end.end()
        else:
            others += 1


def _before_line_end(content: bytes, position: int) -> int:
    """Return where a part ends, for the line end above a delimiter belongs to the delimiter."""
    if content[position - 2 : position] == b"\r\n":
        return position - 2
    return position - 1 if content[position - 1 : position] == b"\n" else position


def _parameterised(raw: dict[str, bytes], name: str, hint: str) -> Parameterised:
    return parameterised(words.unfolded(raw.get(name, b""), hint))


def _decoded(block: Block, hint: str) -> Headers:
    return Headers(tuple((field.name, words.text(field.value, hint)) for field in block.fields))


def _name(disposition: dict[str, str], content_type: dict[str, str]) -> str:
    """Return a part's file name as the sender wrote it, NULs and the sender's folders apart."""
    name = disposition.get("filename") or content_type.get("name") or disposition.get("name") or ""
    return _FOLDERS.sub("", name.replace("\0", "")).strip()
