"""From events to deliveries: which endpoint gets what, and what has to wait for what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from support_core.plugin_api import Conversation

from .messages import draft, wanted
from .models import OPEN, OPEN_ROW, WebhookAttempt, WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from support_core.plugin_api import Desk, DomainEvent

    from .messages import Draft

FOLLOWER = "webhooks"


def hear(desk: Desk, events: Sequence[DomainEvent], *, wake: Callable[[Desk, int], None]) -> None:
    """Record events for the endpoints that want them; the follower's handler.

    Locks the endpoints, so that nothing is recorded while something is found to be over.
    """
    _forget_answers_about(desk, [it for it in events if it.type == "customer.erased"])
    endpoints = desk.session.scalars(
        select(WebhookEndpoint)
        .where(WebhookEndpoint.deleted_at.is_(None))
        .order_by(WebhookEndpoint.id)
        .with_for_update()
    ).all()
    if not endpoints:
        desk.events.unfollow(FOLLOWER)
    for endpoint in endpoints:
        if endpoint.is_on:
            chosen = [draft(it) for it in events if _for(endpoint, it)]
            if record(desk, endpoint.id, chosen):
                wake(desk, endpoint.id)


def _for(endpoint: WebhookEndpoint, event: DomainEvent) -> bool:
    """Tell whether an endpoint gets an event: of the types it names, and not about itself."""
    about_itself = (
        event.type.startswith("webhook.") and event.payload.get("webhook_id") == endpoint.id
    )
    return wanted(event.type, endpoint.event_types) and not about_itself


def record(desk: Desk, endpoint_id: int, drafts: Sequence[Draft], *, again: bool = False) -> int:
    """Record messages for a locked endpoint, in their order; return how many there are to send.

    One that is recorded already is left alone, or with ``again`` sent once more if it is over.
    """
    if not drafts:
        return 0
    session, now = desk.session, desk.clock()
    known = _known(desk, endpoint_id, [it.message_id for it in drafts])
    line = Line(desk, endpoint_id, (it.topic for it in drafts))
    fresh = [it for it in drafts if it.message_id not in known]
    session.add_all(
        WebhookDelivery(
            endpoint_id=endpoint_id,
            message_id=it.message_id,
            event_id=it.event_id,
            event_type=it.event_type,
            conversation_id=it.conversation_id,
            topic=it.topic,
            body=it.body,
            state=line.join(it.topic),
            due_at=now,
            created_at=now,
            updated_at=now,
        )
        for it in fresh
    )
    repeated = [known[it.message_id] for it in drafts if again and it.message_id in known]
    reopened = reopen(desk, line, repeated)
    session.flush()
    return len(fresh) + reopened


def reopen(desk: Desk, line: Line, deliveries: Iterable[WebhookDelivery]) -> int:
    """Have deliveries that are over sent again, as if never tried; return how many were over."""
    now = desk.clock()
    over = [delivery for delivery in deliveries if delivery.state not in OPEN]
    for delivery in over:
        delivery.state = line.join(delivery.topic)
        delivery.due_at = delivery.updated_at = now
        delivery.tries = 0
        delivery.error = delivery.delivered_at = None
    return len(over)


class Line:
    """Who stands before whom at a locked endpoint: of one topic one delivery goes at a time."""

    def __init__(self, desk: Desk, endpoint_id: int, topics: Iterable[str | None]) -> None:
        asked = sorted({topic for topic in topics if topic is not None})
        self._taken: set[str | None] = set()
        if asked:
            self._taken.update(
                desk.session.scalars(
                    select(WebhookDelivery.topic).where(
                        WebhookDelivery.endpoint_id == endpoint_id,
                        WebhookDelivery.topic.in_(asked),
                        OPEN_ROW,
                    )
                )
            )

    def join(self, topic: str | None) -> str:
        """Return the state of the next delivery of a topic."""
        if topic is None:
            return "pending"
        state = "waiting" if topic in self._taken else "pending"
        self._taken.add(topic)
        return state


def advance(desk: Desk, endpoint_id: int, topic: str | None) -> None:
    """Let the next delivery of a topic go, now that the one before it is over."""
    if topic is None:
        return
    first = (
        select(WebhookDelivery)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.topic == topic,
            OPEN_ROW,
            WebhookDelivery.state == "waiting",
        )
        .order_by(WebhookDelivery.id)
        .limit(1)
    )
    following = desk.session.scalars(first).one_or_none()
    if following is not None:
        following.state = "pending"
        following.due_at = following.updated_at = desk.clock()


def _known(desk: Desk, endpoint_id: int, ids: Sequence[str]) -> dict[str, WebhookDelivery]:
    rows = desk.session.scalars(
        select(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.message_id.in_(ids)
        )
    )
    return {row.message_id: row for row in rows}


def _forget_answers_about(desk: Desk, erasures: Sequence[DomainEvent]) -> None:
    """Forget what receivers answered about customers who were erased; what we sent are ids."""
    customers = [event.payload["customer_id"] for event in erasures]
    if customers:
        theirs = select(Conversation.id).where(Conversation.customer_id.in_(customers))
        about = select(WebhookDelivery.id).where(WebhookDelivery.conversation_id.in_(theirs))
        desk.session.execute(
            update(WebhookAttempt)
            .where(WebhookAttempt.delivery_id.in_(about))
            .values(response_headers=None, response_body=None),
            execution_options={"synchronize_session": False},
        )
