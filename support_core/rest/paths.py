"""Ids in paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import NotFound

if TYPE_CHECKING:
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
