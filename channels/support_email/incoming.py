"""A raw mail made ready to be filed: read and judged, without a database."""

from __future__ import annotations

import hashlib
import re
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support_core.plugin_api import to_text

from .reading import Address, Kind, bounce_of, forwarded, read_mail, shown_reply, verdict_on
from .tokens import message_key

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from support_core.plugin_api import Blob

    from .reading import Attachment, Bounce, Forwarded, Mail, Verdict, Visible

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(
    rb"^message-id[ \t]*:[ \t\r\n]*(?:<([^<>\r\n]+)>|([^\s<>]+))", re.IGNORECASE | re.MULTILINE
)

#: Where a server says to whom it delivered, beside To and Cc.
DELIVERED_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To")

#: Characters of a subject that are kept.
LONGEST_SUBJECT = 500


@dataclass(frozen=True)
class StoredFile:
    """A file of a mail and its blob; None for one that is too large to be kept."""

    attachment: Attachment
    blob: Blob | None


@dataclass(frozen=True)
class Incoming:
    """A mail with all that reading it tells; ``files`` are stored before it is filed."""

    mail: Mail
    visible: Visible
    verdict: Verdict
    bounce: Bounce | None
    forward: Forwarded | None
    #: What is shown of it as plain text, where it is HTML.
    text: str | None = None
    files: Sequence[StoredFile] = ()

    @property
    def automatic(self) -> bool:
        """Whether no person wrote it."""
        return self.verdict.kind is not Kind.HUMAN

    @property
    def sender(self) -> Address | None:
        """Who wrote it, where they say so."""
        found = self.mail.sender or next(iter(self.mail.reply_to), None)
        return found if found is not None and "@" in found.email else None

    @property
    def subject(self) -> str:
        return " ".join(clean(self.mail.subject).split())[:LONGEST_SUBJECT]

    @property
    def addressees(self) -> list[str]:
        """Every address that this mail may have come to us by."""
        named = [it.email for it in (*self.mail.to, *self.mail.cc)]
        for name in DELIVERED_TO:
            for value in self.mail.headers.all(name):
                named += [word.strip("<>,;") for word in value.split() if "@" in word]
        return named

    @property
    def ancestors(self) -> list[str]:
        """The Message-IDs it refers to, the nearest first."""
        return list(dict.fromkeys([*self.mail.in_reply_to, *reversed(self.mail.references)]))

    def body(self) -> tuple[str, str]:
        """Return what the sender wrote, and whether that is ``html`` or ``text``."""
        if self.visible.html.strip():
            return clean(self.visible.html), "html"
        return clean(self.visible.text), "text"

    def facts(self) -> dict[str, Any]:
        """Return what is kept of it with the thread it becomes."""
        mail = self.mail
        facts: dict[str, Any] = {
            "kind": self.verdict.kind.value,
            "from": self.sender.email if self.sender else None,
            "to": [it.email for it in mail.to][:100],
            "cc": [it.email for it in mail.cc][:100],
            "message_id": mail.message_id or None,
            "date": mail.date.isoformat() if mail.date else None,
            "authentication": authentication(mail),
        }
        if self.verdict.reasons:
            facts["reasons"] = list(self.verdict.reasons)
        if mail.defects:
            facts["defects"] = list(mail.defects)[:20]
        return {name: _cleaned(value) for name, value in facts.items()}


@dataclass(frozen=True)
class Unreadable:
    """A mail that could not be read or filed: the ``reason`` in words, and ``told`` for the log."""

    reason: str
    told: str

    @classmethod
    def by(cls, error: Exception) -> Unreadable:
        """Describe what was raised."""
        reason = f"{type(error).__name__} while it was read or filed."
        return cls(reason, "".join(traceback.format_exception(error)))


def clean(text: str) -> str:
    """Return a text as every database can keep it: without NUL and lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return [_cleaned(it) for it in value] if isinstance(value, list) else value


def prepare(raw: bytes, own_addresses: Collection[str] = ()) -> Incoming:
    """Read a raw mail."""
    mail = read_mail(raw)
    visible, bounce = shown_reply(mail), bounce_of(mail)
    return Incoming(
        mail=mail,
        visible=visible,
        text=to_text(clean(visible.html)) if visible.html.strip() else None,
        verdict=verdict_on(mail, bounce, own_addresses),
        bounce=bounce,
        forward=forwarded(mail),
    )


def prepared(raw: bytes, own_addresses: Collection[str] = ()) -> Incoming | Unreadable:
    """Read a raw mail, whatever a stranger has put into it."""
    try:
        return prepare(raw, own_addresses)
    except Exception as error:  # noqa: BLE001 - whatever a stranger's mail does to the reader
        return Unreadable.by(error)


def key_of(raw: bytes) -> tuple[str, str | None]:
    """Return a raw mail's key for telling repeats, and its Message-ID, without reading it whole."""
    end = _HEAD_END.search(raw)
    found = _MESSAGE_ID.search(raw[: end.start()] if end else raw[:65_536])
    if found is None:
        return hashlib.sha256(raw).hexdigest(), None
    message_id = (found[1] or found[2]).decode("utf-8", "replace").strip()
    return message_key(message_id), message_id


def head_of(raw: bytes) -> bytes:
    """Return a mail's header, as a server gives it for BODY[HEADER]."""
    end = _HEAD_END.search(raw)
    return raw[: end.end()] if end else raw[:65_536]


_METHOD = re.compile(r"\b(dmarc|dkim|spf|arc)\s*=\s*([a-z]+)", re.IGNORECASE)


def authentication(mail: Mail) -> dict[str, str]:
    """Return the verdicts of the receiving server (RFC 8601), by method.

    Only the topmost field is read: that is the one of the server that delivered to the mailbox,
    while those below may be anybody's.
    """
    topmost = mail.headers.get("Authentication-Results")
    return {method.lower(): verdict.lower() for method, verdict in _METHOD.findall(topmost)}
