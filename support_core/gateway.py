"""The gateway: a process that holds streams open, beside WSGI servers that cannot.

It is the embedded server with everything else left out: the same views authorise the streams, the
same hub feeds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.interfaces import IRoutesMapper
from pyramid.request import Request

from .errors import NotFound
from .rendering import json_response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .places import WSGIApp

#: The type of answers that are streams.
STREAM = "text/event-stream"

#: Services that whoever runs a gateway needs of it.
ALSO = frozenset({"healthz", "readyz", "metrics"})


class StreamsOnly:
    """Answers streams, health and metrics; anything else is not found here."""

    def __init__(self, application: WSGIApp, registry: Any) -> None:
        self.application = application
        self.registry = registry
        self._mapper = registry.getUtility(IRoutesMapper)
        self._served = ALSO | {
            service.name
            for service in registry.cornice_services.values()
            for _, _, options in service.definitions
            if getattr(options.get("operation"), "media", None) == STREAM
        }

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        try:
            route = self._mapper(Request(environ))["route"]
        except UnicodeError:
            route = None
        if route is not None and route.name in self._served:
            return self.application(environ, start_response)
        answer: Iterable[bytes] = json_response(NotFound().body(), status=404)(
            environ, start_response
        )
        return answer
