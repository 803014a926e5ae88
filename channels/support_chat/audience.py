"""Visitors as an audience: what each sees, made once for all their tabs, whoever sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, bindparam, or_, select

from support_core.plugin_api import Audience, Conversation, Customer, Prepared, Seat, Shown

from .models import ChatConversation, ChatWidget
from .streaming import heard, made, wants

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import Desk, DomainEvent, Signal

    from .models import ChatContact

NAME = "chat"

#: Whose a conversation is; nobody's once its customer is erased.
_WHOSE = Prepared(
    select(ChatConversation.contact_id)
    .join(
        Conversation,
        and_(
            Conversation.id == ChatConversation.conversation_id,
            Conversation.workspace_id == ChatConversation.workspace_id,
        ),
    )
    .outerjoin(
        Customer,
        and_(
            Customer.id == Conversation.customer_id,
            Customer.workspace_id == Conversation.workspace_id,
        ),
    )
    .where(
        ChatConversation.workspace_id == bindparam("workspace_id"),
        ChatConversation.conversation_id == bindparam("conversation_id"),
        or_(Customer.id.is_(None), Customer.erased_at.is_(None)),
    )
)


def seat(contact: ChatContact) -> Seat:
    """Return where a visitor's streams sit: under the contact, as long as the widget is there."""
    return Seat(NAME, _contact(contact.id), (_widget(contact.widget_id),))


def _show(desk: Desk, events: Sequence[DomainEvent]) -> Iterator[Shown]:
    names: dict[int, str | None] = {}
    for event, name, data in made(desk, events):
        id_ = event.conversation_id
        if id_ is not None and id_ not in names:
            names[id_] = _name(desk, id_)
        whose = names.get(id_) if id_ is not None else None
        if whose is not None:
            yield Shown(whose, name, data)


def _hear(desk: Desk, signal: Signal) -> Iterator[Shown]:
    said = heard(signal)
    whose = _name(desk, signal.conversation_id) if signal.conversation_id is not None else None
    if said is not None and whose is not None:
        yield Shown(whose, *said)


def _ends(desk: Desk, events: Sequence[DomainEvent]) -> Iterator[str]:
    for event in events:
        match event.type:
            case "chat.contact_erased":
                yield _contact(event.payload["chat_contact_id"])
            case "widget.deleted" | "widget.token_rotated":
                yield _widget(event.payload["widget_id"])
            case "widget.updated":
                widget = desk.session.get(ChatWidget, event.payload["widget_id"])
                if widget is None or not widget.is_active:
                    yield _widget(event.payload["widget_id"])
            case "mailbox.deleted":
                of_mailbox = select(ChatWidget.id).where(
                    ChatWidget.mailbox_id == event.payload["mailbox_id"]
                )
                yield from map(_widget, desk.session.execute(of_mailbox).scalars())


def _name(desk: Desk, conversation_id: int) -> str | None:
    """Return who may see a conversation."""
    found = desk.session.fetch(_WHOSE, {"conversation_id": conversation_id})
    return _contact(found[0].contact_id) if found else None


def _contact(contact_id: int) -> str:
    return f"contact:{contact_id}"


def _widget(widget_id: int) -> str:
    return f"widget:{widget_id}"


VISITORS = Audience(
    NAME,
    wants=wants,
    show=_show,
    hears=frozenset({"agent.typing"}),
    hear=_hear,
    ended_by=frozenset(
        {
            "chat.contact_erased",
            "mailbox.deleted",
            "widget.deleted",
            "widget.token_rotated",
            "widget.updated",
        }
    ),
    ends=_ends,
)
