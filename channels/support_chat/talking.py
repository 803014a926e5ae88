"""What visitors write: the first message and the next ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Conversation, InboundMessage, Invalid, MessageDropped, Thread

from . import reading, uploads
from .contacts import customer_of
from .models import ChatConversation
from .presenting import present_form
from .problems import ConversationNotFound
from .settings import SESSION_TIMEOUT
from .visitors import visitor_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk

    from .models import ChatContact, ChatWidget

#: A chat in one of these goes on; the next message of a closed one opens it again.
OPEN = ("active", "pending")

CHANNEL = "chat"

LONGEST_SUBJECT = 500


@dataclass(frozen=True)
class Said:
    """A message that was filed, and where."""

    conversation: Conversation
    thread: Thread


def find(desk: Desk, contact: ChatContact, conversation_id: int) -> ChatConversation:
    """Return a conversation of this contact; raises ``ConversationNotFound``."""
    row = desk.session.get(ChatConversation, (desk.workspace_id, conversation_id))
    if row is None or row.contact_id != contact.id:
        raise ConversationNotFound
    conversation = desk.session.get(Conversation, conversation_id)
    if conversation is None or conversation.deleted_at is not None:
        raise ConversationNotFound
    return row


def open_conversation(
    desk: Desk, contact: ChatContact, *, recent: bool = False
) -> tuple[Conversation, ChatConversation] | None:
    """Return the contact's open conversation, with ``recent`` only one of this session."""
    statement = (
        select(Conversation, ChatConversation)
        .join(ChatConversation, ChatConversation.conversation_id == Conversation.id)
        .where(
            ChatConversation.contact_id == contact.id,
            Conversation.deleted_at.is_(None),
            Conversation.status.in_(OPEN),
        )
        .order_by(Conversation.last_reply_at.desc(), Conversation.id.desc())
        .limit(1)
    )
    if recent:
        minutes: int = desk.settings[SESSION_TIMEOUT]
        since = desk.clock() - timedelta(minutes=minutes)
        statement = statement.where(Conversation.last_reply_at >= since)
    row = desk.session.execute(statement).one_or_none()
    return (row[0], row[1]) if row is not None else None


def active(desk: Desk, contact: ChatContact) -> dict[str, Any] | None:
    """Return the conversation of this session as ``init`` shows it; None where there is none."""
    found = open_conversation(desk, contact, recent=True)
    if found is None:
        return None
    conversation, row = found
    return {
        "id": conversation.id,
        "number": conversation.number,
        "subject": conversation.subject,
        "status": conversation.status,
        "unread": reading.unread(desk, row),
        "agent_read_id": row.agent_read_id or None,
    }


def start(desk: Desk, widget: ChatWidget, contact: ChatContact, values: Mapping[str, Any]) -> Said:
    """File a first message: into the open conversation, else into a new one.

    The contact's row has to be locked, so that two first messages make one conversation.
    """
    before = _said_before(desk, contact, values["client_id"])
    if before is not None:
        return before
    _introduce(widget, contact, values)
    customer = customer_of(desk, contact)
    found = open_conversation(desk, contact)
    if found is None:
        desk.entitlements.reserve("conversations_per_month")
        conversation = desk.conversations.open(
            mailbox=desk.mailboxes.get(widget.mailbox_id),
            customer=customer,
            subject=f"Chat from {contact.name or contact.email or 'a visitor'}"[:LONGEST_SUBJECT],
            channel=CHANNEL,
        )
        row = ChatConversation(
            conversation_id=conversation.id,
            contact_id=contact.id,
            visitor_read_id=0,
            agent_read_id=0,
            mailed_id=0,
            visitor=visitor_of(contact),
        )
        desk.session.add(row)
        desk.session.flush()
        # Other tabs of this visitor hear of it by their contact, and follow it from here on.
        desk.events.publish(
            "chat.started", conversation_id=conversation.id, chat_contact_id=contact.id
        )
        found = conversation, row
    meta = {**_page(contact), **_about(widget, contact)}
    return _file(desk, contact, found[1], values, meta)


def message(
    desk: Desk, contact: ChatContact, row: ChatConversation, values: Mapping[str, Any]
) -> Said:
    """File the next message; it reopens a closed conversation."""
    return _file(desk, contact, row, values, _page(contact))


def typing(desk: Desk, contact: ChatContact, row: ChatConversation, *, is_typing: bool) -> None:
    """Tell agents in passing that the visitor types, or has stopped."""
    conversation = desk.conversations.get(row.conversation_id)
    desk.events.signal(
        "customer.typing",
        conversation_id=conversation.id,
        mailbox_id=conversation.mailbox_id,
        customer_id=conversation.customer_id,
        customer_name=contact.name,
        is_typing=is_typing,
    )


def _file(
    desk: Desk,
    contact: ChatContact,
    row: ChatConversation,
    values: Mapping[str, Any],
    meta: Mapping[str, Any],
) -> Said:
    conversation = desk.conversations.get(row.conversation_id, lock=True)
    uploads.check(desk, contact, values["attachment_ids"])
    if row.visitor != visitor_of(contact):
        row.visitor = visitor_of(contact)
    filed = desk.inbound.receive(
        InboundMessage(
            channel=CHANNEL,
            mailbox_id=conversation.mailbox_id,
            body=values["message"],
            conversation_id=row.conversation_id,
            external_id=_external_id(contact, values["client_id"]),
            attachment_ids=values["attachment_ids"],
            meta=meta,
        )
    )
    if filed is None:
        raise MessageDropped
    if filed.new and desk.presence.present(filed.conversation):
        reading.by_agent(desk, row, filed.thread.id)
    return Said(filed.conversation, filed.thread)


def _said_before(desk: Desk, contact: ChatContact, client_id: str | None) -> Said | None:
    """Return what this visitor has sent under this id in any conversation."""
    external_id = _external_id(contact, client_id)
    if external_id is None:
        return None
    row = desk.session.execute(
        select(Conversation, Thread)
        .join(Thread, Thread.conversation_id == Conversation.id)
        .join(ChatConversation, ChatConversation.conversation_id == Conversation.id)
        .where(
            ChatConversation.contact_id == contact.id,
            Thread.external_id == external_id,
            Conversation.deleted_at.is_(None),
        )
        .limit(1)
    ).one_or_none()
    return Said(row[0], row[1]) if row is not None else None


def _external_id(contact: ChatContact, client_id: str | None) -> str | None:
    return None if client_id is None else f"chat:{contact.id}:{client_id}"


def _introduce(widget: ChatWidget, contact: ChatContact, values: Mapping[str, Any]) -> None:
    """Take over who the visitor says to be; raises ``Invalid`` for what has to be said and is not.

    An address that the page's own server has proven stays, whatever a form says.
    """
    errors: dict[str, list[str]] = {}
    email = contact.email if contact.proven_email else (values["email"] or contact.email)
    name = values["name"] or contact.name
    answers = dict(values["answers"] or {})
    for field in present_form(widget)["fields"]:
        key = field["name"]
        if key in {"email", "name"}:
            given = email if key == "email" else name
            if field["required"] and not given:
                errors[key] = [f"The {key} field is required."]
            continue
        problem = _problem(field, answers.get(key, contact.answers.get(key)))
        if problem is not None:
            errors[f"answers.{key}"] = [problem.format(f"answers.{key}".replace("_", " "))]
    known = {it["name"] for it in _questions(widget)}
    for key in answers:
        if key not in known:
            errors[f"answers.{key}"] = [f"The answers.{key.replace('_', ' ')} field is prohibited."]
    if errors:
        raise Invalid(errors)
    contact.email, contact.name = email, name
    contact.answers = {**contact.answers, **answers}


def _problem(field: Mapping[str, Any], answer: Any) -> str | None:
    """Return what is wrong with an answer."""
    empty = answer is None or answer is False or (isinstance(answer, str) and not answer.strip())
    if field["type"] == "checkbox":
        if answer is not None and not isinstance(answer, bool):
            return "The {} field must be true or false."
    elif answer is not None and not isinstance(answer, str):
        return "The {} must be a string."
    elif field["type"] == "select" and not empty and answer not in field["options"]:
        return "The selected {} is invalid."
    return "The {} field is required." if field["required"] and empty else None


def _questions(widget: ChatWidget) -> list[dict[str, Any]]:
    form = widget.pre_chat
    questions: list[dict[str, Any]] = form.get("questions", []) if form.get("enabled") else []
    return questions


def _page(contact: ChatContact) -> dict[str, Any]:
    """Return where the visitor writes from, for the agents."""
    shown = {"page_url": contact.page_url, "page_title": contact.page_title}
    return {key: value for key, value in shown.items() if value}


def _about(widget: ChatWidget, contact: ChatContact) -> dict[str, Any]:
    shown: dict[str, Any] = {"referrer": contact.referrer, "browser": contact.browser}
    labels = {it["name"]: it["label"] for it in _questions(widget)}
    shown["answers"] = {
        labels[key]: value for key, value in contact.answers.items() if key in labels
    }
    shown["verified"] = contact.verified
    return {key: value for key, value in shown.items() if value}
