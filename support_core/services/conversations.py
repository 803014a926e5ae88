"""Conversations: opening them, and changing their state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, func, insert, select

from ..channels import ConversationRef
from ..counters import advance
from ..errors import Conflict, Invalid, NotFound
from ..models import Conversation, ConversationTag, Customer, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk
    from ..models import Mailbox

#: Fields whose values may name a person: an erasure could not take them out of the event log.
FREE_TEXT = frozenset({"subject", "tags"})

log = structlog.get_logger(__name__)


class ConversationService:
    """The workspace's conversations. Every change writes a line item and an event."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, conversation_id: int, *, lock: bool = False) -> Conversation:
        """Return a live conversation; raises ``NotFound``. ``lock`` holds its row to the commit."""
        conversation = self._desk.session.get(
            Conversation, conversation_id, with_for_update=lock or None
        )
        if conversation is None or conversation.deleted_at is not None:
            raise NotFound
        return conversation

    def open(  # noqa: PLR0913 - the facts of a conversation, by keyword
        self,
        *,
        mailbox: Mailbox,
        customer: Customer,
        subject: str,
        channel: str,
        priority: str = "normal",
        tags: Sequence[str] = (),
        assigned_to: int | None = None,
    ) -> Conversation:
        """Open a conversation under the workspace's next number.

        The number comes from a counter row whose lock holds until the commit: numbers have no
        gaps and no repeats, whatever runs at once.
        """
        now = self._desk.clock()
        conversation = Conversation(
            number=advance(self._desk.session, "conversations"),
            subject=subject,
            channel=channel,
            priority=priority,
            mailbox_id=mailbox.id,
            customer_id=customer.id,
            assigned_to=assigned_to,
            tags=sorted(set(tags)),
            created_at=now,
            updated_at=now,
            last_reply_at=now,
        )
        self._desk.session.put(conversation)
        if conversation.tags:
            self._write_tags(conversation)
        self._desk.search.conversations.add(conversation.id, subject, customer.email)
        if assigned_to is None:
            self._assign_by_plugin(conversation)
        self._desk.events.publish(
            "conversation.created",
            conversation_id=conversation.id,
            number=conversation.number,
            channel=channel,
            mailbox_id=mailbox.id,
            customer_id=customer.id,
        )
        return conversation

    def set_status(self, conversation: Conversation, status: str) -> bool:
        """Change the status; the same one again writes nothing and returns False."""
        if not self._change(conversation, "status", status):
            return False
        conversation.closed_at = self._desk.clock() if status == "closed" else None
        return True

    def set_priority(self, conversation: Conversation, priority: str) -> bool:
        """Change the priority; the same one again writes nothing and returns False."""
        return self._change(conversation, "priority", priority)

    def set_subject(self, conversation: Conversation, subject: str) -> bool:
        """Change the subject, in the search index too."""
        if not self._change(conversation, "subject", subject):
            return False
        customer = self.customer_of(conversation)
        self._desk.search.conversations.put(conversation.id, subject, customer.email)
        return True

    def set_tags(self, conversation: Conversation, tags: Sequence[str]) -> bool:
        """Replace the tags."""
        if not self._change(conversation, "tags", sorted(set(tags))):
            return False
        self._desk.session.execute(
            delete(ConversationTag).where(ConversationTag.conversation_id == conversation.id)
        )
        self._write_tags(conversation)
        return True

    def move(self, conversation: Conversation, mailbox_id: int) -> bool:
        """Move the conversation to another mailbox; raises ``Invalid`` for an unknown one."""
        self._desk.mailboxes.require(mailbox_id)
        before = conversation.mailbox_id
        if not self._change(conversation, "mailbox_id", mailbox_id):
            return False
        # Who follows the other mailbox only would not hear that the conversation has left it.
        self._desk.events.publish(
            "conversation.moved",
            conversation_id=conversation.id,
            mailbox_id=before,
            to_mailbox_id=mailbox_id,
        )
        return True

    def assign(self, conversation: Conversation, user_id: int | None) -> bool:
        """Assign to a member who may be assigned, or to nobody; raises ``Invalid``."""
        if user_id is not None:
            self._desk.members.require_assignable(user_id, "user_id")
        return self._change(conversation, "assigned_to", user_id)

    def delete(self, conversation: Conversation) -> None:
        """Take the conversation out of sight; :meth:`restore` brings it back."""
        conversation.deleted_at = self._desk.clock()
        self._desk.session.flush()
        self._desk.search.conversations.drop(conversation.id)
        self._desk.audit.record("conversation.deleted", "conversation", conversation.id)
        self._desk.events.publish("conversation.deleted", conversation_id=conversation.id)

    def restore(self, conversation_id: int) -> Conversation:
        """Bring a deleted conversation back; raises ``NotFound``, or ``Conflict`` if it is live."""
        conversation = self._desk.session.get(Conversation, conversation_id)
        if conversation is None:
            raise NotFound
        if conversation.deleted_at is None:
            raise Conflict("The conversation is not deleted.")
        conversation.deleted_at = None
        self._desk.session.flush()
        customer = self.customer_of(conversation)
        self._desk.search.conversations.put(conversation.id, conversation.subject, customer.email)
        self._desk.audit.record("conversation.restored", "conversation", conversation.id)
        self._desk.events.publish("conversation.restored", conversation_id=conversation.id)
        return conversation

    def customer_of(self, conversation: Conversation) -> Customer:
        """Return the conversation's customer, also one who was deleted since."""
        return self._desk.session.get_one(Customer, conversation.customer_id)

    def reference(self, conversation: Conversation) -> ConversationRef:
        """Return the conversation as hooks see it."""
        customer = self.customer_of(conversation)
        return ConversationRef(
            id=conversation.id,
            workspace_id=conversation.workspace_id,
            number=conversation.number,
            subject=conversation.subject,
            status=conversation.status,
            channel=conversation.channel,
            mailbox_id=conversation.mailbox_id,
            customer_id=customer.id,
            customer_email=customer.email,
            customer_name=customer.display_name,
            customer_phone=customer.phone,
            assigned_to=conversation.assigned_to,
        )

    def touch(self, conversation: Conversation) -> None:
        """Note that somebody wrote just now."""
        conversation.last_reply_at = conversation.updated_at = self._desk.clock()

    def remark(self, conversation: Conversation, text: str, **meta: Any) -> Thread:
        """Write a line item that is no change of a field: where a conversation came from.

        ``meta`` holds ids and states; what people wrote belongs into messages and notes.
        """
        thread = Thread(
            conversation_id=conversation.id,
            type="lineitem",
            body=text,
            body_text=text,
            user_id=self._desk.actor.user_id,
            meta=meta,
            created_at=self._desk.clock(),
        )
        self._desk.session.add(thread)
        self._desk.session.flush()
        self._desk.events.publish(
            "thread.added",
            conversation_id=conversation.id,
            thread_id=thread.id,
            thread_type="lineitem",
        )
        return thread

    def _change(self, conversation: Conversation, field: str, value: Any) -> bool:
        before = getattr(conversation, field)
        if before == value:
            return False
        setattr(conversation, field, value)
        conversation.updated_at = self._desk.clock()
        summary = f"{field.replace('_', ' ').removesuffix(' id').capitalize()} changed"
        body = summary if field in FREE_TEXT else f"{summary} from {before} to {value}"
        self._desk.session.add(
            Thread(
                conversation_id=conversation.id,
                type="lineitem",
                body=body,
                body_text=body,
                user_id=self._desk.actor.user_id,
                meta={"field": field, "from": before, "to": value},
                created_at=self._desk.clock(),
            )
        )
        self._desk.session.flush()
        self._desk.events.publish(
            "conversation.updated",
            conversation_id=conversation.id,
            field=field,
            **({} if field in FREE_TEXT else {"from": before, "to": value}),
        )
        return True

    def _write_tags(self, conversation: Conversation) -> None:
        if conversation.tags:
            self._desk.session.execute(
                insert(ConversationTag.__table__),
                [
                    {
                        "workspace_id": conversation.workspace_id,
                        "tag": tag,
                        "conversation_id": conversation.id,
                    }
                    for tag in conversation.tags
                ],
            )

    def _assign_by_plugin(self, conversation: Conversation) -> None:
        if next(self._desk.plugins.implementations("support_assign"), None) is None:
            return
        chosen = self._desk.hook.support_assign(
            conversation=self.reference(conversation), desk=self._desk
        )
        if chosen is None:
            return
        try:
            self._desk.members.require_assignable(chosen, "user_id")
        except Invalid:
            log.warning("assignment_ignored", conversation_id=conversation.id, user_id=chosen)
            return
        conversation.assigned_to = chosen
        self._desk.session.flush()


def conversations_this_month(desk: Desk) -> int:
    """Return how many conversations were opened since the first of the month, UTC."""
    first = desk.clock().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return desk.session.execute(
        select(func.count(Conversation.id)).where(Conversation.created_at >= first)
    ).scalar_one()
