"""JSON on the way out: one set of options for every response body.

Datetimes leave as UTC with ``Z`` in whole seconds (API contract, times); dictionaries keep the
order in which presenters build them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from pyramid.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator

OPTIONS = (
    orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS | orjson.OPT_NON_STR_KEYS
)


def dumps(value: Any) -> bytes:
    """Serialise a presented value."""
    return orjson.dumps(value, option=OPTIONS)


def json_response(value: Any, *, status: int = 200) -> Response:
    """Build a JSON response outside of the renderer (errors, replayed answers)."""
    return Response(
        body=dumps(value), status=status, content_type="application/json", charset="utf-8"
    )


class JsonRenderer:
    """Pyramid's renderer contract over orjson."""

    def __init__(self, _info: Any) -> None:
        pass

    def __call__(self, value: Any, system: dict[str, Any]) -> bytes:
        response = system["request"].response
        response.content_type = "application/json"
        response.charset = "utf-8"
        return dumps(value)


def includeme(config: Configurator) -> None:
    """Make ``support_json`` the application's renderer."""
    factory: Callable[[Any], JsonRenderer] = JsonRenderer
    config.add_renderer("support_json", factory)
