"""Reading request bodies: bounded, JSON only, an object only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import orjson

from ..errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from pyramid.request import Request


def read_body(request: Request) -> bytes:
    """Return the raw body, read once; raises ``PayloadTooLarge`` over the configured size."""
    limit: int = request.registry.support.settings["support.request.max_bytes"]
    length = request.content_length
    if length is not None and length > limit:
        raise PayloadTooLarge(limit=limit)
    if not request.is_body_readable:
        return b""
    raw: bytes = request.body_file.read(limit + 1)
    if len(raw) > limit:
        raise PayloadTooLarge(limit=limit)
    return raw


def json_object(request: Request) -> dict[str, Any]:
    """Parse the body; an empty one counts as ``{}`` so that every missing field is named.

    Raises ``UnsupportedMediaType`` for another type than JSON and ``InvalidRequest`` for what is
    no JSON object in UTF-8.
    """
    raw: bytes = request.raw_body
    if not raw.strip():
        return {}
    media = request.content_type
    if media and media != "application/json" and not media.endswith("+json"):
        raise UnsupportedMediaType
    value = _parse(raw)
    if not isinstance(value, dict):
        raise InvalidRequest("The request body must be a JSON object.")
    return value


def _parse(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    # orjson refuses lone surrogates and integers over 64 bits; the fields' own checks name the
    # field, so take the standard library's reading of those.
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidRequest("The request body is not valid JSON.") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
