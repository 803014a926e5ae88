"""What a reply is on WhatsApp: one or several messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import OutboundAttachment

MOST_TEXT, MOST_CAPTION = 4096, 1024
MEGABYTE = 1 << 20

#: What goes as a picture, film or sound, by type; anything else, and what is larger, as a document
#: (Meta, "Supported media types").
SHOWN = {
    "image": (frozenset({"image/jpeg", "image/png"}), 5 * MEGABYTE),
    "video": (frozenset({"video/mp4", "video/3gpp"}), 16 * MEGABYTE),
    "audio": (
        frozenset({"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}),
        16 * MEGABYTE,
    ),
}
MOST_BYTES = 100 * MEGABYTE
CAPTIONED = frozenset({"image", "video", "document"})

_WORD_END = re.compile(r"\s+")


@dataclass(frozen=True)
class Part:
    """One message: a text, a file with perhaps a caption, or (with neither) the template."""

    text: str = ""
    attachment: OutboundAttachment | None = None

    @property
    def kind(self) -> str:
        """What the file goes as."""
        return kind_of(self.attachment) if self.attachment is not None else "text"


def kind_of(attachment: OutboundAttachment) -> str:
    """Return what a file goes as: image, video, audio or document."""
    for kind, (types, most) in SHOWN.items():
        if attachment.content_type in types and attachment.size <= most:
            return kind
    return "document"


def parts_of(text: str, attachments: Sequence[OutboundAttachment]) -> list[Part]:
    """Return the messages of a reply, in their order.

    A short text is the caption of the first file where that can have one.
    """
    first = next(iter(attachments), None)
    words = text.strip()
    if first is not None and len(words) <= MOST_CAPTION and kind_of(first) in CAPTIONED:
        return [Part(words, first), *(Part("", it) for it in attachments[1:])]
    return [*(Part(it) for it in split(words)), *(Part("", it) for it in attachments)]


def split(text: str, most: int = MOST_TEXT) -> list[str]:
    """Split a text between words, into pieces that WhatsApp takes; a very long word is cut."""
    pieces, rest = [], text.strip()
    while len(rest) > most:
        head = rest[: most + 1]
        ends = [it.start() for it in _WORD_END.finditer(head) if it.start() > 0]
        lines = [it for it in ends if "\n" in rest[it : it + 1] and it >= most // 2]
        end = (lines or ends or [most])[-1]
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def body_of(part: Part, media_id: str | None) -> dict[str, Any]:
    """Return a message's own part of the body that the Graph API takes."""
    if part.attachment is None:
        return {"type": "text", "text": {"body": part.text, "preview_url": False}}
    media: dict[str, Any] = {"id": media_id}
    if part.text and part.kind in CAPTIONED:
        media["caption"] = part.text
    if part.kind == "document":
        media["filename"] = part.attachment.name
    return {"type": part.kind, part.kind: media}
