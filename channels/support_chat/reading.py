"""Read receipts, both ways, and what a visitor has not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from support_core.plugin_api import Delivery, Thread

from .models import ChatConversation

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

#: A reply is the visitor's to see once its delivery is in one of these.
VISIBLE = ("sent", "delivered", "read")

#: Deliveries that one receipt marks.
MOST = 200


def by_agent(desk: Desk, row: ChatConversation, thread_id: int) -> None:
    """Note that the agents have read up to this message."""
    if thread_id > row.agent_read_id:
        row.agent_read_id = thread_id
        desk.session.flush()
        _say(desk, row, "agent", thread_id)


def by_visitor(desk: Desk, row: ChatConversation, thread_id: int) -> None:
    """Note that the visitor has read up to this message; the replies' deliveries say so too."""
    newest = _newest(desk, row.conversation_id, thread_id)
    if newest <= row.visitor_read_id:
        return
    unread = desk.session.execute(
        select(Delivery.message_id)
        .where(
            Delivery.conversation_id == row.conversation_id,
            Delivery.thread_id > row.visitor_read_id,
            Delivery.thread_id <= newest,
            Delivery.state.in_(("sent", "delivered")),
        )
        .order_by(Delivery.thread_id.desc())
        .limit(MOST)
    ).scalars()
    for message_id in unread.all():
        desk.deliveries.report("chat", "read", message_id=message_id)
    row.visitor_read_id = newest
    desk.session.flush()
    _say(desk, row, "visitor", newest)


def agents_look(desk: Desk, conversation_id: int) -> None:
    """Note that an agent has the conversation open, and so has read all that the visitor wrote."""
    row = desk.session.get(
        ChatConversation, (desk.workspace_id, conversation_id), with_for_update=True
    )
    if row is None:
        return
    last = desk.session.execute(
        select(func.max(Thread.id)).where(
            Thread.conversation_id == conversation_id, Thread.type == "customer"
        )
    ).scalar_one_or_none()
    if last is not None:
        by_agent(desk, row, last)


def unread(desk: Desk, row: ChatConversation) -> int:
    """Return how many replies the visitor has not read."""
    return desk.session.execute(
        select(func.count(Thread.id))
        .join(Delivery, Delivery.thread_id == Thread.id)
        .where(
            Thread.conversation_id == row.conversation_id,
            Thread.type == "message",
            Thread.id > row.visitor_read_id,
            Delivery.state.in_(VISIBLE),
        )
    ).scalar_one()


def _newest(desk: Desk, conversation_id: int, thread_id: int) -> int:
    """Return the newest message up to ``thread_id`` that the visitor may see, 0 for none."""
    newest = desk.session.execute(
        select(func.max(Thread.id))
        .outerjoin(Delivery, Delivery.thread_id == Thread.id)
        .where(
            Thread.conversation_id == conversation_id,
            Thread.id <= thread_id,
            (Thread.type == "customer")
            | ((Thread.type == "message") & Delivery.state.in_(VISIBLE)),
        )
    ).scalar_one_or_none()
    return newest or 0


def _say(desk: Desk, row: ChatConversation, who: str, thread_id: int) -> None:
    desk.events.publish(
        "chat.read", conversation_id=row.conversation_id, reader=who, thread_id=thread_id
    )
