"""``support-core routes``: every endpoint and what stands before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from .group import host_of
from .output import as_json, say_json, say_table

if TYPE_CHECKING:
    from ..rest import Operation

COLUMNS = ("method", "path", "permission", "feature", "limit", "rate")


def routes_of(registry: Any) -> list[dict[str, Any]]:
    """Return one row for each method of each route, plain Pyramid views of plugins included."""
    patterns = {
        entry["introspectable"]["name"]: entry["introspectable"]["pattern"]
        for entry in registry.introspector.get_category("routes") or ()
    }
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in registry.introspector.get_category("views") or ():
        view = entry["introspectable"]
        pattern = patterns.get(view["route_name"])
        if pattern is None:
            continue  # an exception view
        operation: Operation | None = view.get("operation")
        if operation is not None:
            rows[operation.path, operation.method] = _row(operation)
        elif not any(path == pattern for path, _ in rows) and not _is_fallback(view):
            methods = view["request_methods"] or ("*",)
            for method in [methods] if isinstance(methods, str) else methods:
                rows[pattern, method] = dict.fromkeys(COLUMNS) | {
                    "method": method,
                    "path": plain(pattern),
                }
    return [rows[key] for key in sorted(rows)]


def plain(pattern: str) -> str:
    """Return a route pattern without the expressions its variables must match."""
    return re.sub(r"\{(\w+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", pattern)


def _is_fallback(view: Any) -> bool:
    """Tell Cornice's own answer to an unknown method from a view."""
    return getattr(view["callable"], "__module__", "").startswith("cornice")


def _row(operation: Operation) -> dict[str, Any]:
    return {
        "method": operation.method,
        "path": plain(operation.path),
        "permission": "public" if operation.public else operation.permission.value,
        "feature": operation.feature,
        "limit": operation.limit,
        "rate": operation.rate,
    }


@click.command()
@as_json
@click.pass_context
def routes(context: click.Context, as_json: bool) -> None:
    """List every route with its method, permission, plan feature, plan limit and rate limit."""
    host = host_of(context)
    rows = routes_of(host.registry)
    if as_json:
        say_json(rows)
    else:
        say_table(COLUMNS, [[row[column] for column in COLUMNS] for row in rows])
