"""Which mail a bounce speaks of: it comes back whole, as its header, or quoted in the text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .. import addresses, headers, ids
from ..words import unfolded
from .report import own_parts

if TYPE_CHECKING:
    from ..mail import Mail, Part

_HEADERS = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_MAILS = frozenset({"message/rfc822", "message/global"})
_MESSAGE_ID = re.compile(
    r"^[ \t>]{0,4}message-id[ \t]?:\s{0,20}(<[^<>\s]{3,900}>)", re.MULTILINE | re.IGNORECASE
)
_TO = re.compile(r"^[ \t>]{0,4}to[ \t]?:(.{1,2000})$", re.MULTILINE | re.IGNORECASE)
_LONGEST = 200_000


class Original(NamedTuple):
    """What is known of the mail that was sent."""

    message_id: str
    to: tuple[str, ...]


def original_of(mail: Mail) -> Original:
    """Find the id and the recipients of the mail that bounced, "" and none when they are lost."""
    for part in own_parts(mail.root):
        found = _returned(part)
        if found is not None and found.message_id:
            return found
    quoted = _MESSAGE_ID.search(mail.text[:_LONGEST])
    if quoted:
        to = _TO.search(mail.text[:_LONGEST], quoted.end()) or _TO.search(mail.text[:_LONGEST])
        return Original(ids.message_id(quoted[1]), _emails(to[1]) if to else ())
    referred = mail.in_reply_to or mail.references[-1:]
    return Original(referred[0] if referred else "", ())


def _returned(part: Part) -> Original | None:
    if part.content_type in _MAILS and part.children:
        fields = part.children[0].headers
        return Original(ids.message_id(fields.get("Message-ID")), _emails(fields.get("To")))
    if part.content_type in _HEADERS or _is_bare_header(part):
        raw = {f.name.lower(): f.value for f in reversed(headers.split(part.content).fields)}
        return Original(
            ids.message_id(unfolded(raw.get("message-id", b""))),
            _emails(unfolded(raw.get("to", b""))),
        )
    return None


def _is_bare_header(part: Part) -> bool:
    """Whether an attached text is a mail's header under another name."""
    if not part.content_type.startswith("text/") or not (part.disposition or part.name):
        return False
    names = {field.name.lower() for field in headers.split(part.content[:_LONGEST]).fields}
    return {"message-id", "from"} <= names


def _emails(value: str) -> tuple[str, ...]:
    return tuple(address.email for address in addresses.parse(value))
