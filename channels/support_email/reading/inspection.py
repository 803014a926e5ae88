"""What the desk makes of a mail, as plain data: for `mail inspect`, and to judge the rules by."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from .automatic import classify, verdict_on
from .bounces import bounce_of
from .forwards import forwarded
from .reader import read_mail
from .reply import visible_html, visible_reply, visible_text
from .verdicts import Kind

if TYPE_CHECKING:
    from collections.abc import Collection

    from .mail import Address, Attachment, Mail

SourceKind = Literal["mime", "text", "html"]


def inspect(raw: bytes, own_addresses: Collection[str] = ()) -> dict[str, Any]:
    """Return all that is made of a mail, ready for JSON; contents of attachments left out."""
    mail = read_mail(raw)
    visible = visible_reply(mail)
    bounce = bounce_of(mail)
    verdict = verdict_on(mail, bounce, own_addresses)
    passed_on = forwarded(mail)
    return {
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "subject": mail.subject,
        "from": asdict(mail.sender) if mail.sender else None,
        "reply_to": _people(mail.reply_to),
        "to": _people(mail.to),
        "cc": _people(mail.cc),
        "date": mail.date.isoformat() if mail.date else None,
        "size": mail.size,
        "reply": visible.text,
        "quoted": visible.quoted,
        "signature": visible.signature,
        "text": mail.text,
        "html": mail.html,
        "attachments": [_file(attachment) for attachment in mail.attachments],
        "kind": verdict.kind.value,
        "may_auto_respond": verdict.may_auto_respond,
        "reasons": list(verdict.reasons),
        "bounce": asdict(bounce) if bounce else None,
        "forwarded": asdict(passed_on) if passed_on else None,
        "defects": list(mail.defects),
    }


def reading_of(raw: bytes, kind: SourceKind = "mime") -> dict[str, Any]:
    """Return what collections of expectations ask for: of a bare body only the reply."""
    if kind == "text":
        return {"reply": visible_text(raw.decode("utf-8", "replace")).text}
    if kind == "html":
        return {"reply": visible_html(raw.decode("utf-8", "replace")).text}
    mail = read_mail(raw)
    verdict = classify(mail)
    return {
        "reply": visible_reply(mail).text,
        "from_email": mail.sender.email if mail.sender else "",
        "from_name": mail.sender.name if mail.sender else "",
        "subject": mail.subject,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "text": mail.text,
        "attachments": _names(mail),
        "is_bounce": verdict.is_bounce,
        "is_auto_reply": verdict.kind is Kind.AUTO_REPLY,
        "may_auto_respond": verdict.may_auto_respond,
    }


def _names(mail: Mail) -> list[dict[str, str]]:
    return [{"name": file.name, "content_type": file.content_type} for file in mail.attachments]


def _people(addresses: tuple[Address, ...]) -> list[dict[str, str]]:
    return [asdict(address) for address in addresses]


def _file(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "content_type": attachment.content_type,
        "content_id": attachment.content_id,
        "inline": attachment.inline,
        "size": len(attachment.content),
    }
