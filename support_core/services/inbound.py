"""What customers write, from whatever channel it comes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from ..channels import Drop, InboundMessage
from ..db import Prepared, is_alone
from ..errors import Invalid
from ..html import to_text
from ..models import Conversation, Thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..desk import Desk
    from ..models import Customer

#: A customer's message brings a conversation in one of these back to the agents.
REOPENED = frozenset({"closed", "pending"})

NO_SUBJECT = "(no subject)"

_thread = Thread.__table__.c
_FILED_BEFORE = Prepared(
    select(_thread.id).where(
        _thread.workspace_id == bindparam("of_workspace"),
        _thread.conversation_id == bindparam("of_conversation"),
        _thread.external_id == bindparam("of_external"),
    )
)


@dataclass(frozen=True)
class Filed:
    """Where a message went; ``new`` is False when it had been filed before.

    ``opened_by`` is the customer for whom it opened its conversation.
    """

    conversation: Conversation
    thread: Thread
    new: bool = True
    opened_by: Customer | None = None


class InboundService:
    """Files inbound messages: opens, continues and reopens conversations."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def receive(self, message: InboundMessage) -> Filed | None:
        """File a message after the ``support_inbound`` chain; None when a plugin dropped it.

        Raises ``NotFound`` for an unknown conversation and ``Invalid`` for an unknown mailbox.
        The same ``external_id`` again in a conversation changes nothing.
        """
        passed = self._through_plugins(message)
        if passed is None:
            return None
        if passed.body != message.body:
            passed = replace(passed, body_text=None)
        if passed.conversation_id is None:
            conversation, customer = self._open(passed)
            return Filed(conversation, self._add(conversation, passed), opened_by=customer)
        # Who writes alone need not ask again for a row that the session has.
        lock = not is_alone(self._desk.session)
        conversation = self._desk.conversations.get(passed.conversation_id, lock=lock)
        before = self._filed_before(conversation, passed.external_id)
        if before is not None:
            return Filed(conversation, before, new=False)
        self._desk.conversations.touch(conversation)
        thread = self._add(conversation, passed)
        if conversation.status in REOPENED and not passed.automatic:
            self._desk.conversations.set_status(conversation, "active")
        return Filed(conversation, thread)

    def amend(
        self,
        thread: Thread,
        *,
        body: str | None = None,
        meta: Mapping[str, Any] | None = None,
        attachment_ids: Sequence[int] = (),
    ) -> Thread:
        """Change what is shown of a message that has been filed: an edit, a reaction, its file.

        ``meta`` replaces all of the thread's. Publishes ``thread.updated``.
        """
        if body is not None:
            thread.body = thread.body_text = body
            thread.body_format = "text"
        if meta is not None:
            thread.meta = dict(meta) or None
        self._desk.session.flush()
        self._desk.attachments.take(attachment_ids, thread)
        self._desk.events.publish(
            "thread.updated", conversation_id=thread.conversation_id, thread_id=thread.id
        )
        return thread

    def _through_plugins(self, message: InboundMessage) -> InboundMessage | None:
        for _, implementation in self._desk.plugins.implementations("support_inbound"):
            answer = implementation(message=message, desk=self._desk)
            if isinstance(answer, Drop):
                self._desk.events.publish(
                    "message.dropped", channel=message.channel, reason=answer.reason
                )
                return None
            message = answer or message
        return message

    def _open(self, message: InboundMessage) -> tuple[Conversation, Customer]:
        mailbox = self._desk.mailboxes.require(message.mailbox_id)
        if message.customer_id is not None:
            customer = self._desk.customers.get(message.customer_id)
        elif message.customer_email or message.customer_phone:
            customer = self._desk.customers.find_or_create(
                email=message.customer_email,
                name=message.customer_name,
                phone=message.customer_phone,
                phone_aliases=message.customer_phone_aliases,
            )
        else:
            raise Invalid({"customer_email": ["The customer email field is required."]})
        conversation = self._desk.conversations.open(
            mailbox=mailbox,
            customer=customer,
            subject=message.subject or NO_SUBJECT,
            channel=message.channel,
            priority=message.priority,
            tags=message.tags,
        )
        return conversation, customer

    def _filed_before(self, conversation: Conversation, external_id: str | None) -> Thread | None:
        if external_id is None:
            return None
        session = self._desk.session
        values = {"of_conversation": conversation.id, "of_external": external_id}
        found = session.fetch(_FILED_BEFORE, values)
        return session.get(Thread, found[0].id) if found else None

    def _add(self, conversation: Conversation, message: InboundMessage) -> Thread:
        thread = Thread(
            conversation_id=conversation.id,
            type="customer",
            body=message.body,
            body_format=message.body_format,
            body_text=_text_of(message),
            external_id=message.external_id,
            meta={**message.meta, **({"automatic": True} if message.automatic else {})} or None,
            created_at=self._desk.clock(),
        )
        self._desk.session.put(thread)
        self._desk.attachments.take(message.attachment_ids, thread)
        self._desk.events.publish(
            "thread.added",
            conversation_id=conversation.id,
            thread_id=thread.id,
            thread_type="customer",
        )
        return thread


def _text_of(message: InboundMessage) -> str:
    if message.body_format != "html":
        return message.body
    return message.body_text if message.body_text is not None else to_text(message.body)
