"""``/webhooks``: endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    MESSAGE_ONLY,
    Conflict,
    Permission,
    Service,
    enveloped,
    listed,
    paged,
    path_id,
)

from . import endpoints
from .deliveries import list_endpoints
from .presenting import (
    DELIVERY,
    ENDPOINT,
    ENDPOINT_WITH_SECRET,
    present_delivery,
    present_endpoint,
)
from .schemas import EndpointFilters, create_endpoint, update_endpoint

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Webhooks"
MANAGE = Permission.MANAGE_WORKSPACE

webhooks = Service("webhooks", "/webhooks", description="Webhooks.", tag=TAG)
webhook = Service("webhook", f"/webhooks/{ID}", description="One webhook.", tag=TAG)
secret = Service(
    "webhook-secret", f"/webhooks/{ID}/rotate-secret", description="Its secret.", tag=TAG
)
test = Service("webhook-test", f"/webhooks/{ID}/test", description="Trying it out.", tag=TAG)
switch = Service("webhook-enable", f"/webhooks/{ID}/enable", description="Its switch.", tag=TAG)


@webhooks.get(permission=MANAGE, query=EndpointFilters(), shape=paged(ENDPOINT))
def list_(request: Request) -> dict[str, Any]:
    """List webhooks with their health."""
    page = list_endpoints(request.desk, request.filters)
    return listed(request, page, [present_endpoint(row[0]) for row in page.rows])


@webhooks.post(
    permission=MANAGE,
    limit="webhooks",
    body=create_endpoint,
    status=201,
    shape=enveloped(ENDPOINT_WITH_SECRET, message=True),
    secret=True,
)
def create(request: Request) -> dict[str, Any]:
    """Create a webhook; the secret that signs its messages is shown in this answer only."""
    made, shown_once = endpoints.create(request.desk, request.validated)
    return {
        "data": {**present_endpoint(made), "secret": shown_once},
        "message": "Webhook created successfully",
    }


@webhook.get(permission=MANAGE, shape=enveloped(ENDPOINT), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a webhook with its health."""
    return {"data": present_endpoint(endpoints.get(request.desk, path_id(request)))}


GUARD = (show, endpoints.locked)


@webhook.put(
    permission=MANAGE,
    body=update_endpoint,
    shape=enveloped(ENDPOINT, message=True),
    precondition=GUARD,
)
def update(request: Request) -> dict[str, Any]:
    """Update a webhook; what is left out stays.

    While ``is_active`` is false nothing is recorded for it. What waited for it goes on when it is
    active again.
    """
    changed = endpoints.update(request.desk, path_id(request), request.validated)
    return {"data": present_endpoint(changed), "message": "Webhook updated successfully"}


@webhook.delete(permission=MANAGE, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a webhook with its delivery log."""
    endpoints.delete(request.desk, path_id(request))
    return {"message": "Webhook deleted successfully"}


@secret.post(permission=MANAGE, shape=enveloped(ENDPOINT_WITH_SECRET, message=True), secret=True)
def rotate(request: Request) -> dict[str, Any]:
    """Replace the secret; shown in this answer only.

    Until ``old_secret_until`` messages carry a signature by each of the two, so that receivers can
    change over without losing one.
    """
    changed, shown_once = endpoints.rotate_secret(request.desk, path_id(request))
    return {
        "data": {**present_endpoint(changed), "secret": shown_once},
        "message": "Webhook secret replaced successfully",
    }


@test.post(
    permission=MANAGE, status=202, shape=enveloped(DELIVERY, message=True), raises=(Conflict,)
)
def try_out(request: Request) -> dict[str, Any]:
    """Send a test event, ``webhook.test``, to this webhook only; its delivery says what came of it.

    A webhook that is off is 409.
    """
    recorded = endpoints.send_test(request.desk, path_id(request))
    return {"data": present_delivery(recorded), "message": "Test event queued"}


@switch.post(permission=MANAGE, shape=enveloped(ENDPOINT, message=True))
def enable(request: Request) -> dict[str, Any]:
    """Switch a webhook on that was disabled or inactive; what waits for it is sent at once.

    What happened while it was off was not recorded for it; replay it from ``disabled_at`` on.
    """
    changed = endpoints.enable(request.desk, path_id(request))
    return {"data": present_endpoint(changed), "message": "Webhook enabled successfully"}
