"""Visitors as an audience: what each sees, made once for all their tabs, whoever sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, or_, select

from support_core.plugin_api import Audience, Conversation, Customer, Prepared, Seat, Shown

from .history import by_one_or_many
from .models import ChatConversation, ChatWidget
from .streaming import heard, made, wants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Select

    from support_core.plugin_api import Desk, DomainEvent, Signal

    from .models import ChatContact

NAME = "chat"

#: Whose a conversation is; nobody's once its customer is erased.
_WHOSE: Select[*tuple[Any, ...]] = (
    select(ChatConversation.conversation_id, ChatConversation.contact_id)
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
        or_(Customer.id.is_(None), Customer.erased_at.is_(None)),
    )
)
_conversation_id = ChatConversation.conversation_id
_WHOSE_ONE = Prepared(_WHOSE.where(_conversation_id == bindparam("id")))
_WHOSE_ARE = Prepared(_WHOSE.where(_conversation_id.in_(bindparam("ids", expanding=True))))


def seat(contact: ChatContact) -> Seat:
    """Return where a visitor's streams sit: under the contact, as long as the widget is there."""
    return Seat(NAME, _contact(contact.id), (_widget(contact.widget_id),))


def _show(desk: Desk, events: Sequence[DomainEvent]) -> Iterator[Shown]:
    seen = list(made(desk, events))
    names = _names(desk, [event.conversation_id for event, _, _ in seen])
    for event, name, data in seen:
        whose = names.get(event.conversation_id)
        if whose is not None:
            yield Shown(whose, name, data)


def _hear(desk: Desk, signal: Signal) -> Iterator[Shown]:
    said = heard(signal)
    whose = _names(desk, [signal.conversation_id]).get(signal.conversation_id)
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


def _names(desk: Desk, conversation_ids: Iterable[int | None]) -> dict[int | None, str]:
    """Return who may see which of these conversations."""
    ids = (it for it in conversation_ids if it is not None)
    rows = by_one_or_many(desk, _WHOSE_ONE, _WHOSE_ARE, ids)
    return {row.conversation_id: _contact(row.contact_id) for row in rows}


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
