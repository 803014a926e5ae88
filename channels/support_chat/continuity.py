"""Answers to a visitor who has left: what they have not read here goes out by mail, once.

Whichever plugin can reach a customer elsewhere takes it (``support_follow_up``). What comes back
by that way is filed into the same conversation.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from support_core.plugin_api import Conversation, Delivery, FollowUp, Prepared, Thread, job

from .contacts import ONLINE
from .models import ChatContact, ChatConversation
from .reading import VISIBLE
from .settings import MAIL_AFTER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk, DomainEvent, JobContext

#: Replies that one mail holds; more of them go with the next.
MOST = 100

_IS_CHAT = Prepared(
    select(ChatConversation.contact_id).where(
        ChatConversation.workspace_id == bindparam("workspace_id"),
        ChatConversation.conversation_id == bindparam("conversation_id"),
    )
)


def replied(desk: Desk, event: DomainEvent) -> None:
    """Look in a while whether the visitor has read a reply that is theirs to see now."""
    by_agent = event.type == "thread.added" and event.payload.get("thread_type") == "message"
    shown = event.type == "delivery.updated" and event.payload.get("state") == "sent"
    if not (by_agent or shown) or event.conversation_id is None:
        return
    conversation = desk.session.get(Conversation, event.conversation_id)
    if conversation is None or conversation.channel != "chat":
        return
    if desk.session.fetch(_IS_CHAT, {"conversation_id": conversation.id}):
        wait: float = desk.settings[MAIL_AFTER]
        look_later(desk, conversation.id, wait)


def look_later(desk: Desk, conversation_id: int, delay: float) -> None:
    """Let :func:`mail_unread` run once, however many replies ask for it."""
    desk.enqueue(mail_unread, conversation_id, delay=delay, key=str(conversation_id))


@job(queue="deliveries", max_retries=10)
def mail_unread(context: JobContext, conversation_id: int) -> None:
    """Send what the visitor has not read, once the agents have stopped writing for a while.

    While the visitor is still there it waits: they may yet read it.
    """
    with context.desk() as desk:
        row = desk.session.get(
            ChatConversation, (desk.workspace_id, conversation_id), with_for_update=True
        )
        conversation = desk.session.get(Conversation, conversation_id)
        if row is None or conversation is None or conversation.deleted_at is not None:
            return
        customer = desk.conversations.customer_of(conversation)
        unread = _unread(desk, row)
        if not unread or not customer.email or customer.erased_at is not None:
            return
        delay = _wait(desk, row, unread)
        if delay > 0:
            look_later(desk, conversation_id, delay)
            return
        taken = desk.hook.support_follow_up(
            follow_up=FollowUp(
                conversation=desk.conversations.reference(conversation),
                thread_ids=tuple(it.id for it in unread),
            ),
            desk=desk,
        )
        if taken:
            row.mailed_id = unread[-1].id
            desk.session.flush()
            desk.events.publish(
                "chat.followed_up", conversation_id=conversation_id, thread_id=row.mailed_id
            )
            if len(unread) == MOST:
                look_later(desk, conversation_id, desk.settings[MAIL_AFTER])


def _unread(desk: Desk, row: ChatConversation) -> Sequence[Any]:
    """Return the replies that the visitor may see and has neither read nor been mailed."""
    return desk.session.execute(
        select(Thread.id, Thread.created_at, Delivery.due_at)
        .join(Delivery, Delivery.thread_id == Thread.id)
        .where(
            Thread.conversation_id == row.conversation_id,
            Thread.type == "message",
            Thread.id > max(row.visitor_read_id, row.mailed_id),
            Delivery.state.in_(VISIBLE),
            Delivery.state != "read",
        )
        .order_by(Thread.id)
        .limit(MOST)
    ).all()


def _wait(desk: Desk, row: ChatConversation, unread: Sequence[Any]) -> float:
    """Return for how many seconds it is still too early; 0 where it is time."""
    now: datetime = desk.clock()
    seconds: float = desk.settings[MAIL_AFTER]
    last = max(it.due_at or it.created_at for it in unread)
    quiet = last + timedelta(seconds=seconds)
    contact = desk.session.get(ChatContact, row.contact_id)
    gone = contact.last_seen_at + ONLINE if contact is not None else now
    later: datetime = max(quiet, gone)
    return max(0.0, (later - now).total_seconds())
