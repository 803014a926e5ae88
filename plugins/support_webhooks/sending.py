"""Taking what is due at an endpoint, and noting what became of it: two short transactions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from support_core.plugin_api import retry_delay

from .health import GONE, note_failure, note_success
from .models import DUE_ROW, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from .posting import Message
from .recording import advance

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

    from .posting import Outcome

#: Seconds beyond its time-out after which an attempt whose process died is made again.
GRACE = 30.0


def lock(desk: Desk, endpoint_id: int) -> WebhookEndpoint | None:
    """Return an endpoint whose row this transaction holds; None for one that is gone."""
    endpoint = desk.session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    return None if endpoint is None or endpoint.deleted_at is not None else endpoint


def claim(desk: Desk, endpoint: WebhookEndpoint, *, most: int) -> list[Message]:
    """Take up to ``most`` deliveries that are due; of each topic there is one at most."""
    now = desk.clock()
    if endpoint.paused_until is not None and endpoint.paused_until > now:
        return []
    due = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id, DUE_ROW, WebhookDelivery.due_at <= now)
        .order_by(WebhookDelivery.due_at, WebhookDelivery.id)
        .limit(most)
    )
    deliveries = desk.session.scalars(due).all()
    timeout: float = desk.settings["support.outgoing.timeout"]
    for delivery in deliveries:
        delivery.state = "sending"
        delivery.attempts += 1
        delivery.tries += 1
        delivery.updated_at = now
        delivery.due_at = now + timedelta(seconds=timeout + GRACE)
    secrets = secrets_of(desk, endpoint) if deliveries else ()
    return [
        Message(it.id, it.attempts, it.message_id, endpoint.url, it.body.encode(), secrets)
        for it in deliveries
    ]


def take_over(desk: Desk, endpoint_id: int) -> None:
    """Make due what a run of the endpoint's job was sending that has ended without a word."""
    if lock(desk, endpoint_id) is not None:
        desk.session.execute(
            update(WebhookDelivery)
            .where(
                WebhookDelivery.endpoint_id == endpoint_id,
                DUE_ROW,
                WebhookDelivery.state == "sending",
            )
            .values(due_at=desk.clock()),
            execution_options={"synchronize_session": False},
        )


def secrets_of(desk: Desk, endpoint: WebhookEndpoint) -> tuple[str, ...]:
    """Return what messages are signed with: the secret, and for a while the one before it."""
    stored = [endpoint.secret]
    until = endpoint.old_secret_until
    if endpoint.old_secret is not None and until is not None and until > desk.clock():
        stored.append(endpoint.old_secret)
    return tuple(desk.keyring.decrypt(it) for it in stored)


def next_due(desk: Desk, endpoint: WebhookEndpoint) -> datetime | None:
    """Return when there will be something to send; None where nothing waits."""
    first = desk.session.scalar(
        select(func.min(WebhookDelivery.due_at)).where(
            WebhookDelivery.endpoint_id == endpoint.id, DUE_ROW
        )
    )
    if first is None or endpoint.paused_until is None:
        return first
    return max(first, endpoint.paused_until)


def settle(desk: Desk, endpoint_id: int, message: Message, outcome: Outcome) -> None:
    """Note an attempt and what follows from it; what was deleted meanwhile is let be."""
    endpoint = lock(desk, endpoint_id)
    delivery = desk.session.get(WebhookDelivery, message.delivery_id)
    if endpoint is None or delivery is None:
        return
    desk.session.add(_attempt(message, outcome))
    if outcome.error is None:
        note_success(desk, endpoint)
    else:
        note_failure(desk, endpoint, outcome)
    # Whoever took it for lost and tries again by now says what becomes of it.
    if (delivery.state, delivery.attempts) == ("sending", message.number):
        _conclude(desk, delivery, outcome)


def _conclude(desk: Desk, delivery: WebhookDelivery, outcome: Outcome) -> None:
    now = desk.clock()
    delivery.status, delivery.error, delivery.updated_at = outcome.status, outcome.error, now
    wait = retry_delay(delivery.tries + 1)
    if outcome.error is None:
        delivery.state, delivery.delivered_at = "delivered", now
    elif outcome.status == GONE or wait is None:
        delivery.state = "failed"
    else:
        delivery.state = "pending"
        delivery.due_at = now + timedelta(seconds=max(wait, outcome.retry_after or 0.0))
        return
    desk.session.flush()
    advance(desk, delivery.endpoint_id, delivery.topic)


def _attempt(message: Message, outcome: Outcome) -> WebhookAttempt:
    return WebhookAttempt(
        delivery_id=message.delivery_id,
        number=message.number,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        url=message.url,
        request_headers=outcome.request_headers,
        status=outcome.status,
        response_headers=outcome.response_headers,
        response_body=outcome.response_body,
        error=outcome.error,
    )
