"""Writing mails: a text and an HTML part, files, and headers that thread (RFC 5322 §3.6.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from html import escape
from typing import TYPE_CHECKING, Any

from support_core.plugin_api import sanitise, to_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

#: Message-IDs in a References field; the first and the last ones tell most.
MOST_REFERENCES = 20

_IDS = frozenset({"message-id", "in-reply-to", "references"})
_TAG = re.compile(r"<(?:a|b|br|div|em|i|img|p|span|strong|table)\b[^>]*>", re.IGNORECASE)
_REPLY = re.compile(r"^\s*(?:re|aw|sv|antw|ref|rif|odp|vs)\s*(?:\[\d+\])?\s*:", re.IGNORECASE)


class _Policy(EmailPolicy):
    """Python's policy, but for Message-IDs: it would encode the long ones, which breaks them."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _IDS:
            return f"{name}: " + f"{self.linesep} ".join(str(value).split()) + self.linesep
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


WIRE = _Policy(linesep="\r\n", cte_type="7bit", raise_on_defect=False)


@dataclass(frozen=True)
class File:
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Text:
    """A text in both forms."""

    plain: str
    html: str

    @classmethod
    def of(cls, body: str, body_format: str) -> Text:
        """Return a body in both forms; HTML is sanitised."""
        if body_format == "html":
            return cls(to_text(body), sanitise(body))
        return cls(body, as_html(body))

    @classmethod
    def of_signature(cls, signature: str) -> Text:
        """Return a mailbox's signature in both forms; it is HTML where it has tags."""
        return cls.of(signature, "html" if _TAG.search(signature) else "text")

    def signed(self, signature: str | None) -> Text:
        """Return the text with a signature below, set apart by the usual dashes."""
        if not signature or not signature.strip():
            return self
        under = Text.of_signature(signature)
        return Text(
            f"{self.plain.rstrip()}\n\n-- \n{under.plain.strip()}\n",
            f'{self.html}\n<div class="signature">-- <br>\n{under.html}</div>',
        )

    def quoting(self, line: str, quoted: Text) -> Text:
        """Return the text with another one quoted below."""
        marked = "\n".join(f"> {it}".rstrip() for it in quoted.plain.strip().splitlines())
        return Text(
            f"{self.plain.rstrip()}\n\n{line}\n{marked}\n",
            f"{self.html}\n<p>{escape(line)}</p>\n<blockquote>{quoted.html}</blockquote>",
        )


@dataclass(frozen=True)
class Envelope:
    """Everything of a mail but its text; addresses are plain, Message-IDs without brackets."""

    message_id: str
    sender: str
    sender_name: str
    subject: str
    date: datetime
    to: Sequence[str]
    cc: Sequence[str] = ()
    reply_to: str | None = None
    in_reply_to: str | None = None
    references: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def write_mail(envelope: Envelope, text: Text, files: Sequence[File] = ()) -> bytes:
    """Return the mail as it goes over the wire, with CRLF; blind copies are nowhere in it."""
    mail = EmailMessage(policy=WIRE)
    mail["From"] = _address(envelope.sender, envelope.sender_name)
    mail["To"] = [_address(it) for it in envelope.to] or "undisclosed-recipients:;"
    if envelope.cc:
        mail["Cc"] = [_address(it) for it in envelope.cc]
    if envelope.reply_to:
        mail["Reply-To"] = _address(envelope.reply_to, envelope.sender_name)
    mail["Subject"] = " ".join(envelope.subject.split())
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = f"<{envelope.message_id}>"
    if envelope.in_reply_to:
        mail["In-Reply-To"] = f"<{envelope.in_reply_to}>"
    if envelope.references:
        mail["References"] = " ".join(f"<{it}>" for it in _shortened(envelope.references))
    for name, value in envelope.headers.items():
        mail[name] = value
    mail.set_content(text.plain.rstrip("\n") + "\n")
    mail.add_alternative(_document(text.html), subtype="html")
    for file in files:
        main, _, sub = file.content_type.partition("/")
        if main in {"message", "multipart"} or not sub:
            main, sub = "application", "octet-stream"
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return mail.as_bytes()


def reply_subject(subject: str) -> str:
    """Return the subject of an answer to a mail of this subject."""
    return subject if _REPLY.match(subject) else f"Re: {subject}"


def as_html(text: str) -> str:
    """Return plain text as HTML that looks the same in every mail program."""
    lines = [escape(line, quote=False) for line in text.splitlines()]
    shown = [re.sub(r"^ +| {2,}", lambda it: "&nbsp;" * len(it[0]), line) for line in lines]
    return "<p>" + "<br>\n".join(shown) + "</p>"


def wire_address(address: str) -> str:
    """Return an address with its domain in ASCII, as SMTP takes it without extensions."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return address


def _address(address: str, name: str = "") -> Address:
    local, _, domain = wire_address(address).rpartition("@")
    return Address(" ".join(name.split()), local, domain)


def _shortened(references: Sequence[str]) -> list[str]:
    known = list(dict.fromkeys(references))
    return known if len(known) <= MOST_REFERENCES else [known[0], *known[1 - MOST_REFERENCES :]]


def _document(html: str) -> str:
    head = '<head><meta charset="utf-8"></head>'
    return f"<!DOCTYPE html>\n<html>{head}<body>\n{html}\n</body></html>\n"
