"""Headers that go with requests and answers, described once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .refusals import takes_key

if TYPE_CHECKING:
    from ..rest import Operation

_LINES = r"^[\u0020-\u007e]+$"
_COUNT = {"type": "integer", "minimum": 0}

PARAMETERS: dict[str, dict[str, Any]] = {
    "Workspace": {
        "name": "X-Workspace",
        "in": "header",
        "description": (
            "The id or slug of the workspace. Only a login cookie of somebody who works in "
            "several needs it; a token implies its workspace."
        ),
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": (
            "A value of your own. The first successful answer to it is kept for "
            "{idempotency_hours} hours and given again, so that a request may be repeated safely."
        ),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": _LINES},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": (
            "The `ETag` of the representation that the change is based on; 412 where somebody "
            "else changed it meanwhile (RFC 9110 §13.1.1)."
        ),
        "schema": {"type": "string"},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The `ETag` you have; 304 where it is still current (RFC 9110 §13.1.2).",
        "schema": {"type": "string"},
    },
}

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": (
            "The id of this request, to quote: the one you sent, where it is 1 to 64 letters, "
            "digits, dots, dashes and underscores, else a new one."
        ),
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "X-RateLimit-Limit": {
        "description": "Requests allowed per window, of the limit that has less left.",
        "schema": _COUNT,
    },
    "X-RateLimit-Remaining": {"description": "Requests left in this window.", "schema": _COUNT},
    "X-RateLimit-Reset": {
        "description": "The end of this window, in Unix seconds.",
        "schema": _COUNT,
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "schema": _COUNT,
    },
    "ETag": {
        "description": "The strong validator of this representation (RFC 9110 §8.8).",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed": {
        "description": "Present where this is the kept answer to an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
    "WWW-Authenticate": {
        "description": "How to authenticate (RFC 6750 §3).",
        "schema": {"type": "string"},
    },
}

_RATE = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def parameters(operation: Operation) -> list[dict[str, str]]:
    """Return references to the header parameters an operation understands."""
    names = []
    if not operation.public:
        names.append("Workspace")
    if takes_key(operation):
        names.append("IdempotencyKey")
    if operation.precondition is not None:
        names.append("IfMatch")
    if operation.etag:
        names.append("IfNoneMatch")
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def of_success(operation: Operation) -> dict[str, Any]:
    """Return the headers of the success answer."""
    names = ["X-Request-Id"]
    if not operation.public:
        names += _RATE
    if operation.etag:
        names.append("ETag")
    if takes_key(operation):
        names.append("Idempotency-Replayed")
    return references(names)


def of_refusal(status: int) -> dict[str, Any]:
    """Return the headers of an error."""
    names = ["X-Request-Id"]
    if status == 401:
        names.append("WWW-Authenticate")
    else:
        names += _RATE
    if status in (429, 503):
        names.append("Retry-After")
    return references(names)


def references(names: list[str]) -> dict[str, Any]:
    """Return a headers object of these components."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
