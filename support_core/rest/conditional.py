"""Conditional requests: ``ETag`` and ``If-None-Match`` on reads, ``If-Match`` on updates.

Strong validators over the representation's bytes (RFC 9110 §8.8, §13.1). A view whose answer holds
states that change by themselves sets ``request.lasting`` to what is left without them: the tag then
begins with a digest of that, and only that part is held against an ``If-Match``.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from ..errors import PreconditionFailed
from ..rendering import dumps
from .paths import path_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.request import Request

    from .service import Lock, Operation

    View = Callable[[Any, Request], Response]


def etag_of(body: bytes) -> str:
    """Return the strong entity tag of a representation."""
    return blake2b(body, digest_size=16).hexdigest()


def conditional(view: View, info: Any) -> View:
    """Answer ``If-None-Match`` with 304, and hold updates to their ``If-Match``."""
    operation: Operation | None = info.options.get("operation")
    if operation is None:
        return view
    if operation.etag and operation.method == "GET":
        return _tagged(view)
    if operation.precondition is not None:
        return _guarded(view, *operation.precondition)
    return view


def _tagged(view: View) -> View:
    def wrapped(context: Any, request: Request) -> Response:
        response = view(context, request)
        tag = etag_of(response.body)
        if request.lasting is not None:
            tag = f"{etag_of(dumps(request.lasting))}.{tag}"
        if tag in request.if_none_match:
            response = Response(status=304)
        response.etag = tag
        response.cache_control = "private, no-cache"
        return response

    return wrapped


def _guarded(view: View, show: Callable[[Request], Any], lock: Lock) -> View:
    def wrapped(context: Any, request: Request) -> Response:
        if request.headers.get("If-Match"):
            # The lock holds until the commit, so that nobody changes the row between the
            # comparison and our update.
            lock(request.desk, path_id(request))
            if not _still_matches(request, show(request)):
                raise PreconditionFailed
            request.desk.session.expire_all()
        return view(context, request)

    return wrapped


def _still_matches(request: Request, shown: Any) -> bool:
    if request.lasting is None:
        return etag_of(dumps(shown)) in request.if_match
    lasting = etag_of(dumps(request.lasting))
    given = getattr(request.if_match, "etags", None)
    return given is None or any(tag.partition(".")[0] == lasting for tag in given)
