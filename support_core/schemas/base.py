"""The node every field is made of: presence, null, and what it says about itself."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

import colander
from colander import Invalid as Refused, drop, null, required

from . import messages

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Field", "Refused", "Shape", "drop", "null", "or_empty", "required"]

Shape = dict[str, Any]


class _Type(colander.SchemaType):  # type: ignore[misc]
    """Colander's type of every field: the field itself knows how to read."""

    def deserialize(self, node: Field, cstruct: Any) -> Any:
        return cstruct if cstruct is null else node.read(cstruct)


TYPE = _Type()


class Field(colander.SchemaNode):  # type: ignore[misc]
    """One value of a body or a query.

    ``missing`` is what an absent value becomes: ``required`` (the default) refuses, ``drop``
    leaves the key out, anything else is the default. ``nullable`` lets null (and the empty text)
    through as None; a field may be required and nullable. ``validator(node, value)`` runs on a
    value that is not None and refuses by ``raise node.refused("The :attribute …")``.
    ``write_only`` is documentation: the value never comes back.
    """

    query_only: ClassVar[bool] = False
    nullable: bool
    write_only: bool

    def __init__(  # noqa: PLR0913 - the options of a declaration
        self,
        *children: Field,
        missing: Any = required,
        nullable: bool = False,
        validator: Callable[[Any, Any], None] | None = None,
        description: str = "",
        write_only: bool = False,
        name: str = "",
    ) -> None:
        super().__init__(TYPE, *children, missing=missing, description=description, name=name)
        self.nullable = nullable
        self.write_only = write_only
        if validator is not None:
            self.validator = validator

    def clone(self) -> Field:
        """Copy the field; its children are shared, for nothing changes them."""
        cloned = copy.copy(self)
        cloned.children = list(self.children)
        return cloned

    def deserialize(self, cstruct: Any = null) -> Any:
        """Return the value of a JSON ``cstruct``; raises ``Refused``."""
        if cstruct is null:
            return self.absent()
        if cstruct is None:
            return self._none()
        value = self.read(cstruct)
        if value is None:
            return self._none()
        if self.validator is not None:
            self.validator(self, value)
        return value

    def parse(self, text: str) -> Any:
        """Return the value of a query parameter, whose empty text counts as absent."""
        if not text:
            return self.absent()
        value = self.read_text(text)
        if value is None:
            return self.absent()
        if self.validator is not None:
            self.validator(self, value)
        return value

    def absent(self) -> Any:
        """Return what a value that was not given stands for."""
        missing = self.missing
        if missing is required:
            raise self.refused(messages.REQUIRED)
        if type(missing) in {list, dict}:
            return copy.deepcopy(missing)
        return missing

    def _none(self) -> None:
        if not self.nullable:
            raise self.refused(messages.REQUIRED if self.missing is required else messages.FILLED)

    def refused(self, message: str, **values: object) -> Refused:
        """Return the error to raise, with ``:min`` and the like in ``message`` replaced."""
        return Refused(self, messages.fill(message, **values) if values else message)

    def read(self, value: Any) -> Any:
        """Read a JSON value that is not null; None means that it is empty."""
        raise NotImplementedError

    def read_text(self, text: str) -> Any:
        """Read a query parameter that is not empty; None means that it is empty."""
        return self.read(text)

    def shape(self, *, text: bool) -> Shape:
        """Return the JSON Schema of the accepted non-null values (``text``: of a query)."""
        raise NotImplementedError

    def may_be_empty(self, *, text: bool) -> bool:
        """Tell whether an empty text is accepted as "nothing"."""
        return self.missing is not required if text else self.nullable

    def json_schema(self, *, text: bool = False) -> Shape:
        """Return the JSON Schema 2020-12 of the field (``text``: as a query parameter)."""
        schema = self.shape(text=text)
        if not text and self.nullable:
            schema = _or_null(schema)
        if self.description:
            schema["description"] = self.description
        if self.missing is not required and self.missing is not drop:
            schema["default"] = copy.deepcopy(self.missing)
        if self.write_only:
            schema["writeOnly"] = True
        return schema


def _or_null(schema: Shape) -> Shape:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    kind = schema["type"]
    schema["type"] = [*kind, "null"] if isinstance(kind, list) else [kind, "null"]
    return schema


def or_empty(schema: Shape, *, empty: bool) -> Shape:
    """Return ``schema``, or with ``empty`` one that also takes the empty query parameter."""
    return {"anyOf": [schema, {"const": ""}]} if empty else schema
