"""Response objects: the success answer of an operation, and errors, each described once."""

from __future__ import annotations

from copy import deepcopy
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ..errors import Invalid
from ..rest.gates import ANY_MEDIA
from . import headers
from .catalogue import describe
from .refusals import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..errors import SupportError
    from ..rest import Operation

JSON = "application/json"

ERROR: dict[str, Any] = {
    "type": "object",
    "description": "The one error body.",
    "properties": {
        "error": {"type": "string", "description": "A stable code for programs."},
        "message": {"type": "string", "description": "A sentence for people."},
        "permission": {
            "type": ["string", "null"],
            "description": "`forbidden`: the permission that is missing.",
        },
        "feature": {"type": "string", "description": "`feature_not_available`: which one."},
        "resource": {"type": "string", "description": "`limit_exceeded`: of what."},
        "limit": {
            "type": "integer",
            "description": "`limit_exceeded`: how many; `payload_too_large`: how many bytes.",
        },
        "current_plan": {
            "type": ["string", "null"],
            "description": "`feature_not_available`, `limit_exceeded`: the workspace's plan.",
        },
        "request_id": {"type": "string", "description": "Status 500 and above: what to quote."},
    },
    "required": ["error", "message"],
}
VALIDATION_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Every failing field with its messages; nested ones as `cc.0`.",
    "properties": {
        "message": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
            },
        },
    },
    "required": ["message", "errors"],
}


class Answers:
    """Builds the ``responses`` of operations and collects the error components they share."""

    def __init__(self) -> None:
        self.components: dict[str, Any] = {}

    def of(self, operation: Operation, shape: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return every answer of ``operation``, whose success has this ``shape``."""
        responses = {str(operation.status): success(operation, shape)}
        if operation.etag:
            responses["304"] = {
                "description": "Not Modified: what `If-None-Match` names is still current.",
                "headers": headers.references(["X-Request-Id", "ETag"]),
            }
        for status, other in operation.others.items():
            responses[str(status)] = {
                "description": HTTPStatus(status).phrase + ".",
                "headers": headers.references(["X-Request-Id"]),
                "content": {JSON: {"schema": deepcopy(dict(other))}},
            }
        for status, kinds in refusals(operation).items():
            responses[str(status)] = self._refusal(status, kinds)
        return dict(sorted(responses.items()))

    def _refusal(self, status: int, kinds: Sequence[type[SupportError]]) -> dict[str, str]:
        codes = [kind.code for kind in kinds]
        name = ".".join([f"Error{status}", *sorted(codes)])
        if name not in self.components:
            self.components[name] = refusal(status, kinds)
        return {"$ref": f"#/components/responses/{name}"}


def success(operation: Operation, shape: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the response object of the success answer."""
    answer: dict[str, Any] = {
        "description": HTTPStatus(operation.status).phrase + ".",
        "headers": headers.of_success(operation),
    }
    if operation.media == ANY_MEDIA:
        answer["content"] = {"*/*": {}}
    elif shape is not None:
        answer["content"] = {operation.media: {"schema": shape}}
    return answer


def refusal(status: int, kinds: Sequence[type[SupportError]]) -> dict[str, Any]:
    """Return the response object of these errors, which share a status."""
    codes = sorted(kind.code for kind in kinds if not issubclass(kind, Invalid))
    options: list[dict[str, Any]] = []
    if len(codes) < len(kinds):
        options.append({"$ref": "#/components/schemas/ValidationError"})
    if codes:
        coded = {"properties": {"error": {"enum": codes}}}
        options.append({"allOf": [{"$ref": "#/components/schemas/Error"}, coded]})
    lines = [_line(kind) for kind in kinds]
    return {
        "description": f"{HTTPStatus(status).phrase}. " + " ".join(lines),
        "headers": headers.of_refusal(status),
        "content": {JSON: {"schema": options[0] if len(options) == 1 else {"anyOf": options}}},
    }


def _line(kind: type[SupportError]) -> str:
    entry = describe(kind)
    return f"`{entry.code}`: {entry.meaning}" if entry.sent else entry.meaning
