"""Which parts are a mail's body and which are files (RFC 8621 §4.1.4)."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from . import tnef
from .charsets import decode
from .mail import Attachment
from .transfer import uuencoded_files

if TYPE_CHECKING:
    from .mail import Part

_SHOWN = re.compile(r"cid:([^\s\"'<>()]{1,500})")
_MOST_GUESSES = 5  # charsets that are guessed, for guessing takes long
_MEDIA = ("image/", "audio/", "video/")
_BODY = frozenset({"text/plain", "text/html"})
# Forms of a body that others stand beside, and that nobody needs.
_LESSER = frozenset({"text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html"})
_MAILS = frozenset({"message/rfc822", "message/global"})


class Content(NamedTuple):
    """A mail's bodies and files; a body is "" when the mail has none of its kind."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]


def content_of(root: Part) -> Content:
    """Tell a mail's text, its HTML and its files apart."""
    bodies = _Bodies()
    bodies.sort([root], "mixed", in_alternative=False)
    text, uuencoded = _plain_text(bodies.text)
    html = _markup(bodies.html)
    if not (text.strip() or html.strip()) and (enclosed := _only_enclosed(root)) is not None:
        text, html, _ = content_of(enclosed)
    attachments: list[Attachment] = []
    shown = {unquote(found) for found in _SHOWN.findall(html)}
    for part in bodies.files:
        packed = tnef.unpack(part.content) if _is_tnef(part) else None
        if packed is None:
            attachments.append(_attachment(part, shown))
        else:
            attachments.extend(packed.attachments)
            text, html = text or packed.text, html or packed.html
    return Content(text, html, (*attachments, *uuencoded))


def _only_enclosed(root: Part) -> Part | None:
    """Return the mail that a mail without a word of its own passes on; reports pass none on."""
    if root.content_type == "multipart/report":
        return None
    enclosed = [part for part in root.children if part.content_type in _MAILS and part.children]
    return enclosed[0].children[0] if len(enclosed) == 1 else None


class _Bodies:
    """The parts of each body, and all others, sorted by the algorithm of RFC 8621."""

    def __init__(self) -> None:
        self.text: list[Part] = []
        self.html: list[Part] = []
        self.files: list[Part] = []

    def sort(self, parts: list[Part], multipart: str, *, in_alternative: bool) -> None:
        """Sort the children of a `multipart/<multipart>`."""
        before = len(self.text), len(self.html)
        for index, part in enumerate(parts):
            if part.is_multipart:
                kind = part.content_type.partition("/")[2]
                nested = in_alternative or kind == "alternative"
                self.sort(list(part.children), kind, in_alternative=nested)
            elif multipart == "alternative" and part.content_type in _LESSER:
                continue
            elif not _is_body(part, index, multipart):
                self.files.append(part)
            elif multipart == "alternative":
                (self.html if part.content_type == "text/html" else self.text).append(part)
            else:
                self._take(part, in_alternative=in_alternative)
        if multipart == "alternative":
            self._fill_missing(*before)

    def _take(self, part: Part, *, in_alternative: bool) -> None:
        """Put a text that is no alternative to another into both bodies.

        Within an alternative it belongs to one of them: a `multipart/related` around HTML.
        """
        if not in_alternative or part.content_type != "text/html":
            self.text.append(part)
        if not in_alternative or part.content_type == "text/html":
            self.html.append(part)

    def _fill_missing(self, texts: int, htmls: int) -> None:
        """An alternative that offers one kind only counts for both."""
        if len(self.text) == texts:
            self.text += self.html[htmls:]
        elif len(self.html) == htmls:
            self.html += self.text[texts:]


def _is_body(part: Part, index: int, multipart: str) -> bool:
    if part.disposition == "attachment":
        return False
    if part.content_type not in _BODY:
        return False
    return index == 0 or (multipart != "related" and not part.name)


def _plain_text(parts: list[Part]) -> tuple[str, list[Attachment]]:
    """Return the plain parts, one after the other, and the files uuencoded in them."""
    texts: list[str] = []
    attachments: list[Attachment] = []
    for index, part in enumerate(parts):
        if part.content_type == "text/html":
            continue
        files, content = uuencoded_files(part.content)
        attachments += [Attachment(n, "application/octet-stream", c) for n, c in files]
        texts.append(_text_of(part, content, guess=index < _MOST_GUESSES))
    return _joined(texts), attachments


def _markup(parts: list[Part]) -> str:
    """Return the HTML parts, one after the other, with plain parts between them as HTML."""
    if not any(part.content_type == "text/html" for part in parts):
        return ""
    texts = (
        (part.content_type, _text_of(part, part.content, guess=index < _MOST_GUESSES))
        for index, part in enumerate(parts)
    )
    return "\n".join(
        text
        if content_type == "text/html"
        else f"<div style='white-space:pre-wrap'>{escape(text)}</div>"
        for content_type, text in texts
    )


def _text_of(part: Part, content: bytes, *, guess: bool) -> str:
    text = decode(content, part.charset, guess=guess).replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "")


def _joined(texts: list[str]) -> str:
    filled = [text for text in texts if text.strip()]
    return "".join(text if text.endswith("\n") else text + "\n" for text in filled[:-1]) + (
        filled[-1] if filled else ""
    )


def _attachment(part: Part, shown: set[str]) -> Attachment:
    return Attachment(
        name=part.name or _given_name(part),
        content_type=part.content_type,
        content=part.content,
        content_id=part.content_id,
        inline=part.content_id in shown
        or (part.disposition == "inline" and part.content_type.startswith(_MEDIA)),
    )


def _given_name(part: Part) -> str:
    """Name an enclosed mail by its subject, for it has no name of its own."""
    if part.content_type in _MAILS and part.children:
        subject = part.children[0].headers.get("subject")[:100].strip()
        return f"{subject or 'message'}.eml"
    return ""


def _is_tnef(part: Part) -> bool:
    return part.content_type in {
        "application/ms-tnef",
        "application/vnd.ms-tnef",
    } or (part.name.lower() == "winmail.dat")
