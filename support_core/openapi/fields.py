"""What a schema allows, in words: types, limits and the fields of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from .shapes import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Schema = Mapping[str, Any]

_BOUNDS = (2**53, -(2**53))
_FORMATS = {
    "email": "e-mail address",
    "uri": "URL",
    "date-time": "moment (RFC 3339)",
    "date": "date",
    "binary": "file",
}


@dataclass(frozen=True)
class Row:
    """One line about a field: its dotted name, what it is, its limits and what it means."""

    name: str
    kind: Markup
    limits: tuple[Markup, ...]
    description: str
    required: bool


def rows(schema: Schema, prefix: str = "") -> Iterator[Row]:
    """Yield a line for every field of an object, those of objects inside it included."""
    needed = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        if field.get("readOnly") and "type" not in field:
            continue
        yield row(prefix + name, field, required=name in needed)
        inner, mark = field, "."
        if "items" in field:
            inner, mark = field["items"], "[]."
        yield from rows(inner, f"{prefix}{name}{mark}")


def row(
    name: str,
    schema: Schema,
    *,
    required: bool,
    description: str = "",
    notes: Iterable[str] = (),
) -> Row:
    """Return the line of one field or parameter; ``notes`` go with its limits."""
    return Row(
        name,
        kind(schema),
        (*(escape(note) for note in notes), *limits(schema)),
        description or schema.get("description", ""),
        required,
    )


def kind(schema: Schema) -> Markup:
    """Return what values of ``schema`` are, with links to named shapes."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(PREFIX)
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if "allOf" in schema:
        return Markup(" and ").join(kind(part) for part in schema["allOf"])
    if "anyOf" in schema:
        return _options([part for part in schema["anyOf"] if part != {"const": ""}])
    if "enum" in schema or "const" in schema:
        return choice([schema["const"]] if "const" in schema else schema["enum"])
    types = schema.get("type")
    if isinstance(types, list):
        return _options([{**schema, "type": one} for one in types])
    return _simple(types, schema)


def choice(values: list[Any]) -> Markup:
    """Return the values to choose from."""
    shown = ["null" if it is None else it for it in values if it != ""]
    codes = [Markup("<code class=choice>{}</code>").format(it) for it in shown]
    if len(codes) == 1:
        return codes[0]
    return Markup(", ").join(codes[:-1]) + Markup(" or ") + codes[-1]


def _options(schemas: list[Schema]) -> Markup:
    return Markup(" or ").join(dict.fromkeys(kind(part) for part in schemas))


def _simple(name: Any, schema: Schema) -> Markup:
    if name == "array":
        return Markup("list of {}").format(kind(schema.get("items", {})))
    if name == "object":
        values = schema.get("additionalProperties")
        if isinstance(values, dict) and isinstance(values.get("type"), str):
            return Markup("object of {}").format(kind(values))
        return Markup("object")
    if name is None:
        return Markup("anything")
    return escape(_FORMATS.get(schema.get("format", ""), {"string": "text"}.get(name, name)))


def limits(schema: Schema) -> Iterator[Markup]:
    """Yield the limits of a value, its default, and whether it is shown at all."""
    for part in (schema, *(it for it in schema.get("anyOf", ()) if "type" in it)):
        yield from _bounds(part)
    if schema.get("default") not in (None, (), [], {}):
        yield Markup("default <code>{}</code>").format(_json(schema["default"]))
    if schema.get("writeOnly"):
        yield Markup("never shown")


def _bounds(schema: Schema) -> Iterator[Markup]:
    for low, high, unit in (
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
        ("minimum", "maximum", ""),
        ("minProperties", "maxProperties", " keys"),
    ):
        text = _between(schema.get(low), schema.get(high))
        if text:
            yield escape(text + unit)


def _between(low: int | None, high: int | None) -> str:
    if high is not None and high > _BOUNDS[0]:
        high = None
    if low is not None and low < _BOUNDS[1]:
        low = None
    if high is None:
        return "" if low in (None, 0, 1) else f"at least {low}"
    return f"at most {high}" if low is None else f"{low} to {high}"


def _json(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
