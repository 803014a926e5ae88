"""What is sent for an event: ids and states only, under an id that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4, uuid5

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import DomainEvent

TEST_TYPE = "webhook.test"

#: Makes our ids differ from everybody's who makes them of the same numbers.
_NAMESPACE = UUID("5f1a1f3c-6f0e-4b8c-9a55-0c3f6d6f9b1e")


@dataclass(frozen=True)
class Draft:
    """A message before it is recorded for an endpoint."""

    message_id: str
    event_id: int | None
    event_type: str
    conversation_id: int | None
    topic: str | None
    body: str


def draft(event: DomainEvent) -> Draft:
    """Return the message of a logged event, the same whenever it is asked for."""
    return Draft(
        message_id=message_id(event),
        event_id=event.id,
        event_type=event.type,
        conversation_id=event.conversation_id,
        topic=topic(event),
        body=_body(
            event.type,
            event.created_at,
            {
                **event.payload,
                "event_id": event.id,
                "workspace_id": event.workspace_id,
                "conversation_id": event.conversation_id,
            },
        ),
    )


def test_draft(*, workspace_id: int, webhook_id: int, moment: datetime) -> Draft:
    """Return a message that tells nothing but that it came through."""
    data = {
        "webhook_id": webhook_id,
        "event_id": None,
        "workspace_id": workspace_id,
        "conversation_id": None,
    }
    return Draft(f"evt_{uuid4().hex}", None, TEST_TYPE, None, None, _body(TEST_TYPE, moment, data))


def message_id(event: DomainEvent) -> str:
    """Return the ``webhook-id`` of an event: one for all endpoints, retries and replays."""
    name = f"{event.workspace_id}:{event.id}:{event.created_at.astimezone(UTC).isoformat()}"
    return f"evt_{uuid5(_NAMESPACE, name).hex}"


def topic(event: DomainEvent) -> str | None:
    """Return what an event is about, so that its messages keep their order: ``conversation:7``."""
    if event.conversation_id is not None:
        return f"conversation:{event.conversation_id}"
    noun = event.type.partition(".")[0]
    about = event.payload.get(f"{noun}_id")
    return f"{noun}:{about}"[:63] if about is not None else None


def wanted(type_: str, patterns: Sequence[str]) -> bool:
    """Tell whether an event type is among names and patterns (``conversation.*``); none is all."""
    noun = type_.partition(".")[0]
    return not patterns or type_ in patterns or f"{noun}.*" in patterns


def _body(type_: str, moment: datetime, data: dict[str, Any]) -> str:
    timestamp = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return orjson.dumps({"type": type_, "timestamp": timestamp, "data": data}).decode()
