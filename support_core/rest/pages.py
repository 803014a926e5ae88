"""From a page of rows to the envelope of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..pagination import cursor_envelope, page_envelope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

    from ..services.listing import ListPage


def enveloped(request: Request, page: ListPage, presented: Sequence[Any]) -> dict[str, Any]:
    """Wrap presented rows in Laravel's shape, links keeping the request's other parameters."""
    path = public_url(request)
    if page.total is None:
        return cursor_envelope(
            presented,
            next_cursor=page.next_cursor,
            prev_cursor=page.prev_cursor,
            per_page=page.per_page,
            path=path,
            query=request.GET,
        )
    return page_envelope(
        presented,
        total=page.total,
        page=page.page,
        per_page=page.per_page,
        path=path,
        query=request.GET,
    )


def public_url(request: Request) -> str:
    """Return the address of this request's path as clients know it."""
    base: str = request.registry.support.settings["support.public_url"]
    url: str = base.rstrip("/") + request.path if base else request.path_url
    return url
