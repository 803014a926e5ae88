"""Mails as bytes, read: pure functions, without a database or a network."""

from __future__ import annotations

from .automatic import classify, verdict_on
from .bounces import bounce_of
from .forwards import forwarded
from .inspection import inspect
from .mail import Address, Attachment, Forwarded, Headers, Mail, Part, Visible
from .reader import read_mail
from .reply import shown_reply, visible_html, visible_reply, visible_text
from .verdicts import Action, Bounce, BouncedRecipient, Kind, Verdict

__all__ = [
    "Action",
    "Address",
    "Attachment",
    "Bounce",
    "BouncedRecipient",
    "Forwarded",
    "Headers",
    "Kind",
    "Mail",
    "Part",
    "Verdict",
    "Visible",
    "bounce_of",
    "classify",
    "forwarded",
    "inspect",
    "read_mail",
    "shown_reply",
    "verdict_on",
    "visible_html",
    "visible_reply",
    "visible_text",
]
