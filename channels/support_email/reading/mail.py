"""What a mail consists of once it has been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Address:
    """Somebody's address; `email` as written (its case kept), `name` decoded and perhaps empty."""

    email: str
    name: str = ""

    @property
    def key(self) -> str:
        """What two spellings of one address have in common."""
        return self.email.casefold()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail.

    `content_id` is without angle brackets; `inline` means that the mail's text shows it, by its
    content id or because the sender asked for it. `name` is a bare file name and may be empty.
    """

    name: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""
    inline: bool = False


class Headers:
    """A part's header fields, unfolded and decoded to text, in their order. Case is no matter."""

    def __init__(self, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self._fields = fields
        self._by_name: dict[str, list[str]] = {}
        for name, value in fields:
            self._by_name.setdefault(name.lower(), []).append(value)

    def get(self, name: str, default: str = "") -> str:
        """Return the first field of that name."""
        values = self._by_name.get(name.lower())
        return values[0] if values else default

    def all(self, name: str) -> tuple[str, ...]:
        """Return every field of that name."""
        return tuple(self._by_name.get(name.lower(), ()))

    def names(self) -> frozenset[str]:
        """Return the names there are, in lower case."""
        return frozenset(self._by_name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._by_name

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class Part:
    """A node of a mail's MIME tree (RFC 2045).

    `content` is what the transfer encoding hid, of leaves only; `children` are the parts of a
    multipart, or the one mail inside a `message/rfc822`.
    """

    headers: Headers
    content_type: str
    charset: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    name: str = ""
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)
    children: tuple[Part, ...] = ()

    @property
    def is_multipart(self) -> bool:
        return self.content_type.startswith("multipart/")

    def walk(self) -> Iterator[Part]:
        """Yield this part and all below it, enclosed mails included, in the order they came."""
        waiting = [self]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(reversed(part.children))


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as a person would describe it.

    Message ids are without angle brackets, "" or absent when there is none. `text` is the plain
    body, "" when the mail has only HTML; `html` the HTML body as sent, "" when there is none: it
    is a stranger's HTML and has to be sanitised before it is shown. `date` is aware and None when
    missing or nonsense. `defects` are sentences on what was wrong and has been worked around.
    """

    headers: Headers
    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    date: datetime | None
    text: str = field(repr=False)
    html: str = field(repr=False)
    attachments: tuple[Attachment, ...]
    root: Part = field(repr=False)
    size: int
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visible:
    """What the sender wrote in this mail, apart from what was quoted.

    `text` is never without content when the mail had any: a mail of nothing but a quotation is
    shown whole. `html` is the same of the HTML body, unsanitised, "" when there is none. `quoted`
    is what was left out as quotation, `signature` what was as signature; both plain text.
    """

    text: str
    html: str = ""
    quoted: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that this mail passes on: its original sender, subject and text, where known."""

    sender: Address | None
    subject: str
    text: str = field(repr=False)
    note: str = field(default="", repr=False)
    message_id: str = ""
