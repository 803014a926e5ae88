"""Schemas as documentation: JSON Schema 2020-12 and OpenAPI 3.1 parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .body import Body, Query


def json_schema(schema: Body) -> dict[str, Any]:
    """Return the JSON Schema of a request body."""
    return schema.json_schema()


def query_parameters(schema: Query) -> list[dict[str, Any]]:
    """Return the OpenAPI parameter objects of a query."""
    return [_parameter(node, required=node.required and not schema.partial) for node in schema]


def _parameter(node: Any, *, required: bool) -> dict[str, Any]:
    described = node.json_schema(text=True)
    parameter: dict[str, Any] = {"name": node.name, "in": "query", "required": required}
    if "description" in described:
        parameter["description"] = described.pop("description")
    parameter["schema"] = described
    if described.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter
