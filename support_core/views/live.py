"""Live events: the stream of what happens in a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import TooManyRequests, Unavailable
from ..presenters.live import PRESENCE, STREAM, present_presences
from ..presenters.shapes import FLAG, MESSAGE_ONLY, enveloped, many, obj
from ..rest import ID, Service, path_id
from ..rest.service import DEFAULT_FEATURE
from ..schemas.live import PresenceBody
from ..schemas.members import StreamFilters
from ..security import Permission
from ..streams import last_event_id, open_stream, resume
from ..streams.agents import agent_subscription

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

TAG = "Live events"

BASE = f"/conversations/{ID}"

stream = Service("event-stream", "/events/stream", description="Events as they happen.", tag=TAG)
presence = Service(
    "conversation-presence", f"{BASE}/presence", description="Who is there.", tag=TAG
)
typing = Service("conversation-typing", f"{BASE}/typing", description="Who types.", tag=TAG)


@stream.get(
    permission=Permission.VIEW_CONVERSATIONS,
    query=StreamFilters(),
    shape=STREAM,
    media="text/event-stream",
    raises=(TooManyRequests, Unavailable),
)
def stream_of_events(request: Request) -> Response:
    """Follow the event log as it grows, by Server-Sent Events.

    Each event stands under its ``type`` and with its ``id``, its ``data`` as in ``GET /events``.
    A client that reconnects with ``Last-Event-ID`` gets what it missed, nothing twice. ``reset``
    tells that the log does not reach back so far: load anew, and go on from the id it names.
    Signals (``presence.changed``, ``agent.typing``) have no id. Lines with a colon in front are
    signs of life. The stream ends when the caller's access does.
    """
    after = last_event_id(request, request.filters.get("last_event_id"))
    return open_stream(
        request,
        agent_subscription(
            request.caller,
            resume(request.desk.session, after),
            request.filters,
            permission=Permission.VIEW_CONVERSATIONS,
            feature=DEFAULT_FEATURE,
            limit=request.registry.support.settings["support.streams.per_caller"],
        ),
    )


@presence.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(many(PRESENCE)))
def list_of_presences(request: Request) -> dict[str, Any]:
    """List who has the conversation open, and who of them writes a reply."""
    desk = request.desk
    found = desk.conversations.get(path_id(request))
    return {"data": present_presences(desk.presence.present(found))}


@presence.put(
    permission=Permission.VIEW_CONVERSATIONS, body=PresenceBody(), shape=enveloped(many(PRESENCE))
)
def enter(request: Request) -> dict[str, Any]:
    """Say that you have the conversation open, or write in it; answers who is there.

    It lasts for a minute: say it again every half, and ``DELETE`` it when you leave. A change is
    the signal ``presence.changed`` on ``GET /events/stream``.
    """
    desk = request.desk
    found = desk.conversations.get(path_id(request))
    desk.presence.enter(found, request.validated["state"])
    return {"data": present_presences(desk.presence.present(found))}


@presence.delete(permission=Permission.VIEW_CONVERSATIONS, shape=MESSAGE_ONLY)
def leave(request: Request) -> dict[str, Any]:
    """Say that you have left the conversation."""
    desk = request.desk
    desk.presence.leave(desk.conversations.get(path_id(request)))
    return {"message": "Left successfully"}


@typing.post(permission=Permission.REPLY_TO_CONVERSATIONS, shape=obj(success=FLAG))
def type_(request: Request) -> dict[str, Any]:
    """Say that you type. It is stored nowhere: streams that are open now hear ``agent.typing``.

    Say it again every few seconds while you do; who hears nothing more takes it that you stopped.
    """
    desk = request.desk
    desk.presence.type(desk.conversations.get(path_id(request)))
    return {"success": True}
