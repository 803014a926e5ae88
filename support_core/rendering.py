"""JSON on the way out: one set of options for every response body.

Datetimes leave as UTC with ``Z`` in whole seconds (API contract, times); dictionaries keep the
order in which presenters build them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from pyramid.response import Response
from pyramid.viewderivers import VIEW

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request

    View = Callable[[Any, Request], Any]

OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS
MEDIA = "application/json; charset=utf-8"


def dumps(value: Any) -> bytes:
    """Serialise a presented value."""
    try:
        return orjson.dumps(value, option=OPTIONS)
    except TypeError:  # a key that is no text: rare, and allowing them takes half as long again
        return orjson.dumps(value, option=OPTIONS | orjson.OPT_NON_STR_KEYS)


def json_response(value: Any, *, status: int = 200) -> Response:
    """Build a JSON response outside of the renderer (errors, replayed answers)."""
    return Response(
        body=dumps(value), status=status, content_type="application/json", charset="utf-8"
    )


def rendered(view: View, info: Any) -> View:
    """View deriver: what a view of ours returns becomes the body of ``request.response``.

    Instead of a renderer, for which Pyramid first asks whether the value adapts to a response.
    """
    if info.options.get("operation") is None:
        return view

    def wrapped(context: Any, request: Request) -> Response:
        value = view(context, request)
        if isinstance(value, Response):
            return value
        response = request.response
        response.body = dumps(value)
        return response

    return wrapped


rendered.options = ("operation",)  # type: ignore[attr-defined]


def includeme(config: Configurator) -> None:
    """Render inside of every other deriver, on responses that are JSON from the start."""
    config.set_response_factory(lambda _request: Response(headerlist=[("Content-Type", MEDIA)]))
    config.add_view_deriver(rendered, under="rendered_view", over=VIEW)
