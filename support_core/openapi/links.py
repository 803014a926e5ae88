"""Link objects: what can be done next with what a call has just made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .operations import operation_id
from .patterns import template
from .shapes import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..rest import Operation

MADE = "$response.body#/data/id"


def links_of(operation: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    """Return the links of a creating call, by the ids of the operations they lead to.

    After ``POST /things`` they lead to everything under ``/things/{id}``; after a POST under
    ``/things/{id}`` that gives a ``Part``, to everything there that asks for a ``part_id``.
    """
    if operation.method != "POST" or operation.status != 201:
        return {}
    path = template(operation.path)
    found = [(other, {"id": MADE}) for other in _with_id(path, operations)]
    root, mark, _ = path.partition("/{id}/")
    part = _component(operation)
    if mark and part:
        name = f"{part.lower()}_id"
        found += [
            (other, {"id": "$request.path.id", name: MADE})
            for other in _with_part(root + mark, name, operations)
        ]
    return {
        operation_id(other): {"operationId": operation_id(other), "parameters": parameters}
        for other, parameters in found
    }


def _with_id(collection: str, operations: Sequence[Operation]) -> Iterator[Operation]:
    made = collection + "/{id}"
    for other in operations:
        path = template(other.path)
        if (path == made or path.startswith(made + "/")) and path.count("{") == 1:
            yield other


def _with_part(prefix: str, name: str, operations: Sequence[Operation]) -> Iterator[Operation]:
    for other in operations:
        path = template(other.path)
        if path.startswith(prefix) and path.count("{") == 2 and f"{{{name}}}" in path:
            yield other


def _component(operation: Operation) -> str:
    """Return the name of the schema that the answer's ``data`` has; "" where it has none."""
    shape = operation.shape or {}
    reference: str = shape.get("properties", {}).get("data", {}).get("$ref", "")
    return reference.removeprefix(PREFIX)
