"""``/visitors``: who is on the pages now, for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import Permission, Service, listed, paged

from .online import list_visitors
from .schemas import VisitorFilters
from .shapes import VISITOR

if TYPE_CHECKING:
    from pyramid.request import Request

visitors = Service("visitors", "/visitors", description="Visitors online.", tag="Widgets")


@visitors.get(
    permission=Permission.VIEW_CONVERSATIONS,
    feature="chat_widget",
    query=VisitorFilters(),
    shape=paged(VISITOR),
)
def list_(request: Request) -> dict[str, Any]:
    """List the visitors who have a page with a widget open now, and which page that is."""
    page, shown = list_visitors(request.desk, request.filters)
    return listed(request, page, shown)
