"""JSON Schemas of what presenters give: the one source for ``/openapi.json``.

Each presenter registers the schema of its resource under a name; operations refer to it.
"""

from __future__ import annotations

from typing import Any

Shape = dict[str, Any]

COMPONENTS: dict[str, Shape] = {}

_OPTIONAL = "x-optional"

ID: Shape = {"type": "integer", "minimum": 1}
COUNT: Shape = {"type": "integer", "minimum": 0}
TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
MOMENT: Shape = {"type": "string", "format": "date-time"}
ANY_OBJECT: Shape = {"type": "object"}


def maybe(shape: Shape) -> Shape:
    """Return ``shape`` or null."""
    if "$ref" in shape:
        return {"anyOf": [shape, {"type": "null"}]}
    return {**shape, "type": [shape["type"], "null"]}


def obj(**properties: Shape) -> Shape:
    """Return an object with these properties, all of them present but the :func:`optional` ones."""
    shown = {
        name: {key: value for key, value in shape.items() if key != _OPTIONAL}
        for name, shape in properties.items()
    }
    required = [name for name, shape in properties.items() if _OPTIONAL not in shape]
    return {"type": "object", "properties": shown, "required": required}


def optional(shape: Shape) -> Shape:
    """Mark a property that is not always there."""
    return {**shape, _OPTIONAL: True}


def many(shape: Shape) -> Shape:
    """Return an array of ``shape``."""
    return {"type": "array", "items": shape}


def component(name: str, shape: Shape) -> Shape:
    """Register a named shape and return the reference to it.

    Raises ``ValueError`` for a name that stands for another shape: two plugins may not share one.
    """
    if COMPONENTS.setdefault(name, shape) != shape:
        raise ValueError(f"the shape {name} is registered already; give yours another name")
    return {"$ref": f"#/components/schemas/{name}"}


def enveloped(shape: Shape, *, message: bool = False, **more: Shape) -> Shape:
    """Return ``{"data": shape}``, with ``message`` where the reference has one."""
    extra = {"message": TEXT} if message else {}
    return obj(data=shape, **extra, **more)


LINKS = obj(first=maybe(TEXT), last=maybe(TEXT), prev=maybe(TEXT), next=maybe(TEXT))
_PAGE_LINK = obj(url=maybe(TEXT), label=TEXT, active=FLAG)
PAGE_META = component(
    "PageMeta",
    obj(
        **{
            "current_page": ID,
            "from": maybe(ID),
            "last_page": ID,
            "links": many(_PAGE_LINK),
            "path": TEXT,
            "per_page": ID,
            "to": maybe(ID),
            "total": COUNT,
        }
    ),
)
CURSOR_META = component(
    "CursorMeta",
    obj(path=TEXT, per_page=ID, next_cursor=maybe(TEXT), prev_cursor=maybe(TEXT)),
)
MESSAGE_ONLY = obj(message=TEXT)


def paged(shape: Shape) -> Shape:
    """Return a list's envelope, by page or by cursor."""
    return obj(data=many(shape), links=LINKS, meta={"anyOf": [PAGE_META, CURSOR_META]})
