"""View derivers: what stands between a request and its view, in the order in which it stands.

rate limit → permission (Pyramid's own) → CSRF → feature → receiving the body → precondition and
idempotency → plan limit → body and query. Each applies only to views that declare an
:class:`Operation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.viewderivers import INGRESS

from ..errors import FeatureNotAvailable, Forbidden, NotAcceptable, TooManyRequests
from ..ratelimit import GENERAL
from ..schemas import validate
from ..security.policy import check_csrf
from .bodies import BODY_IS_HERE, json_object
from .conditional import conditional
from .idempotency import idempotent

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from .service import Operation

    View = Callable[[Any, Request], Response]


#: The answer is whatever a file holds, so that no ``Accept`` can exclude it beforehand.
ANY_MEDIA = "application/octet-stream"


def rate_limited(view: View, info: Any) -> View:
    """Count the request per credential; every limited answer carries the headers."""
    operation: Operation | None = info.options.get("operation")
    if operation is None or operation.public:
        return view
    names = tuple(name for name in (GENERAL, operation.rate) if name)

    def wrapped(context: Any, request: Request) -> Response:
        caller = request.caller
        if caller is None:
            return view(context, request)
        standing = request.registry.support.ratelimits.count(names, caller.key)
        if standing is None:
            return view(context, request)
        headers = standing.headers()
        if not standing.allowed:
            raise TooManyRequests(headers=headers)
        added = headers.items()
        request.add_response_callback(lambda _request, answer: answer.headerlist.extend(added))
        return view(context, request)

    return wrapped


def csrf_checked(view: View, info: Any) -> View:
    """Refuse an unsafe request that rests on a cookie alone."""
    operation: Operation | None = info.options.get("operation")
    if operation is None or operation.public:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        if not check_csrf(request, request.caller):
            raise Forbidden("CSRF token mismatch.")
        return view(context, request)

    return wrapped


def entitled(view: View, info: Any) -> View:
    """Ask the entitlement plugins for the view's plan feature; any denial wins."""
    feature = info.options.get("feature")
    if feature is None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        denial = request.desk.entitlements.denial(feature)
        if denial is not None:
            raise FeatureNotAvailable(feature=feature, current_plan=denial.current_plan)
        return view(context, request)

    return wrapped


def received(view: View, info: Any) -> View:
    """Receive the body while no lock is held: who sends it slowly keeps nobody waiting."""
    operation: Operation | None = info.options.get("operation")
    if operation is None:
        return view
    form = operation.request_media == "multipart/form-data"
    may_repeat = operation.method == "POST" and not operation.public  # idempotency reads it
    if not (form or operation.body or may_repeat):
        return view

    def wrapped(context: Any, request: Request) -> Response:
        if not request.environ.get(BODY_IS_HERE):
            request.end_looking()
            _ = request.form_parts if form else request.raw_body
        return view(context, request)

    return wrapped


def reserved(view: View, info: Any) -> View:
    """Reserve one of the view's metered resource in the creating transaction."""
    resource = info.options.get("limit")
    if resource is None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        request.desk.entitlements.reserve(resource)
        return view(context, request)

    return wrapped


def validated(view: View, info: Any) -> View:
    """Check body and query against the schemas: ``request.validated`` and ``request.filters``."""
    operation: Operation | None = info.options.get("operation")
    if operation is None:
        return view
    body, query, status, media = (
        operation.body,
        operation.query,
        operation.status,
        operation.media,
    )

    def wrapped(context: Any, request: Request) -> Response:
        asked = media != ANY_MEDIA and request.headers.get("Accept")
        if asked and not request.accept.acceptable_offers([media]):
            raise NotAcceptable(f"This endpoint answers {media} only.")
        if query is not None:
            schema = operation.query_schema(request.registry.support)
            request.filters = validate(schema, request.GET)
        if body is not None:
            schema = operation.body_schema(request.registry.support)
            request.validated = validate(schema, json_object(request))
        request.response.status_int = status
        return view(context, request)

    return wrapped


_INSIDE = (csrf_checked, entitled, received, conditional, idempotent, reserved, validated)


def includeme(config: Configurator) -> None:
    """Register the derivers, each under the one before it."""
    config.add_view_deriver(rate_limited, under=INGRESS, over="secured_view")
    outer = "decorated_view"
    for deriver in _INSIDE:
        config.add_view_deriver(deriver, under=outer, over="rendered_view")
        outer = deriver.__name__


for _deriver in (rate_limited, *_INSIDE):
    _deriver.options = ("operation", "feature", "limit", "rate")  # type: ignore[attr-defined]
