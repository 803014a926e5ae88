"""Posting a reply to the mailbox's callback, signed by Standard Webhooks 1.0.0."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from support_core.plugin_api import (
    OutgoingError,
    Permanent,
    Retry,
    Sent,
    retry_after,
    retry_delay,
    sign,
)

from .models import ApiCallback

if TYPE_CHECKING:
    from support_core.plugin_api import OpenDesk, OutboundMessage

EVENT_TYPE = "conversation.replied"

#: The receiver says that it wants no more (Standard Webhooks, "Webhook endpoint gone").
GONE = 410


def carry(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    """Post one reply; without a callback there is nothing to carry.

    Raises ``Retry`` by the specification's schedule and ``Permanent`` once that is used up or the
    receiver is gone. ``webhook-id`` is the same in every attempt.
    """
    with open_desk() as desk:
        key = (desk.workspace_id, message.conversation.mailbox_id)
        callback = desk.session.get(ApiCallback, key)
        if callback is None:
            return Sent()
        url, secret = callback.url, desk.keyring.decrypt(callback.secret)
        client, now = desk.application.outgoing, desk.clock()
    body = orjson.dumps(payload(message))
    timestamp = int(now.timestamp())
    headers = sign([secret], message_id=message.message_id, timestamp=timestamp, body=body)
    headers["content-type"] = "application/json"
    try:
        response = client.request("POST", url, headers=headers, content=body)
    except OutgoingError as error:
        raise _later(message, str(error)) from None
    if 200 <= response.status < 300:
        return Sent()
    if response.status == GONE:
        raise Permanent("The callback answered 410 Gone.")
    wait = retry_after(response.headers.get("retry-after"), now=timestamp)
    raise _later(message, f"The callback answered {response.status}.", at_least=wait)


def _later(
    message: OutboundMessage, reason: str, *, at_least: float | None = None
) -> Retry | Permanent:
    delay = retry_delay(message.attempt + 1)
    if delay is None:
        return Permanent(reason)
    return Retry(max(delay, at_least or 0), reason)


def payload(message: OutboundMessage) -> dict[str, Any]:
    """Return the webhook's payload: type, time, and the reply with its conversation."""
    conversation = message.conversation
    return {
        "type": EVENT_TYPE,
        "timestamp": _utc(message.created_at),
        "data": {
            "conversation": {
                "id": conversation.id,
                "number": conversation.number,
                "subject": conversation.subject,
                "status": conversation.status,
                "customer": {
                    "id": conversation.customer_id,
                    "email": conversation.customer_email,
                    "display_name": conversation.customer_name,
                },
            },
            "thread": {
                "id": message.thread_id,
                "type": "message",
                "body": message.body,
                "body_format": message.body_format,
                "body_text": message.body_text,
                "created_at": _utc(message.created_at),
                "agent_name": message.agent_name,
                "attachments": [
                    {
                        "id": attachment.id,
                        "name": attachment.name,
                        "content_type": attachment.content_type,
                        "size": attachment.size,
                    }
                    for attachment in message.attachments
                ],
            },
        },
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
