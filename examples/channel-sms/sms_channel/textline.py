"""What Textline sends: the signature of its webhooks, and the events in them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

from support_core.plugin_api import InvalidRequest

#: E.164: a plus sign and up to 15 digits.
PHONE = r"\+[1-9][0-9]{6,14}"

#: Seconds by which a webhook's timestamp may differ from our clock.
TOLERANCE = 300

#: Textline's words for what became of a message, and ours.
STATES = {"sent": "sent", "delivered": "delivered", "failed": "failed"}


@dataclass(frozen=True)
class Received:
    """A customer's text; ``id`` is the same when Textline sends it again."""

    id: str
    phone: str
    text: str


@dataclass(frozen=True)
class Report:
    """What became of one of our messages, told by the reference we gave it."""

    reference: str
    state: str
    error: str | None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the hexadecimal HMAC-SHA256 of timestamp, full stop and body."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def is_genuine(secret: str, *, timestamp: str, given: str, body: bytes, now: float) -> bool:
    """Tell whether Textline signed ``body`` just now; compares in constant time."""
    expected = signature(secret, timestamp, body).encode()
    same = hmac.compare_digest(expected, given.encode("utf-8", "replace"))
    fresh = re.fullmatch(r"[0-9]{1,12}", timestamp) and abs(now - int(timestamp)) <= TOLERANCE
    return same and bool(fresh)


def read_event(body: bytes) -> Received | Report | None:
    """Return the event; None for a kind of event that this channel has no use for.

    Raises ``InvalidRequest`` for what is no event at all.
    """
    try:
        event = json.loads(body)
        return _read(event)
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRequest("The body is no event of Textline's.") from error


def _read(event: Any) -> Received | Report | None:
    kind = event["type"]
    if kind == "message.received":
        if not re.fullmatch(PHONE, event["from"]):
            raise ValueError("no phone number")
        return Received(id=event["id"][:255], phone=event["from"], text=event["text"])
    if kind == "message.status" and event["status"] in STATES:
        return Report(
            reference=str(event["reference"]),
            state=STATES[event["status"]],
            error=event.get("error"),
        )
    return None
