"""Reading request bodies: bounded, JSON only, an object only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from ..schemas.body import Stranger

if TYPE_CHECKING:
    from pyramid.request import Request


#: The WSGI environ's key by which a server says that it has received the whole body.
BODY_IS_HERE = "support.body_is_here"


def read_body(request: Request) -> bytes:
    """Return the raw body, read once; raises ``PayloadTooLarge`` over the configured size."""
    return body_up_to(request, request.registry.support.settings["support.request.max_bytes"])


def body_up_to(request: Request, limit: int) -> bytes:
    """Return the raw body of at most ``limit`` bytes, for views with a limit of their own.

    It is read here, and can be read once. Raises ``PayloadTooLarge``.
    """
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


class _RepeatedKey(Exception):
    """An object names a key twice; RFC 8259 §4 leaves open which one counts, so none does."""


def _parse(raw: bytes) -> Any:
    # The standard library's reading, for orjson keeps the last of two equal keys, and refuses lone
    # surrogates and integers over 64 bits without saying where; the fields' checks name the field.
    try:
        return json.loads(
            raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except _RepeatedKey as repeated:
        name = Stranger(repeated.args[0]).name
        raise InvalidRequest(f"The request body gives {name!r} more than once.") from None
    except (ValueError, RecursionError):
        raise InvalidRequest("The request body is not valid JSON.") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _RepeatedKey(name)
            seen.add(name)
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
