"""Answering a stream that the desk has authorised with a redirect to nchan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import Invalid, NotAcceptable, Selection, frame

from . import channels as channels_of, message_ids
from .positions import OutOfReach, after_event, after_message

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from support_core.plugin_api import Subscription

    from .engine import Nchan


def answer(subscription: Subscription, request: Request) -> Response | None:
    """Redirect nginx to the stream's channels; None for a stream that they cannot show.

    Raises ``NotAcceptable`` for a client that does not say that it reads event streams, without
    which nchan refuses it, and ``Invalid`` for more channels than nchan takes.
    """
    application = request.registry.support
    nchan: Nchan = application.extensions["nchan"]
    now = application.clock().timestamp()
    names = _channels(subscription, application, nchan, minute=int(now // 60))
    if names is None:
        return None
    if "text/event-stream" not in request.headers.get("Accept", ""):
        raise NotAcceptable("Streams are for clients that say Accept: text/event-stream.")
    if len(names) >= channels_of.MOST:
        raise _too_many(subscription.wants)
    response: Response = request.response
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    if request.method == "HEAD":
        return response
    try:
        after = _position(subscription, request, nchan, channels=len(names) + 1)
    except OutOfReach:
        position = subscription.head
        response.body = frame({"last_event_id": position}, event="reset", id_=position)
        return response
    hello = channels_of.greeting()
    if after is None:
        hello, after = nchan.greeter.greet(int(now))
    response.headers["X-Accel-Redirect"] = nchan.location
    response.headers["X-Support-Channels"] = channels_of.joined([*names, hello])
    response.headers["X-Support-After"] = after
    response.headers["X-Support-Key"] = subscription.key
    return response


def _channels(
    subscription: Subscription, application: Any, nchan: Nchan, *, minute: int
) -> list[str] | None:
    """Return the channels of what a stream shows; None where there are none such."""
    seat, selection = subscription.seat, subscription.wants
    if seat is not None:
        return channels_of.seats(subscription, seat, minute=minute, recheck=nchan.recheck)
    if subscription.render or subscription.lasts or subscription.permissions is None:
        return None
    if selection is not None and not isinstance(selection, Selection):
        return None
    return [
        *channels_of.chosen(subscription, selection, application.event_types.permissions),
        *channels_of.leashes(subscription, minute=minute, recheck=nchan.recheck),
    ]


def _position(
    subscription: Subscription, request: Request, nchan: Nchan, *, channels: int
) -> str | None:
    """Return where nchan has to go on; None for a client that was not here before."""
    known = message_ids.given(request)
    if known is not None:
        return after_message(request.desk, nchan, known, channels=channels)
    if request.headers.get("Last-Event-ID", "").strip() or "last_event_id" in request.GET:
        return after_event(request.desk, nchan, subscription)
    return None


def _too_many(wants: object) -> Invalid:
    field = "mailbox_id" if isinstance(wants, Selection) and wants.mailboxes else "type"
    return Invalid({field: ["The filters name more than one stream can follow; open several."]})
