"""Endpoints, deliveries and replays as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import component, many, maybe, obj

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookReplay

Shape = dict[str, Any]

_ID: Shape = {"type": "integer", "minimum": 1}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_TEXT: Shape = {"type": "string"}
_FLAG: Shape = {"type": "boolean"}
_MOMENT: Shape = {"type": "string", "format": "date-time"}
_HEADERS: Shape = {"type": "object", "additionalProperties": _TEXT}

_ENDPOINT: Shape = {
    "id": _ID,
    "url": _TEXT,
    "description": maybe(_TEXT),
    "event_types": many(_TEXT),
    "is_active": _FLAG,
    "disabled_at": maybe(_MOMENT),
    "disabled_reason": maybe(_TEXT),
    "old_secret_until": maybe(_MOMENT),
    "health": obj(
        last_success_at=maybe(_MOMENT),
        last_failure_at=maybe(_MOMENT),
        last_failure=maybe(_TEXT),
        consecutive_failures=_COUNT,
        failing_since=maybe(_MOMENT),
        paused_until=maybe(_MOMENT),
    ),
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
}
ENDPOINT = component("Webhook", obj(**_ENDPOINT))
ENDPOINT_WITH_SECRET = component("WebhookWithSecret", obj(**_ENDPOINT, secret=_TEXT))

_DELIVERY: Shape = {
    "id": _ID,
    "webhook_id": _ID,
    "message_id": _TEXT,
    "event_id": maybe(_ID),
    "event_type": _TEXT,
    "conversation_id": maybe(_ID),
    "state": _TEXT,
    "attempts": _COUNT,
    "next_attempt_at": maybe(_MOMENT),
    "status": maybe(_COUNT),
    "error": maybe(_TEXT),
    "delivered_at": maybe(_MOMENT),
    "created_at": _MOMENT,
    "updated_at": _MOMENT,
}
DELIVERY = component("WebhookDelivery", obj(**_DELIVERY))
_ATTEMPT = obj(
    number=_ID,
    started_at=_MOMENT,
    duration_ms=_COUNT,
    url=_TEXT,
    request_headers=_HEADERS,
    status=maybe(_COUNT),
    response_headers={**_HEADERS, "type": ["object", "null"]},
    response_body=maybe(_TEXT),
    error=maybe(_TEXT),
)
DELIVERY_WITH_ATTEMPTS = component(
    "WebhookDeliveryWithAttempts",
    obj(**_DELIVERY, body=_TEXT, attempt_log=many(_ATTEMPT)),
)
REPLAY = component(
    "WebhookReplay",
    obj(
        id=_ID,
        webhook_id=_ID,
        after=_MOMENT,
        before=_MOMENT,
        event_types=many(_TEXT),
        only_failed=_FLAG,
        state=_TEXT,
        total=_COUNT,
        looked_at=_COUNT,
        queued=_COUNT,
        created_at=_MOMENT,
        finished_at=maybe(_MOMENT),
    ),
)


def present_endpoint(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return an endpoint, without its secrets."""
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": endpoint.event_types,
        "is_active": endpoint.is_active,
        "disabled_at": endpoint.disabled_at,
        "disabled_reason": endpoint.disabled_reason,
        "old_secret_until": endpoint.old_secret_until,
        "health": {
            "last_success_at": endpoint.last_success_at,
            "last_failure_at": endpoint.last_failure_at,
            "last_failure": endpoint.last_failure,
            "consecutive_failures": endpoint.consecutive_failures,
            "failing_since": endpoint.failing_since,
            "paused_until": endpoint.paused_until,
        },
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def present_delivery(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return a delivery as lists show it: an entity, or a row of its columns."""
    return {
        "id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "message_id": delivery.message_id,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "conversation_id": delivery.conversation_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_attempt_at": delivery.due_at if delivery.state == "pending" else None,
        "status": delivery.status,
        "error": delivery.error,
        "delivered_at": delivery.delivered_at,
        "created_at": delivery.created_at,
        "updated_at": delivery.updated_at,
    }


def present_with_attempts(
    delivery: WebhookDelivery, attempts: Sequence[WebhookAttempt]
) -> dict[str, Any]:
    """Return a delivery with what was sent and every attempt at it, the oldest first."""
    return {
        **present_delivery(delivery),
        "body": delivery.body,
        "attempt_log": [_attempt(attempt) for attempt in attempts],
    }


def _attempt(attempt: WebhookAttempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "url": attempt.url,
        "request_headers": attempt.request_headers,
        "status": attempt.status,
        "response_headers": attempt.response_headers,
        "response_body": attempt.response_body,
        "error": attempt.error,
    }


def present_replay(replay: WebhookReplay) -> dict[str, Any]:
    """Return a replay and how far it has come."""
    return {
        "id": replay.id,
        "webhook_id": replay.endpoint_id,
        "after": replay.after,
        "before": replay.before,
        "event_types": replay.event_types,
        "only_failed": replay.only_failed,
        "state": replay.state,
        "total": replay.total,
        "looked_at": replay.looked_at,
        "queued": replay.queued,
        "created_at": replay.created_at,
        "finished_at": replay.finished_at,
    }
