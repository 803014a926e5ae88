"""Cross-origin requests: the widget runs in other people's pages (Fetch standard, CORS).

Nothing here lets anybody in; the gate does. Credentials are never allowed, so that a page learns
nothing that its visitor's token and contact do not already give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.response import Response

from .gate import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.registry import Registry
    from pyramid.request import Request

BASE = "/api/support/chat/"

#: Scripts and pages, which are no calls.
OTHERS = frozenset({f"{BASE}widget.js", f"{BASE}demo"})

EXPOSED = (
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id, "
    "Content-Disposition"
)

PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Accept, Cache-Control, Last-Event-ID, "
    "X-Requested-With, X-Request-Id",
    "Access-Control-Max-Age": "7200",
}

LONGEST_ORIGIN = 512


def tween(
    handler: Callable[[Request], Response], _registry: Registry
) -> Callable[[Request], Response]:
    """Answer preflights, and name the page's origin on every answer it may read."""

    def wrapped(request: Request) -> Response:
        path = request.environ["PATH_INFO"]  # as it is: any bytes may come
        if not path.startswith(BASE) or path in OTHERS:
            return handler(request)
        origin = request.headers.get("Origin", "")
        asked = "Access-Control-Request-Method" in request.headers
        if request.method == "OPTIONS" and asked:
            # It has no body, so nobody knows yet whose widget it is: the call itself is checked.
            response = Response(status=204, content_type=None, charset=None)
            response.headers.update(PREFLIGHT)
        else:
            response = handler(request)
            response.headers["Access-Control-Expose-Headers"] = EXPOSED
        response.vary = (*(response.vary or ()), "Origin")
        if origin and len(origin) <= LONGEST_ORIGIN and REFUSED not in request.environ:
            response.headers["Access-Control-Allow-Origin"] = origin
        # A page asks for what it shows by fetch; nothing of it belongs into a page's own tags.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    return wrapped
