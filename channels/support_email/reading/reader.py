"""From the bytes of a mail to what a person would say it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import addresses, dates, headers, ids
from .bodies import content_of
from .mail import Address, Mail
from .mime import Tree
from .words import unfolded

if TYPE_CHECKING:
    from .headers import RawField


def read_mail(raw: bytes) -> Mail:
    """Read a mail, whatever `raw` is; nothing that a sender can write makes it raise.

    Takes time and memory in proportion to the size of `raw` (about a third more is held).
    """
    # Nothing but carriage returns: a mail of a Macintosh, or of a broken gateway.
    lined = raw if b"\n" in raw else raw.replace(b"\r", b"\n")
    tree = Tree(lined)
    root = tree.root
    content = content_of(root)
    fields = _Fields(tree.fields)
    senders = fields.addresses("From") or fields.addresses("Sender")
    return Mail(
        headers=root.headers,
        message_id=ids.message_id(fields.value("Message-ID")),
        in_reply_to=ids.message_ids(fields.value("In-Reply-To")),
        references=ids.message_ids(fields.value("References")),
        subject=root.headers.get("Subject"),
        sender=senders[0] if senders else None,
        reply_to=fields.addresses("Reply-To"),
        to=fields.addresses("To"),
        cc=fields.addresses("Cc"),
        date=dates.parse(root.headers.get("Date")),
        text=content.text,
        html=content.html,
        attachments=content.attachments,
        root=root,
        size=len(raw),
        defects=tuple(tree.defects),
    )


class _Fields:
    """Fields whose structure has to be read before their encoded words are decoded."""

    def __init__(self, fields: list[RawField]) -> None:
        self._hint = headers.hinted_charset(fields)
        self._values: dict[str, list[bytes]] = {}
        for field in fields:
            self._values.setdefault(field.name.lower(), []).append(field.value)

    def value(self, name: str) -> str:
        """Return the first such field that is not empty, unfolded."""
        for value in self._values.get(name.lower(), ()):
            if value.strip():
                return unfolded(value, self._hint)
        return ""

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the addresses of all fields of that name."""
        return tuple(
            address
            for value in self._values.get(name.lower(), ())
            for address in addresses.parse(unfolded(value, self._hint))
        )[: addresses.MOST_ADDRESSES]
