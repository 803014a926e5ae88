"""Paths: which lead to a route, and the ids in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.interfaces import IRoutesMapper
from pyramid.urldispatch import RoutesMapper

from ..errors import NotFound

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request

#: The largest id a database can hold.
MAX_ID = 2**63 - 1

#: An id in a route pattern; anything else is a path that does not exist.
ID = "{id:[0-9]+}"


def path_id(request: Request, name: str = "id") -> int:
    """Return an id of the path; raises ``NotFound`` for a number no row can have."""
    text: str = request.matchdict[name]
    if len(text) > 19 or not 0 < (number := int(text)) <= MAX_ID:
        raise NotFound
    return number


class Routes(RoutesMapper):  # type: ignore[misc]
    """Pyramid's routes, but for two things.

    Its patterns end in ``$``, before which a newline may stand: such a path is nobody's. And it
    tries all patterns in turn, where most paths are one letter by letter: those are looked up.
    """

    def __init__(self) -> None:
        super().__init__()
        self._literal: dict[str, Any] = {}

    def connect(self, name: str, pattern: str, *args: Any, **options: Any) -> Any:
        """Add a route, in the place of one of the same name."""
        self._literal = {path: it for path, it in self._literal.items() if it.name != name}
        added: Any = super().connect(name, pattern, *args, **options)
        matching = [it for it in self.routelist if it.match(pattern) is not None]
        if matching == [added] and added.match(pattern) == {} and not added.predicates:
            self._literal[pattern] = added
        return added

    def __call__(self, request: Request) -> dict[str, Any]:
        path: str = request.environ.get("PATH_INFO", "")
        if path.endswith("\n"):
            return {"route": None, "match": None}
        literal = self._literal.get(path)
        if literal is not None:
            return {"route": literal, "match": {}}
        info: dict[str, Any] = super().__call__(request)
        return info


def includeme(config: Configurator) -> None:
    """Choose routes by it, before any is added."""
    config.registry.registerUtility(Routes(), IRoutesMapper)
