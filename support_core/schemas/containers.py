"""Lists and free-form objects."""

from __future__ import annotations

from math import isfinite
from typing import Any

import orjson

from . import characters, messages
from .base import Field, Refused, Shape
from .scalars import LARGEST


class ListOf(Field):
    """A JSON array of ``min`` to ``max`` values of the field ``item``.

    Every failing entry is reported under ``name.index``. ``distinct`` keeps the first of equal
    entries and drops the others.
    """

    def __init__(
        self,
        item: Field,
        *,
        min: int = 0,  # noqa: A002
        max: int = 100,  # noqa: A002
        distinct: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(item, **options)
        self.item = item
        self.minimum = min
        self.maximum = max
        self.distinct = distinct

    def read(self, value: Any) -> list[Any]:
        if type(value) is not list:
            raise self.refused(messages.ARRAY)
        if len(value) < self.minimum:
            raise self.refused(messages.ARRAY_MIN, min=self.minimum)
        if len(value) > self.maximum:
            raise self.refused(messages.ARRAY_MAX, max=self.maximum)
        result = []
        problem = None
        for position, entry in enumerate(value):
            try:
                result.append(self.item.deserialize(entry))
            except Refused as refused:
                problem = problem or Refused(self)
                refused.positional = True
                problem.add(refused, position)
        if problem is not None:
            raise problem
        return list(dict.fromkeys(result)) if self.distinct else result

    def shape(self, *, text: bool) -> Shape:  # noqa: ARG002
        schema: Shape = {"type": "array", "items": self.item.json_schema()}
        if self.minimum:
            schema["minItems"] = self.minimum
        return {**schema, "maxItems": self.maximum}


class CommaSeparated(Field):
    """A query parameter holding values of the field ``item``, separated by commas.

    Empty parts are skipped, of equal values the first is kept; the value is a list.
    """

    query_only = True

    def __init__(self, item: Field, *, max: int = 100, **options: Any) -> None:  # noqa: A002
        super().__init__(item, **options)
        self.item = item
        self.maximum = max

    def read_text(self, text: str) -> list[Any] | None:
        parts = [part for part in text.split(",") if part]
        if len(parts) > self.maximum:
            raise self.refused(messages.ARRAY_MAX, max=self.maximum)
        values: dict[Any, None] = {}
        for part in parts:
            try:
                values[self.item.parse(part)] = None
            except Refused as refused:
                raise Refused(self, list(refused.messages())) from None
        return list(values) or None

    def shape(self, *, text: bool) -> Shape:
        return {
            "type": "array",
            "items": self.item.json_schema(text=text),
            "maxItems": self.maximum,
        }


class JsonObject(Field):
    """An object of the caller's own making.

    At most ``max_properties`` keys, ``max_depth`` levels of objects and arrays (itself being the
    first) and ``max_kilobytes`` (of 1024 bytes) as compact JSON. Texts and keys keep to the
    characters of :class:`String`.
    """

    def __init__(
        self,
        *,
        max_properties: int = 100,
        max_depth: int = 4,
        max_kilobytes: int = 64,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_properties = max_properties
        self.max_depth = max_depth
        self.max_kilobytes = max_kilobytes

    def read(self, value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise self.refused(messages.OBJECT)
        if len(value) > self.max_properties:
            raise self.refused(messages.ARRAY_MAX, max=self.max_properties)
        self._check(value, self.max_depth)
        if len(orjson.dumps(value)) > self.max_kilobytes * 1024:
            raise self.refused(messages.KILOBYTES, max=self.max_kilobytes)
        return dict(value)

    def _check(self, value: Any, levels: int) -> None:
        kind = type(value)
        if kind is str:
            if not characters.is_clean(value):
                raise self.refused(messages.CHARACTERS)
            return
        if kind is int or kind is float:
            # 1e999 reads as infinity, which no JSON can say.
            if not (isfinite(value) if kind is float else -LARGEST <= value <= LARGEST):
                raise self.refused(messages.NUMBERS)
            return
        if kind is not dict and kind is not list:
            return
        if levels == 0:
            raise self.refused(messages.DEPTH, max=self.max_depth)
        if kind is dict:
            for key in value:
                self._check(key, levels)
        for entry in value.values() if kind is dict else value:
            self._check(entry, levels - 1)

    def shape(self, *, text: bool) -> Shape:  # noqa: ARG002
        entry = _json_value(self.max_depth - 1)
        return {
            "type": "object",
            "additionalProperties": entry,
            "propertyNames": {"pattern": entry["pattern"]},
            "maxProperties": self.max_properties,
        }


def _json_value(levels: int) -> Shape:
    """Return the schema of any JSON value with at most ``levels`` of objects and arrays."""
    scalar = ["string", "number", "boolean", "null"]
    clean = characters.anything()
    if levels <= 0:
        return {"type": scalar, "pattern": clean}
    inner = _json_value(levels - 1)
    return {
        "type": [*scalar, "array", "object"],
        "pattern": clean,
        "items": inner,
        "additionalProperties": inner,
        "propertyNames": {"pattern": clean},
    }
