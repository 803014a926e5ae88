"""The outermost tween: request id, security headers, one access line, request metrics."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Histogram

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.registry import Registry
    from pyramid.request import Request
    from pyramid.response import Response

#: Methods that metrics tell apart; a caller can invent others without end.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: Headers of every answer that says nothing else.
DEFAULTS = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))

ACCESS = "support_core.access"
log = structlog.get_logger(ACCESS)


def observe(handler: Callable[[Request], Response], registry: Registry) -> Callable[..., Response]:
    """Wrap the whole application; one line per request, by route and ids, never by content."""
    histogram = Histogram(
        "support_http_request_seconds",
        "Time to answer a request, by route, method and status.",
        ("route", "method", "status"),
        registry=registry.support.metrics,
    )
    children: dict[tuple[str, str, int], Histogram] = {}
    wanted = logging.getLogger(ACCESS).isEnabledFor

    def tween(request: Request) -> Response:
        started = time.perf_counter()
        response = handler(request)
        seconds = time.perf_counter() - started
        route = request.matched_route
        pattern = route.pattern if route is not None else "(none)"
        caller = request.__dict__.get("caller")
        headers = response.headerlist
        given = {name.lower() for name, _ in headers}
        headers += [default for default in DEFAULTS if default[0].lower() not in given]
        headers.append(("X-Request-Id", request.request_id))
        method = request.method if request.method in METHODS else "other"
        series = pattern, method, response.status_int
        if series not in children:
            children[series] = histogram.labels(*series)
        children[series].observe(seconds)
        if wanted(logging.INFO):
            log.info(
                "request",
                request_id=request.request_id,
                method=request.method,
                route=pattern,
                status=response.status_int,
                ms=round(seconds * 1000, 1),
                workspace_id=caller.workspace_id if caller else None,
                caller=caller.key if caller else None,
            )
        return response

    return tween


def includeme(config: Configurator) -> None:
    """Stand over everything, the exception views included."""
    config.add_tween(f"{__name__}.observe")
