"""Privacy: a customer's data erased for good, or handed out.

Numbers, states and times stay, so that counts and reports stay true; what a person wrote or was
told does not.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from ..models import (
    Attachment,
    Conversation,
    Customer,
    Delivery,
    IdempotencyKey,
    Thread,
)
from .maintenance import delete_blobs, purge_freed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk

ERASED = "[erased]"

#: Threads of this many are read and written at a time.
BATCH = 500


class PrivacyService:
    """Erases and exports customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def erase(self, customer_id: int) -> Customer:
        """Remove everything personal of a customer, in one transaction; raises ``NotFound``.

        The customer stays as an empty tombstone behind the conversations. Blobs are deleted by a
        job after the commit, since files do not roll back.
        """
        # Locked, so that a conversation opened meanwhile is either erased too or waits.
        customer = self._desk.session.get(Customer, customer_id, with_for_update=True)
        if customer is None or customer.erased_at is not None:
            customer = self._desk.customers.get(customer_id)
        for one in [customer, *self._deleted_before(customer)]:
            self._erase_one(one)
        self._forget_answers()
        self._desk.enqueue(purge_freed)
        self._desk.session.flush()
        return customer

    def _deleted_before(self, customer: Customer) -> Sequence[Customer]:
        """Return the deleted customers of the same address: the same person's earlier rows."""
        if customer.email_key is None:
            return []
        earlier = select(Customer).where(
            Customer.email_key == customer.email_key,
            Customer.id != customer.id,
            Customer.deleted_at.is_not(None),
        )
        return self._desk.session.execute(earlier).scalars().all()

    def _erase_one(self, customer: Customer) -> None:
        self._empty(customer)
        conversations = self._conversation_ids(customer)
        for start in range(0, len(conversations), BATCH):
            self._erase_conversations(conversations[start : start + BATCH])
        self._desk.search.customers.drop(customer.id)
        self._desk.audit.record("customer.erased", "customer", customer.id)
        self._desk.events.publish("customer.erased", customer_id=customer.id)

    def export(self, customer_id: int) -> dict[str, Any]:
        """Return everything stored about a customer, as plain values; raises ``NotFound``."""
        customer = self._desk.customers.get(customer_id)
        conversations = self._desk.session.execute(
            select(Conversation)
            .where(Conversation.customer_id == customer.id, Conversation.deleted_at.is_(None))
            .order_by(Conversation.id)
        ).scalars()
        found = conversations.all()
        return {
            "customer": customer,
            "conversations": [
                exported
                for start in range(0, len(found), BATCH)
                for exported in self._exported(found[start : start + BATCH])
            ],
        }

    def _exported(self, conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
        """Return conversations with what was said in them, in two statements for all of them."""
        ids = [conversation.id for conversation in conversations]
        said = (Thread.conversation_id.in_(ids), Thread.type.in_(("customer", "message")))
        session = self._desk.session
        threads: dict[int, list[tuple[Thread, list[Attachment]]]] = defaultdict(list)
        files: dict[int | None, list[Attachment]] = defaultdict(list)
        for attachment in session.execute(
            select(Attachment)
            .join(Thread, Thread.id == Attachment.thread_id)
            .where(*said)
            .order_by(Attachment.id)
        ).scalars():
            files[attachment.thread_id].append(attachment)
        for thread in session.execute(select(Thread).where(*said).order_by(Thread.id)).scalars():
            threads[thread.conversation_id].append((thread, files[thread.id]))
        return [{"conversation": it, "threads": threads[it.id]} for it in conversations]

    def _empty(self, customer: Customer) -> None:
        for field in (
            "email",
            "email_key",
            "display_name",
            "first_name",
            "last_name",
            "phone",
            "company",
            "notes",
        ):
            setattr(customer, field, None)
        customer.attributes = {}
        customer.erased_at = self._desk.clock()
        customer.deleted_at = customer.deleted_at or self._desk.clock()
        self._desk.session.flush()

    def _conversation_ids(self, customer: Customer) -> list[int]:
        return list(
            self._desk.session.execute(
                select(Conversation.id).where(Conversation.customer_id == customer.id)
            ).scalars()
        )

    def _erase_conversations(self, ids: list[int]) -> None:
        session = self._desk.session
        unsynchronized = {"synchronize_session": False}
        session.execute(
            update(Conversation).where(Conversation.id.in_(ids)).values(subject=ERASED),
            execution_options=unsynchronized,
        )
        for conversation_id in ids:
            self._desk.search.conversations.drop(conversation_id)
        live = select(Conversation.id).where(
            Conversation.id.in_(ids), Conversation.deleted_at.is_(None)
        )
        for conversation_id in session.execute(live).scalars().all():
            self._desk.search.conversations.put(conversation_id, ERASED)
        written = Thread.type.in_(("customer", "message", "note"))
        session.execute(
            update(Thread)
            .where(Thread.conversation_id.in_(ids), written)
            .values(
                body=ERASED, body_text=ERASED, body_format="text", cc=None, bcc=None, meta=None
            ),
            execution_options=unsynchronized,
        )
        session.execute(
            update(Thread)
            .where(Thread.conversation_id.in_(ids), Thread.type == "lineitem")
            .values(meta=None),
            execution_options=unsynchronized,
        )
        session.execute(
            update(Delivery)
            .where(Delivery.conversation_id.in_(ids))
            .values(recipients=None, error=None),
            execution_options=unsynchronized,
        )
        self._erase_attachments(ids)
        session.expire_all()

    def _erase_attachments(self, conversation_ids: list[int]) -> None:
        attachments = (
            self._desk.session.execute(
                select(Attachment)
                .join(Thread, Thread.id == Attachment.thread_id)
                .where(Thread.conversation_id.in_(conversation_ids))
            )
            .scalars()
            .all()
        )
        for key in self._desk.attachments.discard(attachments):
            self._desk.enqueue(delete_blobs, key)

    def _forget_answers(self) -> None:
        """Kept answers may quote the customer: a repeated key finds its answer gone."""
        self._desk.session.execute(
            update(IdempotencyKey).values(body=None),
            execution_options={"synchronize_session": False},
        )
