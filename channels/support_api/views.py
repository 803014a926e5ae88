"""The channel's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    THREAD,
    Conflict,
    InboundMessage,
    MessageDropped,
    Permission,
    Service,
    enveloped,
    fields,
    obj,
    path_id,
    present_one,
)

from .mailbox import rotate_secret

if TYPE_CHECKING:
    from pyramid.request import Request

messages = Service(
    "api-messages",
    f"/conversations/{ID}/messages",
    description="Customers' messages.",
    tag="Conversations",
)
callback_secret = Service(
    "api-callback-secret",
    f"/mailboxes/{ID}/callback-secret",
    description="The callback's secret.",
    tag="Mailboxes",
)


class MessageBody(fields.Body):
    body = fields.String(min=1, max=50_000, strip=False)
    body_format = fields.Choice(("text", "html"), missing="text")
    attachment_ids = fields.ListOf(fields.Id(), max=50, missing=())


@messages.post(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    rate="conversation-reply",
    body=MessageBody(),
    status=201,
    shape=enveloped(THREAD, message=True),
    raises=(MessageDropped,),
)
def receive(request: Request) -> dict[str, Any]:
    """Add the customer's next message; it reopens a closed or pending conversation."""
    desk, values = request.desk, request.validated
    conversation = desk.conversations.get(path_id(request), lock=True)
    if conversation.channel != "api":
        raise Conflict(
            f"Messages of the {conversation.channel} channel arrive by that channel only."
        )
    filed = desk.inbound.receive(
        InboundMessage(
            channel="api",
            mailbox_id=conversation.mailbox_id,
            body=values["body"],
            body_format=values["body_format"],
            conversation_id=conversation.id,
            attachment_ids=values["attachment_ids"],
        )
    )
    if filed is None:
        raise MessageDropped
    return {"data": present_one(desk, filed.thread), "message": "Message added successfully"}


@callback_secret.post(
    permission=Permission.MANAGE_MAILBOXES,
    shape=enveloped(obj(callback_secret={"type": "string"}), message=True),
    secret=True,
)
def rotate(request: Request) -> dict[str, Any]:
    """Replace the secret that signs the mailbox's callbacks; shown in this answer only."""
    mailbox = request.desk.mailboxes.get(path_id(request), lock=True)
    secret = rotate_secret(request.desk, mailbox.id)
    return {
        "data": {"callback_secret": secret},
        "message": "Callback secret replaced successfully",
    }
