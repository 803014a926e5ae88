"""Conversations and threads as the API shows them (reference, "Conversations")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..channels import Channel, ReplyWindow
from ..html import sanitise
from .attachments import ATTACHMENT, present_attachment
from .shapes import (
    ANY_OBJECT,
    COUNT,
    FLAG,
    ID,
    MOMENT,
    TEXT,
    component,
    many,
    maybe,
    obj,
    optional,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..db import AnyRow
    from ..models import Thread
    from ..services.conversation_details import ConversationDetails
    from ..services.thread_details import ThreadDetails

USER_REF = component("UserReference", obj(id=ID, name=TEXT))
CUSTOMER_REF = component(
    "CustomerReference", obj(id=ID, email=maybe(TEXT), display_name=maybe(TEXT))
)
MAILBOX_REF = component("MailboxReference", obj(id=ID, name=TEXT))

_HEAD = {
    "id": ID,
    "number": ID,
    "subject": TEXT,
    "status": TEXT,
    "channel": TEXT,
    "priority": TEXT,
    "tags": many(TEXT),
}
_PEOPLE = {"customer": CUSTOMER_REF, "mailbox": MAILBOX_REF, "assignedUser": maybe(USER_REF)}
_TIMES = {"last_reply_at": MOMENT, "created_at": MOMENT, "updated_at": MOMENT}

CONVERSATION_ITEM = component("ConversationItem", obj(**_HEAD, **_PEOPLE, **_TIMES))
DELIVERY = component(
    "Delivery",
    obj(
        state={
            "type": "string",
            "enum": ["pending", "sending", "sent", "delivered", "read", "failed"],
        },
        error=maybe(TEXT),
        attempts=COUNT,
        due_at=maybe(MOMENT),
        updated_at=MOMENT,
        recipients=many(ANY_OBJECT),
    ),
)
THREAD = component(
    "Thread",
    obj(
        id=ID,
        type={"type": "string", "enum": ["customer", "message", "note", "lineitem"]},
        body=TEXT,
        body_format={"type": "string", "enum": ["text", "html"]},
        body_text=TEXT,
        created_at=MOMENT,
        user=maybe(USER_REF),
        attachments=many(ATTACHMENT),
        cc=optional(many(TEXT)),
        bcc=optional(many(TEXT)),
        delivery=optional(DELIVERY),
        meta=optional(maybe(ANY_OBJECT)),
    ),
)
CAN_REPLY = component(
    "CanReply",
    obj(
        allowed=FLAG,
        until=maybe(MOMENT),
        reason=maybe(TEXT),
        template_required=FLAG,
        max_body=maybe(COUNT),
        attachment_types=many(TEXT),
        max_attachment_bytes=maybe(COUNT),
    ),
)
CONVERSATION = component(
    "Conversation",
    obj(
        **_HEAD,
        sla_status=maybe(TEXT),
        sla_first_response_due_at=maybe(MOMENT),
        can_reply=CAN_REPLY,
        **_PEOPLE,
        **_TIMES,
        threads=many(THREAD),
    ),
)


#: The reference's fields that a plugin fills.
_FROM_PLUGINS = {"sla_status": None, "sla_first_response_due_at": None}


def present_item(row: AnyRow, added: Sequence[str] = ()) -> dict[str, Any]:
    """Return one line of the list; ``row`` is in the order of ``conversation_queries.COLUMNS``.

    ``added`` names the plugins' fields, whose columns follow.
    """
    return {
        "id": row[0],
        "number": row[1],
        "subject": row[2],
        "status": row[3],
        "channel": row[4],
        "priority": row[5],
        "tags": row[6],
        "customer": {"id": row[10], "email": row[11], "display_name": row[12]},
        "mailbox": {"id": row[13], "name": row[14]},
        "assignedUser": None if row[15] is None else {"id": row[15], "name": row[16]},
        "last_reply_at": row[7],
        "created_at": row[8],
        "updated_at": row[9],
        **dict(zip(added, row[17:], strict=False)),
    }


def present_conversation(details: ConversationDetails) -> dict[str, Any]:
    """Return a whole conversation with its threads."""
    head = details.head
    return {
        **{name: getattr(head, name) for name in _HEAD},
        **_FROM_PLUGINS,
        **{name: getattr(head, name) for name in details.added},
        "can_reply": present_window(details.window, details.channel),
        "customer": {
            "id": head.customer_id,
            "email": head.customer_email,
            "display_name": head.customer_name,
        },
        "mailbox": {"id": head.mailbox_id, "name": head.mailbox_name},
        "assignedUser": (
            None if head.user_id is None else {"id": head.user_id, "name": head.user_name}
        ),
        "last_reply_at": head.last_reply_at,
        "created_at": head.created_at,
        "updated_at": head.updated_at,
        "threads": [present_thread(thread, details.details) for thread in details.threads],
    }


def present_thread(thread: Thread | AnyRow, details: ThreadDetails) -> dict[str, Any]:
    """Return one thread; HTML is sanitised now, the stored original is kept as received."""
    shown: dict[str, Any] = {
        "id": thread.id,
        "type": thread.type,
        "body": sanitise(thread.body) if thread.body_format == "html" else thread.body,
        "body_format": thread.body_format,
        "body_text": thread.body_text,
        "created_at": thread.created_at,
        "user": (
            None
            if thread.user_id is None
            else {"id": thread.user_id, "name": details.users.get(thread.user_id, "")}
        ),
        "attachments": [present_attachment(it) for it in details.attachments.get(thread.id, ())],
    }
    if thread.type == "message":
        shown["cc"] = thread.cc or []
        shown["bcc"] = thread.bcc or []
        delivery = details.deliveries.get(thread.id)
        if delivery is not None:
            shown["delivery"] = present_delivery(delivery)
    if thread.type == "lineitem" or thread.meta:
        shown["meta"] = thread.meta
    return shown


def present_delivery(delivery: AnyRow) -> dict[str, Any]:
    """Return where a reply's delivery stands."""
    return {
        "state": delivery.state,
        "error": delivery.error,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at,
        "updated_at": delivery.updated_at,
        "recipients": delivery.recipients or [],
    }


def present_window(window: ReplyWindow | None, channel: Channel | None) -> dict[str, Any]:
    """Return ``can_reply``; a conversation whose channel is not enabled cannot be answered."""
    if channel is None:
        window = ReplyWindow(allowed=False, reason="The channel is not enabled.")
    elif not channel.outbound:
        window = ReplyWindow(allowed=False, reason="The channel carries no replies.")
    window = window or ReplyWindow()
    return {
        "allowed": window.allowed,
        "until": window.until,
        "reason": window.reason,
        "template_required": window.template_required,
        "max_body": channel.max_body if channel else None,
        "attachment_types": list(channel.attachment_types) if channel else [],
        "max_attachment_bytes": channel.max_attachment_bytes if channel else None,
    }
