"""A visitor's stream: the messages of their conversations, who reads and types, what becomes of it.

The log carries ids; what a visitor may see of them is read when a frame is made, and by the same
rules as the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, select

from support_core.plugin_api import Prepared, Subscription, frame

from . import history
from .gate import FEATURE
from .models import ChatContact, ChatConversation, ChatWidget
from .settings import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from support_core.plugin_api import Desk, DomainEvent, Positions, Signal

SHOWN_THREADS = frozenset({"customer", "message"})

#: A contact whose widget is still there: asked for each of thousands of streams, again and again.
_LIVE = Prepared(
    select(ChatContact.id)
    .join(
        ChatWidget,
        and_(
            ChatWidget.id == ChatContact.widget_id,
            ChatWidget.workspace_id == ChatContact.workspace_id,
        ),
    )
    .where(
        ChatContact.workspace_id == bindparam("workspace_id"),
        ChatContact.id == bindparam("id"),
        ChatWidget.is_active,
        ChatWidget.deleted_at.is_(None),
    )
)


def subscription(desk: Desk, contact: ChatContact, positions: Positions) -> Subscription:
    """Return the stream of a contact, of all conversations it has and will have."""
    ids = desk.session.execute(
        select(ChatConversation.conversation_id).where(ChatConversation.contact_id == contact.id)
    ).scalars()
    limit: int = desk.settings[STREAMS]
    return Subscription(
        workspace_id=desk.workspace_id,
        after=positions.after,
        head=positions.head,
        reset=positions.reset,
        key=f"chat:{desk.workspace_id}:{contact.id}",
        limit=limit,
        topics=frozenset({topic_of(contact.id), *(f"conversation:{it}" for it in ids)}),
        also=_also,
        wants=wants,
        render=render,
        hears=hears,
        lasts=_Lasts(contact.id),
        feature=FEATURE,
    )


def topic_of(contact_id: int) -> str:
    """Return what the events about a contact are found by."""
    return f"chat_contact:{contact_id}"


def _also(event: DomainEvent) -> Iterable[str]:
    """Follow a conversation that the contact has started, in whichever tab."""
    if event.type == "chat.started" and event.conversation_id is not None:
        return (f"conversation:{event.conversation_id}",)
    return ()


class _Lasts:
    """Tells whether a contact may still hold its stream."""

    __slots__ = ("_contact_id",)

    def __init__(self, contact_id: int) -> None:
        self._contact_id = contact_id

    def __call__(self, desk: Desk) -> bool:
        return bool(desk.session.fetch(_LIVE, {"id": self._contact_id}))


def wants(event: DomainEvent) -> bool:
    """Tell whether an event may be for visitors at all, by what the log says of it."""
    payload = event.payload
    if event.type == "thread.added":
        return payload.get("thread_type") in SHOWN_THREADS
    if event.type == "delivery.updated":
        return payload.get("state") == "sent"
    if event.type == "conversation.updated":
        return payload.get("field") == "status"
    return event.type in {"chat.read", "conversation.deleted"}


def render(desk: Desk, events: Sequence[DomainEvent]) -> Iterator[bytes]:
    """Make the frames of a visitor's events."""
    ids = [it.payload["thread_id"] for it in events if it.type in MESSAGES]
    shown = history.by_ids(desk, ids)
    for event in events:
        made = _framed(event, shown)
        if made is not None:
            name, data = made
            yield frame(data, event=name, id_=event.id)


MESSAGES = frozenset({"thread.added", "delivery.updated"})


def _framed(
    event: DomainEvent, shown: Mapping[int, history.Seen]
) -> tuple[str, dict[str, Any]] | None:
    """Return name and data of the frame of an event; None where there is nothing to see."""
    conversation = {"conversation_id": event.conversation_id}
    if event.type in MESSAGES:
        seen = shown.get(event.payload["thread_id"])
        if seen is None or seen.held_back != (event.type == "delivery.updated"):
            return None
        return "message", seen.message
    if event.type == "conversation.updated":
        return "status", {**conversation, "status": event.payload["to"]}
    if event.type == "conversation.deleted":
        return "status", {**conversation, "status": "closed"}
    read = {"by": event.payload["reader"], "last_read_id": event.payload["thread_id"]}
    return "read", {**conversation, **read}


def hears(signal: Signal) -> bytes | None:
    """Make the frame of a signal: that an agent types. Of agents nothing but their name."""
    if signal.type != "agent.typing":
        return None
    shown = {
        "conversation_id": signal.conversation_id,
        "agent_name": signal.payload.get("user_name"),
        "is_typing": True,
    }
    return frame(shown, event="typing")
