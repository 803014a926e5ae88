"""``/conversations``: the reference's seven calls, and what surrounds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..conversation_fields import shown_names
from ..errors import Conflict, MessageDropped
from ..presenters.conversations import (
    CONVERSATION,
    CONVERSATION_ITEM,
    THREAD,
    present_conversation,
    present_item,
)
from ..presenters.shapes import MESSAGE_ONLY, enveloped, paged
from ..presenters.threads import present_many, present_one
from ..rest import ID, Service, path_id
from ..rest.pages import enveloped as envelope
from ..schemas.conversations import (
    AssignBody,
    ReplyBody,
    StatusBody,
    ThreadFilters,
    UpdateConversation,
    conversation_filters,
    create_conversation,
)
from ..security import Permission
from ..services.conversation_details import read_conversation
from ..services.conversation_queries import list_conversations
from ..services.opening import open_conversation
from ..services.replies import Reply
from ..services.threads import list_threads

if TYPE_CHECKING:
    from pyramid.request import Request

    from ..desk import Desk

TAG = "Conversations"
BASE = f"/conversations/{ID}"

conversations = Service("conversations", "/conversations", description="Conversations.", tag=TAG)
conversation = Service("conversation", BASE, description="One conversation.", tag=TAG)
reply_to = Service("conversation-reply", f"{BASE}/reply", description="Replies.", tag=TAG)
status = Service("conversation-status", f"{BASE}/status", description="The status.", tag=TAG)
assignment = Service("conversation-assign", f"{BASE}/assign", description="Assignment.", tag=TAG)
restoration = Service("conversation-restore", f"{BASE}/restore", description="Restoring.", tag=TAG)
threads = Service("conversation-threads", f"{BASE}/threads", description="Threads.", tag=TAG)
thread = Service(
    "conversation-thread",
    f"{BASE}/threads/{{thread_id:[0-9]+}}",
    description="One thread.",
    tag=TAG,
)
retry = Service(
    "conversation-thread-retry",
    f"{BASE}/threads/{{thread_id:[0-9]+}}/retry",
    description="Sending a failed reply again.",
    tag=TAG,
)


@conversations.get(
    permission=Permission.VIEW_CONVERSATIONS,
    query=conversation_filters,
    shape=paged(CONVERSATION_ITEM),
)
def list_(request: Request) -> dict[str, Any]:
    """List conversations.

    Filters may be combined; ``status``, ``channel``, ``mailbox_id``, ``assigned_to`` and
    ``priority`` take comma-separated lists.
    """
    added = shown_names(request.desk.plugins.conversation_fields)
    page = list_conversations(request.desk, request.filters)
    return envelope(request, page, [present_item(row, added) for row in page.rows])


@conversations.post(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    limit="conversations_per_month",
    rate="conversation-creation",
    body=create_conversation,
    status=201,
    shape=enveloped(CONVERSATION, message=True),
    raises=(MessageDropped,),
)
def create(request: Request) -> dict[str, Any]:
    """Create a conversation, the customer's or one that an agent starts."""
    opened = open_conversation(request.desk, request.validated)
    return {
        **_shown(request.desk, opened.id),
        "message": "Conversation created successfully",
    }


@conversation.get(
    permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(CONVERSATION), etag=True
)
def show(request: Request) -> dict[str, Any]:
    """Get a conversation with its threads."""
    shown = _shown(request.desk, path_id(request))
    volatile = request.registry.support.plugins.volatile_conversation_fields
    if volatile:
        request.lasting = {name: it for name, it in shown["data"].items() if name not in volatile}
    return shown


GUARD = (show, lambda desk, id_: desk.conversations.get(id_, lock=True))


@conversation.patch(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    body=UpdateConversation(),
    shape=enveloped(CONVERSATION, message=True),
    precondition=GUARD,
)
def update(request: Request) -> dict[str, Any]:
    """Change subject, priority, tags or mailbox; what is left out stays."""
    service, values = request.desk.conversations, request.validated
    found = service.get(path_id(request), lock=True)
    if "subject" in values:
        service.set_subject(found, values["subject"])
    if "priority" in values:
        service.set_priority(found, values["priority"])
    if "tags" in values:
        service.set_tags(found, values["tags"])
    if "mailbox_id" in values:
        service.move(found, values["mailbox_id"])
    return {**_shown(request.desk, found.id), "message": "Conversation updated successfully"}


@conversation.delete(
    permission=Permission.DELETE_CONVERSATIONS, shape=MESSAGE_ONLY, precondition=GUARD
)
def delete(request: Request) -> dict[str, Any]:
    """Delete a conversation; it can be restored."""
    service = request.desk.conversations
    service.delete(service.get(path_id(request), lock=True))
    return {"message": "Conversation deleted successfully"}


@restoration.post(
    permission=Permission.DELETE_CONVERSATIONS, shape=enveloped(CONVERSATION, message=True)
)
def restore(request: Request) -> dict[str, Any]:
    """Bring a deleted conversation back."""
    restored = request.desk.conversations.restore(path_id(request))
    return {
        **_shown(request.desk, restored.id),
        "message": "Conversation restored successfully",
    }


@reply_to.post(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    rate="conversation-reply",
    body=ReplyBody(),
    status=201,
    shape=enveloped(THREAD, message=True),
)
def reply(request: Request) -> dict[str, Any]:
    """Reply to the customer by the conversation's channel, or add a note."""
    desk, values = request.desk, request.validated
    found = desk.conversations.get(path_id(request), lock=True)
    note = values.pop("type") == "note"
    added = desk.replies.add(found, Reply(note=note, **values))
    return {
        "data": present_one(desk, added),
        "message": "Note added successfully" if note else "Reply added successfully",
    }


@status.patch(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    body=StatusBody(),
    shape=enveloped(CONVERSATION, message=True),
    precondition=GUARD,
)
def set_status(request: Request) -> dict[str, Any]:
    """Set the status; the same one again changes nothing."""
    service = request.desk.conversations
    found = service.get(path_id(request), lock=True)
    service.set_status(found, request.validated["status"])
    return {
        **_shown(request.desk, found.id),
        "message": "Conversation status updated successfully",
    }


@assignment.patch(
    permission=Permission.ASSIGN_CONVERSATIONS,
    body=AssignBody(),
    shape=enveloped(CONVERSATION, message=True),
    precondition=GUARD,
)
def assign(request: Request) -> dict[str, Any]:
    """Assign to a member of the workspace; null unassigns."""
    service = request.desk.conversations
    found = service.get(path_id(request), lock=True)
    service.assign(found, request.validated["user_id"])
    return {**_shown(request.desk, found.id), "message": "Conversation assigned successfully"}


@threads.get(permission=Permission.VIEW_CONVERSATIONS, query=ThreadFilters(), shape=paged(THREAD))
def list_of_threads(request: Request) -> dict[str, Any]:
    """List a conversation's threads, by pages."""
    desk = request.desk
    found = desk.conversations.get(path_id(request))
    page = list_threads(desk, found, request.filters)
    return envelope(request, page, present_many(desk, [row[0] for row in page.rows]))


@thread.delete(permission=Permission.REPLY_TO_CONVERSATIONS, shape=MESSAGE_ONLY, raises=(Conflict,))
def cancel(request: Request) -> dict[str, Any]:
    """Cancel a reply that has not left yet."""
    desk = request.desk
    found = desk.conversations.get(path_id(request), lock=True)
    desk.replies.cancel(found, path_id(request, "thread_id"))
    return {"message": "Reply cancelled successfully"}


@retry.post(permission=Permission.REPLY_TO_CONVERSATIONS, shape=enveloped(THREAD, message=True))
def send_again(request: Request) -> dict[str, Any]:
    """Send a failed reply again."""
    desk = request.desk
    found = desk.conversations.get(path_id(request), lock=True)
    failed = desk.replies.get(found, path_id(request, "thread_id"))
    desk.deliveries.retry(failed)
    return {"data": present_one(desk, failed), "message": "Reply queued successfully"}


def _shown(desk: Desk, conversation_id: int) -> dict[str, Any]:
    return {"data": present_conversation(read_conversation(desk, conversation_id))}
