"""Which route a path leads to: the first that matches, looked up where it can be."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.request import Request

from support_core.rest.paths import Routes


@pytest.fixture
def routes() -> Routes:
    """Routes of which some match the same paths."""
    found = Routes()
    found.connect("list", "/things")
    found.connect("one", "/things/{id:[0-9]+}")
    found.connect("again", "/things")
    found.connect("any", "/other/{name}")
    found.connect("late", "/other/late")
    found.connect("choosy", "/choosy", predicates=[lambda _info, request: request.method == "PUT"])
    found.connect("rest", "/rest/*path")
    return found


def _lead(routes: Routes, path: str, method: str = "GET") -> Any:
    info = routes(Request.blank(path, method=method))
    return info["route"] and info["route"].name, info["match"]


@pytest.mark.parametrize(
    ("path", "name", "match"),
    [
        ("/things", "list", {}),
        ("/things/7", "one", {"id": "7"}),
        ("/things/x", None, None),
        ("/things/", None, None),
        ("/other/late", "any", {"name": "late"}),
        ("/other/%7Bname%7D", "any", {"name": "{name}"}),
        ("/rest/a/b", "rest", {"path": ("a", "b")}),
        ("/choosy", None, None),
        ("/", None, None),
        ("/things%0A", None, None),
        ("/things/7%0A", None, None),
        ("/other/x%0A", None, None),
    ],
)
def test_the_first_route_that_matches_is_it(
    routes: Routes, path: str, name: str | None, match: object
) -> None:
    assert _lead(routes, path) == (name, match)


def test_a_route_may_ask_for_more_than_its_path(routes: Routes) -> None:
    assert _lead(routes, "/choosy", "PUT") == ("choosy", {})


def test_a_route_of_the_same_name_takes_the_place_of_the_first(routes: Routes) -> None:
    routes.connect("list", "/all-things")
    assert _lead(routes, "/all-things") == ("list", {})
    assert _lead(routes, "/things") == ("again", {})
