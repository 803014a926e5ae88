"""A visitor's stream: the messages of their conversations, who reads and types, what becomes of it.

The log carries ids; what a visitor may see of them is read when a frame is made, and by the same
rules as the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, select

from support_core.plugin_api import Mailbox, Prepared, Subscription, frame

from . import history
from .gate import FEATURE
from .models import ChatContact, ChatConversation, ChatWidget
from .settings import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from support_core.plugin_api import Desk, DomainEvent, Positions, Seat, Signal

SHOWN_THREADS = frozenset({"customer", "message"})

#: A contact whose widget and mailbox are there: asked for thousands of streams, again and again.
_LIVE = Prepared(
    select(ChatContact.id)
    .join(
        ChatWidget,
        and_(
            ChatWidget.id == ChatContact.widget_id,
            ChatWidget.workspace_id == ChatContact.workspace_id,
        ),
    )
    .join(
        Mailbox,
        and_(
            Mailbox.id == ChatWidget.mailbox_id,
            Mailbox.workspace_id == ChatWidget.workspace_id,
        ),
    )
    .where(
        ChatContact.workspace_id == bindparam("workspace_id"),
        ChatContact.id == bindparam("id"),
        ChatContact.secret_id == bindparam("secret_id"),
        ChatWidget.token == bindparam("token"),
        Mailbox.deleted_at.is_(None),
        ChatWidget.is_active,
        ChatWidget.deleted_at.is_(None),
    )
)


def subscription(
    desk: Desk, widget: ChatWidget, contact: ChatContact, positions: Positions, seat: Seat
) -> Subscription:
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
        lasts=_Lasts(contact.id, contact.secret_id, widget.token),
        feature=FEATURE,
        seat=seat,
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
    """Tells whether what let a contact in still would."""

    __slots__ = ("_contact_id", "_secret_id", "_token")

    def __init__(self, contact_id: int, secret_id: int, token: str) -> None:
        self._contact_id = contact_id
        self._secret_id = secret_id
        self._token = token

    def __call__(self, desk: Desk) -> bool:
        named = {"id": self._contact_id, "secret_id": self._secret_id, "token": self._token}
        return bool(desk.session.fetch(_LIVE, named))


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
    for event, name, data in made(desk, events):
        yield frame(data, event=name, id_=event.id)


def made(
    desk: Desk, events: Sequence[DomainEvent]
) -> Iterator[tuple[DomainEvent, str, dict[str, Any]]]:
    """Yield name and data of what the visitor sees of each event, if anything."""
    ids = [it.payload["thread_id"] for it in events if it.type in MESSAGES]
    shown = history.by_ids(desk, ids)
    for event in events:
        seen = _framed(event, shown)
        if seen is not None:
            yield event, *seen


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
    """Make the frame of a signal."""
    said = heard(signal)
    return None if said is None else frame(said[1], event=said[0])


def heard(signal: Signal) -> tuple[str, dict[str, Any]] | None:
    """Return name and data of what the visitor hears: that an agent types, and their name."""
    if signal.type != "agent.typing":
        return None
    shown = {
        "conversation_id": signal.conversation_id,
        "agent_name": signal.payload.get("user_name"),
        "is_typing": True,
    }
    return "typing", shown
