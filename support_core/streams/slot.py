"""How a view hands a stream over to the server that its request came through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Unavailable

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

    from .hub import Hub
    from .subscription import Subscription

#: The WSGI environ's key of the request's :class:`StreamSlot`.
ENVIRON = "support.stream"


class StreamSlot:
    """Where a view leaves the subscription it authorised; one per request, made by the server."""

    __slots__ = ("_hub", "subscription")

    def __init__(self, hub: Hub | None = None) -> None:
        self._hub = hub
        self.subscription: Subscription | None = None

    def take(self, subscription: Subscription, *, keep: bool) -> None:
        """Take a subscription, and ``keep`` it; raises where one more stream is too many."""
        if self._hub is not None:
            self._hub.admit(subscription)
        if keep:
            self.subscription = subscription


def open_stream(request: Request, subscription: Subscription) -> Response:
    """Answer ``request`` with a stream; the view returns what this returns.

    A plugin with an engine of its own may take the stream (``support_stream``). Otherwise the
    response's headers are sent as they are, and the server goes on with the subscription: no thread
    waits meanwhile. Raises ``Unavailable`` under a server that holds no streams, and where
    this one holds as many as it can; ``TooManyRequests`` where the caller does.
    """
    hook = request.registry.support.plugins.hook
    taken: Response | None = hook.support_stream(subscription=subscription, request=request)
    if taken is not None:
        return taken
    slot: StreamSlot | None = request.environ.get(ENVIRON)
    if slot is None:
        raise Unavailable(
            "This server cannot hold streams open. Send them to support-core serve or "
            "support-core gateway."
        )
    slot.take(subscription, keep=request.method != "HEAD")
    response: Any = request.response
    response.content_type = "text/event-stream"
    response.charset = "utf-8"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would otherwise collect it first
    return response
