"""A webhook with one of everything behind it, which nothing is sent to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from support_webhooks.models import WebhookAttempt, WebhookDelivery, WebhookReplay

if TYPE_CHECKING:
    from support_core.desk import Desk
    from support_core.testing import TestWorkspace

#: Nobody listens on the discard port, so that even what a test sends by mistake goes nowhere.
NOBODY = "http://127.0.0.1:9/hook"


def add_webhook(workspace: TestWorkspace) -> int:
    """Add a webhook that hears of next to nothing, and return its id."""
    body = {"url": NOBODY, "event_types": ["webhook.disabled"]}
    made: int = workspace.owner.post("/webhooks", body).json["data"]["id"]
    return made


def add_delivery(desk: Desk, webhook: int, conversation: int, *, number: int = 0) -> int:
    """Add a delivery that was given up after one attempt, and return its id."""
    now = desk.clock()
    delivery = WebhookDelivery(
        endpoint_id=webhook,
        message_id=f"evt_{webhook}_{number}",
        event_id=number + 1,
        event_type="conversation.created",
        conversation_id=conversation,
        topic=f"conversation:{conversation}",
        body="{}",
        state="failed",
        due_at=now,
        created_at=now,
        updated_at=now,
    )
    desk.session.add(delivery)
    desk.session.flush()
    for attempt in range(1, 3):
        add_attempt(desk, delivery.id, number=attempt)
    return delivery.id


def add_attempt(desk: Desk, delivery: int, *, number: int) -> None:
    """Add an attempt that nobody answered."""
    desk.session.add(
        WebhookAttempt(
            delivery_id=delivery,
            number=number,
            started_at=desk.clock(),
            duration_ms=5,
            url=NOBODY,
            request_headers={},
            error="127.0.0.1 cannot be reached on port 9.",
        )
    )


def add_replay(desk: Desk, webhook: int) -> int:
    """Add a replay that is done, and return its id."""
    now = desk.clock()
    replay = WebhookReplay(
        endpoint_id=webhook,
        after=now - timedelta(hours=1),
        before=now,
        event_types=[],
        state="done",
        position=0,
        last=0,
        total=0,
        finished_at=now,
    )
    desk.session.add(replay)
    desk.session.flush()
    return replay.id
