"""The outer shape of a list: ``data``, ``links`` and ``meta`` as Laravel's resources give it.

Laravel up to 12.22: the entries of ``meta.links`` have no ``page`` key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ON_EACH_SIDE = 3
WINDOW = ON_EACH_SIDE + 4
PREVIOUS = "&laquo; Previous"
NEXT = "Next &raquo;"
GAP = 0  # stands for "..." among page numbers


def page_envelope(  # noqa: PLR0913 - the numbers of one page
    data: Sequence[Any],
    *,
    total: int,
    page: int,
    per_page: int,
    path: str,
    query: Mapping[str, str],
) -> dict[str, Any]:
    """Wrap one page of ``total`` rows as Laravel's LengthAwarePaginator does.

    ``page`` counts from 1 and may lie past the end; ``path`` is the URL without its query;
    ``query`` holds the request's parameters, which every link keeps (``page`` itself excepted).
    """
    last = max(1, -(-total // per_page))
    prefix = _prefix(path, query, name="page")
    first_row = (page - 1) * per_page + 1 if data else None
    previous = f"{prefix}{page - 1}" if page > 1 else None
    following = f"{prefix}{page + 1}" if page < last else None
    links: list[dict[str, Any]] = [{"url": previous, "label": PREVIOUS, "active": False}]
    links += [
        {"url": f"{prefix}{number}", "label": str(number), "active": number == page}
        if number
        else {"url": None, "label": "...", "active": False}
        for number in _numbers(page, last)
    ]
    links.append({"url": following, "label": NEXT, "active": False})
    return {
        "data": data,
        "links": {
            "first": f"{prefix}1",
            "last": f"{prefix}{last}",
            "prev": previous,
            "next": following,
        },
        "meta": {
            "current_page": page,
            "from": first_row,
            "last_page": last,
            "links": links,
            "path": path,
            "per_page": per_page,
            "to": None if first_row is None else first_row + len(data) - 1,
            "total": total,
        },
    }


def cursor_envelope(  # noqa: PLR0913 - the two neighbours of one page
    data: Sequence[Any],
    *,
    next_cursor: str | None,
    prev_cursor: str | None,
    per_page: int,
    path: str,
    query: Mapping[str, str],
) -> dict[str, Any]:
    """Wrap one keyset page as Laravel's CursorPaginator does: no totals, no first, no last."""
    prefix = _prefix(path, query, name="cursor")
    return {
        "data": data,
        "links": {
            "first": None,
            "last": None,
            "prev": None if prev_cursor is None else prefix + prev_cursor,
            "next": None if next_cursor is None else prefix + next_cursor,
        },
        "meta": {
            "path": path,
            "per_page": per_page,
            "next_cursor": next_cursor,
            "prev_cursor": prev_cursor,
        },
    }


def _prefix(path: str, query: Mapping[str, str], *, name: str) -> str:
    """Return the URL up to the value of ``name``, the other parameters before it (RFC 3986)."""
    kept = [(key, value) for key, value in query.items() if key != name]
    if not kept:
        return f"{path}?{name}="
    return f"{path}?{urlencode(kept, quote_via=quote, safe='')}&{name}="


def _numbers(page: int, last: int) -> list[int]:
    """Return the page numbers to link to, with ``GAP`` between those far apart (UrlWindow)."""
    if last < 2 * ON_EACH_SIDE + 8:
        return list(range(1, last + 1))
    if page <= WINDOW:
        return [*range(1, WINDOW + ON_EACH_SIDE + 1), GAP, last - 1, last]
    if page > last - WINDOW:
        return [1, 2, GAP, *range(last - WINDOW - ON_EACH_SIDE + 1, last + 1)]
    around = range(page - ON_EACH_SIDE, page + ON_EACH_SIDE + 1)
    return [1, 2, GAP, *around, GAP, last - 1, last]
