"""The public calls of the widget (reference, "Chat Widget (Public)")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    Invalid,
    InvalidRequest,
    MessageDropped,
    NotFound,
    PayloadTooLarge,
    Permission,
    Service,
    TooManyRequests,
    Unavailable,
    file_response,
    last_event_id,
    open_stream,
    path_id,
    resume,
    uploaded_file,
)

from . import audience, contacts, history, reading, streaming, talking, uploads
from .chat_schemas import (
    MESSAGE_MAX,
    ContactQuery,
    HistoryQuery,
    InitBody,
    MessageBody,
    ReadBody,
    StartBody,
    StreamQuery,
    TypingBody,
    VisitBody,
)
from .gate import Throttle, party
from .presenting import language, milliseconds, present_options, present_public
from .problems import (
    ContactNotFound,
    ConversationNotFound,
    InvalidSignature,
    OriginNotAllowed,
    WidgetNotFound,
)
from .settings import ATTACHMENTS, POLL
from .shapes import HISTORY, INIT, SENT, STARTED, SUCCESS, UPLOADED

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from support_core.plugin_api import Desk, Thread

    from .gate import Visit

TAG = "Chat"
PUBLIC = Permission.PUBLIC

#: What any of the calls may answer.
ANY = (TooManyRequests, WidgetNotFound, OriginNotAllowed, InvalidRequest)
CONTACT = (*ANY, ContactNotFound)
TALK = (*CONTACT, ConversationNotFound)

#: Seconds between two signs of life of a widget.
VISIT_EVERY = 60


def _service(name: str, path: str, description: str) -> Service:
    return Service(f"chat-{name}", f"/chat/{path}", description=description, tag=TAG)


init = _service("init", "init", "Opening the widget.")
start = _service("start", "start", "The first message.")
message = _service("message", "message", "The next message.")
past = _service("history", "history", "What was said.")
typing = _service("typing", "typing", "Who types.")
read = _service("read", "read", "What was read.")
visit = _service("visit", "visit", "Signs of life.")
stream = _service("stream", "stream", "What happens.")
files = _service("attachments", "attachments", "Files of visitors.")
file = _service("attachment", f"attachments/{ID}", "One file.")


@init.post(
    permission=PUBLIC,
    chat="chat-init",
    body=InitBody(),
    shape=INIT,
    raises=(*ANY, InvalidSignature),
)
def initialise(request: Request) -> dict[str, Any]:
    """Open the widget: how it looks, who the visitor is, and what they were talking about.

    A known ``visitor_id`` resumes its contact. ``user_hash`` is the HMAC-SHA256 of the
    ``visitor_id`` or the ``email`` by the widget's secret, in hexadecimal: it proves who the
    visitor is, and is a must where the widget says ``hmac_required``.
    """
    visited: Visit = request.chat_visit
    desk, values = visited.desk(request), request.validated
    widget = visited.widget(desk)
    try:
        contact = contacts.meet(desk, widget, values, request.user_agent)
    except InvalidSignature:
        Throttle(request).guessed(f"signature:{widget.id}")
        raise
    locale, translation = language(widget, values["locale"])
    return {
        "success": True,
        "widget": present_public(widget, translation),
        "contact": {
            "id": contact.secret_id,
            "visitor_id": contact.visitor_id,
            "pubsub_channel": f"support.chat.{contact.secret_id}",
        },
        "active_conversation": talking.active(desk, contact),
        "options": {
            **present_options(widget, locale, translation, desk.clock()),
            **_limits(desk),
            "known": {"email": contact.email, "name": contact.name},
        },
    }


def _limits(desk: Desk) -> dict[str, Any]:
    settings = desk.settings
    return {
        "limits": {
            "message": MESSAGE_MAX,
            "attachment_bytes": uploads.max_bytes(settings),
            "attachments": settings[ATTACHMENTS],
            "attachment_types": list(uploads.allowed_types(settings)),
        },
        "poll_interval": settings[POLL],
        "visit_interval": VISIT_EVERY,
        "stream": True,
    }


@start.post(
    permission=PUBLIC,
    chat="chat-start",
    body=StartBody(),
    status=201,
    shape=STARTED,
    raises=(*CONTACT, MessageDropped),
)
def begin(request: Request) -> dict[str, Any]:
    """Start a chat; while one is open, the message goes into that one."""
    desk, widget, contact = party(request, lock=True)
    said = talking.start(desk, widget, contact, request.validated)
    contacts.seen(desk, contact)
    return {
        "success": True,
        "conversation": {
            "id": said.conversation.id,
            "number": said.conversation.number,
            "subject": said.conversation.subject,
        },
        "thread": _written(said.thread),
    }


@message.post(
    permission=PUBLIC,
    chat="chat-message",
    body=MessageBody(),
    status=201,
    shape=SENT,
    raises=(*TALK, MessageDropped),
)
def send(request: Request) -> dict[str, Any]:
    """Send a message; into a closed conversation it reopens it.

    A ``client_id`` makes a resend harmless: the same one again is answered as before.
    """
    desk, _, contact = party(request)
    row = talking.find(desk, contact, request.validated["conversation_id"])
    said = talking.message(desk, contact, row, request.validated)
    contacts.seen(desk, contact)
    return {"success": True, "thread": _written(said.thread)}


@past.get(
    permission=PUBLIC,
    chat="chat-read",
    query=HistoryQuery(),
    shape=HISTORY,
    raises=TALK,
)
def show_history(request: Request) -> dict[str, Any]:
    """Show what was said, oldest first: the newest 200 messages, or those ``after`` one.

    Notes and line items are never part of it. With ``after``, a reply that had been held back
    may come again: its id is older than what was said meanwhile.
    """
    desk, _, contact = party(request)
    row = talking.find(desk, contact, request.filters["conversation_id"])
    after = request.filters.get("after")
    return {"success": True, "messages": history.messages(desk, row.conversation_id, after)}


@typing.post(permission=PUBLIC, chat="chat-typing", body=TypingBody(), shape=SUCCESS, raises=TALK)
def type_(request: Request) -> dict[str, Any]:
    """Say that the visitor types, or has stopped; agents hear it, and it is stored nowhere."""
    desk, _, contact = party(request)
    row = talking.find(desk, contact, request.validated["conversation_id"])
    talking.typing(desk, contact, row, is_typing=request.validated["is_typing"])
    return {"success": True}


@read.post(permission=PUBLIC, chat="chat-read", body=ReadBody(), shape=SUCCESS, raises=TALK)
def mark_read(request: Request) -> dict[str, Any]:
    """Say that the visitor has seen the messages up to ``last_read_id``."""
    desk, _, contact = party(request, lock=True)
    row = talking.find(desk, contact, request.validated["conversation_id"])
    reading.by_visitor(desk, row, request.validated["last_read_id"])
    contacts.seen(desk, contact)
    return {"success": True}


@visit.post(permission=PUBLIC, chat="chat-read", body=VisitBody(), shape=SUCCESS, raises=CONTACT)
def visited_page(request: Request) -> dict[str, Any]:
    """Say that the visitor is still there, and on which page."""
    desk, _, contact = party(request)
    contacts.seen(desk, contact, request.validated)
    return {"success": True}


@stream.get(
    permission=PUBLIC,
    chat="chat-read",
    query=StreamQuery(),
    shape={"type": "string"},
    media="text/event-stream",
    raises=(*CONTACT, Unavailable),
)
def follow(request: Request) -> Response:
    """Follow the visitor's conversations, by Server-Sent Events.

    ``message``, ``status`` and ``read`` have ids: a client that comes back with
    ``Last-Event-ID`` gets what it missed, nothing twice. ``typing`` is said in passing. ``reset``
    tells that the log does not reach back so far: load the history anew.
    """
    desk, widget, contact = party(request)
    after = last_event_id(request, request.filters.get("last_event_id"))
    positions = resume(desk.session, after)
    opened = streaming.subscription(desk, widget, contact, positions, audience.seat(contact))
    return open_stream(request, opened)


@files.post(
    permission=PUBLIC,
    chat="chat-upload",
    query=ContactQuery(),
    status=201,
    shape=UPLOADED,
    request_media="multipart/form-data",
    raises=(*CONTACT, PayloadTooLarge, Invalid),
)
def upload(request: Request) -> dict[str, Any]:
    """Upload a file in the field ``file``; name its id in a message to send it."""
    # Before a workspace is locked for writing: an upload takes its time.
    with uploaded_file(request) as given:
        desk, _, contact = party(request, lock=True)
        stored = uploads.store(desk, contact, given)
    return {"success": True, "attachment": history.present_file(stored)}


@file.get(
    permission=PUBLIC,
    chat="chat-read",
    query=ContactQuery(),
    shape={"type": "string"},
    media="application/octet-stream",
    raises=(*CONTACT, NotFound),
)
def download(request: Request) -> Response:
    """Download a file of the visitor's own conversations."""
    desk, _, contact = party(request)
    return file_response(desk, uploads.find(desk, contact, path_id(request)))


def _written(thread: Thread) -> dict[str, Any]:
    return {
        "id": thread.id,
        "body": thread.body,
        "created_at": milliseconds(thread.created_at),
    }
