"""Whole bodies and queries: every failing field at once, unknown keys refused."""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar

from support_core.errors import Invalid

from . import messages
from .base import Field, Refused, Shape, drop, null
from .scalars import Integer, Page
from .strings import String

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_STRANGERS = 50  # unknown keys named in one answer
LONGEST_STRANGER = 100  # characters of an unknown key that are quoted back

#: Types of defaults that nobody can change.
_FIXED = frozenset({NoneType, bool, int, float, str, tuple})


class Stranger:
    """Stands for a key no field declares; its name is made safe to send back."""

    def __init__(self, name: str) -> None:
        short = name[:LONGEST_STRANGER]
        self.name = short if short.isprintable() else ascii(short)[1:-1]


class Body(Field):
    """A JSON object with declared fields, as a class or as a field of another body.

    ``read_only`` names keys of the representation that a caller may send back and that are
    ignored (id, created_at …); every other unknown key is refused. ``partial=True`` leaves absent
    fields out of the result, required ones and defaults included; what is given must be valid.
    A ``validator(self, node, value)`` of the class runs once all fields are good, and points at
    fields by ``problem = Refused(node); problem["email"] = "The :attribute …"; raise problem``.
    """

    read_only: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, partial: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.partial = partial
        self.ignored = frozenset(self.read_only)
        for child in self.children:
            self._admit(child)
        self.settle()

    def extended_with(self, nodes: Iterable[Field], *, read_only: Iterable[str] = ()) -> Body:
        """Return a copy with ``nodes`` after its own fields (plugins, at start-up).

        Raises ``ValueError`` for a name that is taken and ``TypeError`` for a node that is none
        of these fields.
        """
        extended = self.clone()
        assert isinstance(extended, Body)  # noqa: S101 - for the type checker
        extended.ignored = self.ignored | frozenset(read_only)
        for node in nodes:
            self._admit(node)
            if extended.get(node.name) is not None:
                raise ValueError(f"The field {node.name!r} is declared twice.")
            extended.add(node)
        extended.settle()
        return extended

    def settle(self) -> None:
        """Work out what follows from the fields alone; to be called when they have changed."""
        self.known = self.ignored.union(child.name for child in self.children)

    def _admit(self, node: Any) -> None:
        if not isinstance(node, Field):
            raise TypeError(f"{node!r} is not a field of support_core.schemas.fields.")
        if not node.name:
            raise ValueError(f"{node!r} needs a name.")
        if node.query_only:
            raise TypeError(f"The field {node.name!r} is for query parameters only.")

    def read(self, value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise self.refused(messages.OBJECT)

        def item(child: Field) -> Any:
            given = value.get(child.name, null)
            return drop if self.partial and given is null else child.deserialize(given)

        return self._collect(value, item)

    def _collect(self, given: Mapping[str, Any], item: Callable[[Field], Any]) -> dict[str, Any]:
        """Return the ``item`` of every field but for those that are ``drop``.

        Raises ``Refused`` with every field that fails, and every undeclared key of ``given``.
        """
        result: dict[str, Any] = {}
        refused: list[Refused] = []
        for child in self.children:
            try:
                value = item(child)
            except Refused as failing:
                refused.append(failing)
                continue
            if value is not drop:
                result[child.name] = value
        refused += self.strangers(given)
        if refused:
            problem = Refused(self)
            for each in refused:
                problem.add(each)
            raise problem
        return result

    def strangers(self, given: Iterable[str]) -> list[Refused]:
        """Return what is wrong with undeclared keys, not more than :data:`MOST_STRANGERS`."""
        unknown = [key for key in given if key not in self.known]
        return [Refused(Stranger(key), messages.PROHIBITED) for key in unknown[:MOST_STRANGERS]]

    def shape(self, *, text: bool) -> Shape:  # noqa: ARG002
        properties: Shape = {child.name: child.json_schema() for child in self.children}
        if self.partial:
            for schema in properties.values():
                schema.pop("default", None)
        for name in sorted(self.ignored - properties.keys()):
            properties[name] = {"readOnly": True}
        result: Shape = {"type": "object", "properties": properties}
        needed = [child.name for child in self.children if child.required and not self.partial]
        if needed:
            result["required"] = needed
        result["additionalProperties"] = False
        return result


class Query(Body):
    """The parameters of a query string, a mapping or multidict of texts.

    An empty parameter counts as absent; a parameter given twice and an unknown one are refused.
    """

    def _admit(self, node: Any) -> None:
        if isinstance(node, Field) and node.query_only and node.name:
            return
        super()._admit(node)

    def settle(self) -> None:
        super().settle()
        # Most lists are asked for without any parameter, and always mean the same by that.
        absent = [(child, child.missing) for child in self.children if child.missing is not drop]
        fixed = all(type(it) in _FIXED for _, it in absent) and not self.partial
        self._defaults = {child.name: it for child, it in absent} if fixed else None

    def read(self, value: Any) -> dict[str, Any]:
        if not value and self._defaults is not None:
            return self._defaults.copy()
        given, repeated = _repeated(value)

        def item(child: Field) -> Any:
            content = given.get(child.name)
            if content is None:
                return drop if self.partial else child.absent()
            if child.name in repeated:
                raise child.refused(messages.REPEATED)
            return child.parse(content)

        return self._collect(given, item)


def _repeated(pairs: Mapping[str, str]) -> tuple[dict[str, str], set[str]]:
    given: dict[str, str] = {}
    repeated: set[str] = set()
    for name, content in pairs.items():
        if name in given:
            repeated.add(name)
        given[name] = content
    return given, repeated


class CursorText(String):
    """An opaque cursor, decoded by ``support_core.pagination``; empty to start."""

    query_only = True

    def __init__(self, **options: Any) -> None:
        super().__init__(max=8192, strip=False, empty="keep", **options)

    def parse(self, text: str) -> Any:
        return self.deserialize(text)


class PageQuery(Query):
    """What every list takes; a list's own filters and ``sort`` are added by its subclass."""

    per_page = Integer(min=1, max=100, missing=25, description="Results per page.")
    page = Page(missing=1, description="The page, from 1; anything else counts as 1.")
    cursor = CursorText(
        missing=drop,
        description="Switches to keyset pages: empty to start, then meta.next_cursor.",
    )


def validate(schema: Body, data: Any) -> dict[str, Any]:
    """Return the validated values of ``data``.

    Raises ``support_core.errors.Invalid`` with every failing field, in the order of the schema,
    unknown keys last.
    """
    try:
        result: dict[str, Any] = schema.deserialize(data)
    except Refused as refused:
        raise Invalid(errors_of(refused)) from None
    return result


def errors_of(refused: Refused) -> dict[str, list[str]]:
    """Return the sentences of ``refused`` by the dotted path of their fields."""
    errors: dict[str, list[str]] = {}

    def walk(problem: Refused, path: str) -> None:
        for message in problem.messages():
            name = path or "data"
            errors.setdefault(name, []).append(messages.render(message, name))
        for child in problem.children:
            key = str(child.pos) if child.positional else child.node.name
            walk(child, f"{path}.{key}" if path else key)

    walk(refused, "")
    return errors
