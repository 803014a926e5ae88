"""Deliveries: each reply's way out, as a state that only moves forward."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select

from ..addresses import email_key
from ..channels import OutboundAttachment, OutboundMessage
from ..errors import Conflict, NotFound
from ..html import sanitise
from ..models import Attachment, Conversation, Delivery, Thread, User
from .delivery_jobs import deliver

if TYPE_CHECKING:
    from datetime import datetime

    from ..channels import Composition, ConversationRef, Sent
    from ..desk import Desk

#: A state may only be followed by one of a higher rank; ``failed`` may follow all but the last two.
RANK = {"pending": 0, "sending": 1, "sent": 2, "failed": 3, "delivered": 4, "read": 5}


class DeliveryService:
    """The workspace's deliveries."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(
        self,
        conversation: Conversation,
        thread: Thread,
        composition: Composition,
        *,
        due_at: datetime | None,
    ) -> Delivery:
        """See a stored reply on its way: by a job, or at once where nothing has to travel."""
        travels = composition.transport or due_at is not None
        delivery = Delivery(
            conversation_id=conversation.id,
            thread_id=thread.id,
            channel=conversation.channel,
            state="pending" if travels else "sent",
            message_id=f"msg_{uuid4().hex}",
            recipients=[dict(it) for it in composition.recipients] or None,
            due_at=due_at,
            created_at=self._desk.clock(),
            updated_at=self._desk.clock(),
        )
        self._desk.session.put(delivery)
        if travels:
            self._desk.enqueue(deliver, delivery.id, due_at=due_at)
        return delivery

    def of_thread(self, thread_id: int) -> Delivery | None:
        """Return the delivery of a reply."""
        return self._desk.session.execute(
            select(Delivery).where(Delivery.thread_id == thread_id)
        ).scalar_one_or_none()

    def cancel(self, thread: Thread) -> None:
        """Remove a delivery that has not left; raises ``Conflict`` when it has."""
        delivery = self._locked(thread.id)
        if delivery is None or delivery.state != "pending" or delivery.attempts:
            raise Conflict("The reply has already left and cannot be cancelled.")
        self._desk.session.delete(delivery)
        self._desk.session.flush()

    def retry(self, thread: Thread) -> Delivery:
        """Send a failed reply again; raises ``Conflict`` for one that has not failed."""
        delivery = self._locked(thread.id)
        if delivery is None:
            raise NotFound
        if delivery.state != "failed":
            raise Conflict("Only a failed delivery can be sent again.")
        delivery.recipients = [_unfailed(it) for it in delivery.recipients or ()] or None
        self._to(delivery, "pending", error=None)
        delivery.attempts = 0
        self._desk.session.flush()
        self._desk.enqueue(deliver, delivery.id)
        return delivery

    def claim(self, delivery_id: int) -> OutboundMessage | None:
        """Begin an attempt; None for a delivery that is gone, done or not due any more."""
        delivery = self._desk.session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.state not in {"pending", "sending"}:
            return None
        conversation = self._desk.session.get_one(Conversation, delivery.conversation_id)
        if self._desk.conversations.customer_of(conversation).erased_at is not None:
            self.advance(delivery, "failed", error="The customer's data has been erased.")
            return None
        delivery.attempts += 1
        self._to(delivery, "sending", error=delivery.error)
        self._desk.session.flush()
        return self._outbound(delivery)

    def succeed(self, delivery_id: int, sent: Sent) -> None:
        """Note that the provider took the message."""
        delivery = self._desk.session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is not None:
            delivery.external_id = sent.external_id or delivery.external_id
            self.advance(delivery, sent.state)

    def wait(self, delivery_id: int, reason: str) -> None:
        """Note that the attempt failed and another will follow."""
        delivery = self._desk.session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is not None and delivery.state == "sending":
            self._to(delivery, "pending", error=reason)
            self._desk.session.flush()

    def fail(self, delivery_id: int, reason: str) -> None:
        """Note that it failed for good."""
        delivery = self._desk.session.get(Delivery, delivery_id, with_for_update=True)
        if delivery is not None:
            self.advance(delivery, "failed", error=reason)

    def report(
        self,
        channel: str,
        state: str,
        *,
        message_id: str | None = None,
        external_id: str | None = None,
        error: str | None = None,
    ) -> bool:
        """Note what a provider reports later: ``sent``, ``delivered``, ``read`` or ``failed``.

        The delivery is found by our ``message_id`` or by the provider's ``external_id``. A report
        of an unknown message, a repeated one and one that would move backwards change nothing and
        return False.
        """
        delivery = self._reported(channel, message_id, external_id)
        return delivery is not None and self.advance(delivery, state, error=error)

    def report_recipient(  # noqa: PLR0913 - the facts of a report, by keyword
        self,
        channel: str,
        address: str,
        state: str,
        *,
        message_id: str | None = None,
        external_id: str | None = None,
        error: str | None = None,
    ) -> bool:
        """Note what became of a reply for one of its recipients: any word of the channel's.

        ``failed`` is the one word the core knows: once all recipients have failed, so has the
        delivery. Returns False for a message or a recipient that is unknown.
        """
        delivery = self._reported(channel, message_id, external_id)
        if delivery is None:
            return False
        recipients = [dict(it) for it in delivery.recipients or ()]
        key = email_key(address)
        meant = [it for it in recipients if email_key(it["address"]) == key]
        for recipient in meant:
            recipient["state"] = state
            recipient["error"] = error
        if not meant:
            return False
        delivery.recipients = recipients
        if all(it.get("state") == "failed" for it in recipients):
            self.advance(delivery, "failed", error=error)
        else:
            self._to(delivery, delivery.state, error=delivery.error)
        self._desk.session.flush()
        return True

    def advance(self, delivery: Delivery, state: str, *, error: str | None = None) -> bool:
        """Move forward; a report that would move backwards changes nothing and returns False."""
        if RANK[state] <= RANK[delivery.state]:
            return False
        self._to(delivery, state, error=error)
        self._desk.session.flush()
        return True

    def _reported(
        self, channel: str, message_id: str | None, external_id: str | None
    ) -> Delivery | None:
        """Return the delivery that a provider means by either id, locked."""
        if message_id is None and external_id is None:
            return None
        criterion = (
            Delivery.message_id == message_id
            if message_id is not None
            else Delivery.external_id == external_id
        )
        return self._desk.session.execute(
            select(Delivery).where(Delivery.channel == channel, criterion).with_for_update()
        ).scalar_one_or_none()

    def _to(self, delivery: Delivery, state: str, *, error: str | None) -> None:
        delivery.state = state
        delivery.error = error
        delivery.updated_at = self._desk.clock()
        self._desk.events.publish(
            "delivery.updated",
            conversation_id=delivery.conversation_id,
            thread_id=delivery.thread_id,
            state=state,
        )

    def _locked(self, thread_id: int) -> Delivery | None:
        return self._desk.session.execute(
            select(Delivery).where(Delivery.thread_id == thread_id).with_for_update()
        ).scalar_one_or_none()

    def _outbound(self, delivery: Delivery) -> OutboundMessage:
        thread = self._desk.session.get_one(Thread, delivery.thread_id)
        # Deleted meanwhile or not: what an agent sent off is carried.
        conversation = self._desk.session.get_one(Conversation, delivery.conversation_id)
        agent = self._desk.session.get(User, thread.user_id) if thread.user_id else None
        files = self._desk.attachments.of_threads([thread.id]).get(thread.id, [])
        reference: ConversationRef = self._desk.conversations.reference(conversation)
        return OutboundMessage(
            delivery_id=delivery.id,
            message_id=delivery.message_id,
            attempt=delivery.attempts,
            thread_id=thread.id,
            conversation=reference,
            body=sanitise(thread.body) if thread.body_format == "html" else thread.body,
            body_format=thread.body_format,
            body_text=thread.body_text,
            created_at=thread.created_at,
            agent_name=agent.name if agent else None,
            cc=tuple(thread.cc or ()),
            bcc=tuple(thread.bcc or ()),
            recipients=tuple(delivery.recipients or ()),
            attachments=tuple(self._file(attachment) for attachment in files),
            template=(thread.meta or {}).get("template"),
            in_reply_to=(thread.meta or {}).get("in_reply_to"),
        )

    def _file(self, attachment: Attachment) -> OutboundAttachment:
        blobs, key = self._desk.blobs, attachment.blob_key
        return OutboundAttachment(
            id=attachment.id,
            name=attachment.name,
            content_type=attachment.content_type,
            size=attachment.size,
            open=lambda: blobs.open(key),
        )


def _unfailed(recipient: dict[str, Any]) -> dict[str, Any]:
    """Return a recipient as before its failure; one that was reached stays as it is."""
    if recipient.get("state") != "failed":
        return recipient
    return {name: value for name, value in recipient.items() if name not in {"state", "error"}}
