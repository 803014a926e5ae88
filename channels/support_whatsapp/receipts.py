"""Letting customers see that their messages were read, once an agent has answered them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from support_core.plugin_api import Conversation, job

from .contacts import contact_of
from .graph import Graph, GraphAway, GraphError
from .models import WhatsAppAccount, WhatsAppContact
from .settings import READ_RECEIPTS

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, DomainEvent, JobContext

log = structlog.get_logger(__name__)


def mark_answered(desk: Desk, event: DomainEvent) -> None:
    """Ask for a read receipt where an agent answers."""
    if event.payload.get("thread_type") != "message" or not desk.settings[READ_RECEIPTS]:
        return
    conversation = desk.session.get(Conversation, event.conversation_id)
    if conversation is not None and conversation.channel == "whatsapp":
        desk.enqueue(mark_read, conversation.id, key=str(conversation.id))


@job(queue="whatsapp", max_retries=0)
def mark_read(context: JobContext, conversation_id: int) -> None:
    """Mark the last message of a conversation's customer as read; a refusal harms nobody."""
    with context.desk() as desk:
        conversation = desk.session.get(Conversation, conversation_id)
        contact = None
        if conversation is not None:
            contact = contact_of(desk, desk.conversations.reference(conversation))
        if contact is None or contact.last_message_id in {None, contact.read_message_id}:
            return
        account = desk.session.get_one(WhatsAppAccount, contact.account_id)
        graph, key = Graph.of(desk, account), (contact.account_id, contact.key)
        message_id = contact.last_message_id or ""
    try:
        graph.mark_read(message_id)
    except (GraphError, GraphAway) as error:
        log.info("whatsapp_receipt_refused", reason=error.message)
        return
    with context.desk() as desk:
        contact = desk.session.get(WhatsAppContact, (desk.workspace_id, *key))
        if contact is not None:
            contact.read_message_id = message_id
