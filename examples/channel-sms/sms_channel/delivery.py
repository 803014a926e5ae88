"""Carrying a reply to Textline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    OutgoingError,
    Permanent,
    Retry,
    Sent,
    retry_after,
    retry_delay,
)

from .models import SmsLine
from .settings import API_URL

if TYPE_CHECKING:
    from support_core.plugin_api import OpenDesk, OutboundMessage

REFUSED_KEY = 401
TOO_MANY = 429


def carry(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    """Hand one reply to Textline; its ``Idempotency-Key`` makes a repeat harmless.

    Raises ``Retry`` where Textline is busy or out of reach and ``Permanent`` where it refuses.
    """
    conversation = message.conversation
    with open_desk() as desk:
        line = desk.session.get(SmsLine, (desk.workspace_id, conversation.mailbox_id))
        if line is None:
            raise Permanent("The mailbox has no SMS number.")
        number, api_key = line.number, desk.keyring.decrypt(line.api_key)
        client, url = desk.application.outgoing, desk.settings[API_URL]
        now = desk.clock().timestamp()
    # From here on no transaction is open: the network may take its time.
    text = {
        "from": number,
        "to": conversation.customer_phone,
        "text": message.body_text,
        "reference": message.message_id,
    }
    headers = {
        "Authorization": f"Bearer {api_key}",
        "Content-Type": "application/json",
        "Idempotency-Key": message.message_id,
    }
    try:
        answer = client.request(
            "POST", f"{url}/messages", headers=headers, content=json.dumps(text).encode()
        )
    except OutgoingError as error:
        raise _later(message, str(error)) from None
    if answer.status in {200, 201, 202}:
        _note_problem(open_desk, message, None)
        return Sent(external_id=_word(answer.body_head, "id"))
    reason = _word(answer.body_head, "message") or f"Textline answered {answer.status}."
    if answer.status == TOO_MANY or answer.status >= 500:
        wait = retry_after(answer.headers.get("retry-after"), now=now)
        raise _later(message, reason, at_least=wait)
    if answer.status == REFUSED_KEY:
        _note_problem(open_desk, message, reason)
    raise Permanent(reason)


def _later(
    message: OutboundMessage, reason: str, *, at_least: float | None = None
) -> Retry | Permanent:
    delay = retry_delay(message.attempt + 1)
    return Permanent(reason) if delay is None else Retry(max(delay, at_least or 0), reason)


def _note_problem(open_desk: OpenDesk, message: OutboundMessage, problem: str | None) -> None:
    """Keep what is wrong with the key, for the health check."""
    with open_desk() as desk:
        line = desk.session.get(SmsLine, (desk.workspace_id, message.conversation.mailbox_id))
        if line is not None and line.problem != problem:
            line.problem = problem


def _word(body: bytes, name: str) -> str | None:
    """Return one text of a JSON answer, however it looks."""
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return None
    word = answer.get(name) if isinstance(answer, dict) else None
    return word if isinstance(word, str) else None
