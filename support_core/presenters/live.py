"""Streams and presence as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .shapes import ID, MOMENT, TEXT, component, obj

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..models import Presence

#: Server-Sent Events are no JSON; each ``data`` line holds an event as ``GET /events`` shows it.
STREAM = component(
    "EventStream",
    {
        "type": "string",
        "description": "Server-Sent Events (WHATWG HTML, section 9.2); data is JSON.",
    },
)

PRESENCE = component(
    "Presence",
    obj(user_id=ID, user_name=TEXT, state=TEXT, expires_at=MOMENT),
)


def present_presences(found: Iterable[tuple[Presence, str]]) -> list[dict[str, Any]]:
    """Return who is in a conversation, each with their name."""
    return [
        {
            "user_id": presence.user_id,
            "user_name": user_name,
            "state": presence.state,
            "expires_at": presence.expires_at,
        }
        for presence, user_name in found
    ]
