"""``/widgets``: what managers set up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    MESSAGE_ONLY,
    Permission,
    Service,
    enveloped,
    listed,
    paged,
    path_id,
)

from . import widgets as service
from .presenting import present_widget
from .schemas import CREATE_WIDGET, UPDATE_WIDGET, WidgetFilters
from .shapes import ROTATED_WIDGET, WIDGET, WIDGET_WITH_SECRET

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Widgets"
MANAGE = Permission.MANAGE_WIDGETS
FEATURE = "chat_widget"

widgets = Service("widgets", "/widgets", description="Chat widgets.", tag=TAG)
widget = Service("widget", f"/widgets/{ID}", description="One chat widget.", tag=TAG)
token = Service("widget-token", f"/widgets/{ID}/rotate-token", description="Its token.", tag=TAG)
secret = Service(
    "widget-secret", f"/widgets/{ID}/rotate-hmac-secret", description="Its secret.", tag=TAG
)


@widgets.get(permission=MANAGE, feature=FEATURE, query=WidgetFilters(), shape=paged(WIDGET))
def list_(request: Request) -> dict[str, Any]:
    """List chat widgets."""
    page = service.list_widgets(request.desk, request.filters)
    return listed(request, page, [present_widget(row[0]) for row in page.rows])


@widgets.post(
    permission=MANAGE,
    feature=FEATURE,
    limit="widgets",
    body=CREATE_WIDGET,
    status=201,
    shape=enveloped(WIDGET_WITH_SECRET, message=True),
    secret=True,
)
def create(request: Request) -> dict[str, Any]:
    """Create a chat widget; its ``hmac_secret`` is shown in this answer only."""
    made, shown_once = service.create(request.desk, request.validated)
    return {
        "data": {**present_widget(made), "hmac_secret": shown_once},
        "message": "Widget created successfully",
    }


@widget.get(permission=MANAGE, feature=FEATURE, shape=enveloped(WIDGET), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a chat widget."""
    return {"data": present_widget(service.get(request.desk, path_id(request)))}


GUARD = (show, service.locked)


@widget.put(
    permission=MANAGE,
    feature=FEATURE,
    body=UPDATE_WIDGET,
    shape=enveloped(WIDGET, message=True),
    precondition=GUARD,
)
def update(request: Request) -> dict[str, Any]:
    """Update a chat widget; what is left out stays."""
    changed = service.update(request.desk, path_id(request), request.validated)
    return {"data": present_widget(changed), "message": "Widget updated successfully"}


@widget.delete(permission=MANAGE, feature=FEATURE, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a chat widget; its conversations stay."""
    service.delete(request.desk, path_id(request))
    return {"message": "Widget deleted successfully"}


@token.post(permission=MANAGE, feature=FEATURE, shape=enveloped(WIDGET, message=True))
def rotate_token(request: Request) -> dict[str, Any]:
    """Replace the token; pages that still name the old one show no chat any more."""
    changed = service.rotate_token(request.desk, path_id(request))
    return {"data": present_widget(changed), "message": "Widget token replaced successfully"}


@secret.post(
    permission=MANAGE,
    feature=FEATURE,
    shape=enveloped(ROTATED_WIDGET, message=True),
    secret=True,
)
def rotate_secret(request: Request) -> dict[str, Any]:
    """Replace the secret that proves visitors; shown in this answer only.

    The one before it proves them as well until ``old_hmac_secret_until``, or until the next call.
    """
    changed, shown_once = service.rotate_secret(request.desk, path_id(request))
    return {
        "data": {
            **present_widget(changed),
            "hmac_secret": shown_once,
            "old_hmac_secret_until": changed.old_hmac_secret_until,
        },
        "message": "Widget secret replaced successfully",
    }
