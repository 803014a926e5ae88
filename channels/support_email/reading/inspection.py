"""What the desk makes of a mail, as plain data: for `mail inspect` and for judging the rules."""

from __future__ import annotations

from typing import Any

from .automatic import classify
from .reader import read_mail
from .reply import visible_reply
from .reply.visible import visible_html, visible_text
from .verdicts import Kind


def reading_of(raw: bytes, kind: str = "mime") -> dict[str, Any]:
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
        "attachments": [{"name": a.name, "content_type": a.content_type} for a in mail.attachments],
        "is_bounce": verdict.is_bounce,
        "is_auto_reply": verdict.kind is Kind.AUTO_REPLY,
        "may_auto_respond": verdict.may_auto_respond,
    }
