"""From Pyramid's route patterns to OpenAPI's path templates."""

from __future__ import annotations

import re
from typing import Any

from ..rest.paths import MAX_ID

#: A replacement marker with its optional regular expression, as Pyramid reads it.
_MARKER = re.compile(r"\{([_a-zA-Z][^{}:]*)(?::((?:[^{}]|\{[^{}]*\})*))?\}")

_NUMBER = re.compile(r"(?:\[0-9\]|\\d)[+*]?(?:\{[0-9,]+\})?")


def template(pattern: str) -> str:
    """Return the path template of a route pattern: ``{id:[0-9]+}`` becomes ``{id}``."""
    return _MARKER.sub(r"{\1}", pattern)


def path_parameters(pattern: str) -> list[dict[str, Any]]:
    """Return the parameter objects of a route pattern, in its order."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _description(pattern, name, start),
            "schema": _schema(expression),
        }
        for name, expression, start in (
            (found[1], found[2], found.start()) for found in _MARKER.finditer(pattern)
        )
    ]


def _schema(expression: str | None) -> dict[str, Any]:
    if expression is None:
        return {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}
    if _NUMBER.fullmatch(expression):
        return {"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID}
    return {"type": "string", "pattern": f"^(?:{expression})$"}


def _description(pattern: str, name: str, start: int) -> str:
    """Name what is identified: the collection in front of the marker, in the singular."""
    if name != "id" and not name.endswith("_id"):
        return f"The {name.replace('_', ' ')}."
    collection = pattern[:start].rstrip("/").rpartition("/")[2].replace("-", " ")
    return f"The id of the {_singular(collection)}."


def _singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("xes", "sses")):
        return noun[:-2]
    return noun.removesuffix("s")
