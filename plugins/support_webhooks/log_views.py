"""``/webhooks/{id}/deliveries`` and replays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    Conflict,
    Permission,
    Service,
    enveloped,
    listed,
    paged,
    path_id,
)

from . import deliveries, endpoints, replaying
from .jobs import replay as replay_job
from .presenting import (
    DELIVERY,
    DELIVERY_WITH_ATTEMPTS,
    REPLAY,
    present_delivery,
    present_replay,
    present_with_attempts,
)
from .schemas import DeliveryFilters, ReplayFilters, begin_replay

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Webhooks"
MANAGE = Permission.MANAGE_WORKSPACE
DELIVERY_ID, REPLAY_ID = "{delivery_id:[0-9]+}", "{replay_id:[0-9]+}"
BASE = f"/webhooks/{ID}"

log = Service("webhook-deliveries", f"{BASE}/deliveries", description="Its log.", tag=TAG)
entry = Service(
    "webhook-delivery", f"{BASE}/deliveries/{DELIVERY_ID}", description="One delivery.", tag=TAG
)
again = Service(
    "webhook-delivery-replay",
    f"{BASE}/deliveries/{DELIVERY_ID}/replay",
    description="Sending it again.",
    tag=TAG,
)
replay = Service("webhook-replay", f"{BASE}/replay", description="Replaying.", tag=TAG)
replays = Service("webhook-replays", f"{BASE}/replays", description="Its replays.", tag=TAG)
progress = Service(
    "webhook-replay-progress", f"{BASE}/replays/{REPLAY_ID}", description="One replay.", tag=TAG
)


@log.get(permission=MANAGE, query=DeliveryFilters(), shape=paged(DELIVERY))
def list_of_deliveries(request: Request) -> dict[str, Any]:
    """List what was sent to a webhook, or is to be, the newest first."""
    page = deliveries.list_deliveries(request.desk, path_id(request), request.filters)
    return listed(request, page, [present_delivery(row) for row in page.rows])


@entry.get(permission=MANAGE, shape=enveloped(DELIVERY_WITH_ATTEMPTS))
def show_delivery(request: Request) -> dict[str, Any]:
    """Get a delivery: the body that is sent, and every attempt with what came back."""
    found = deliveries.get(request.desk, path_id(request), path_id(request, "delivery_id"))
    attempts = deliveries.attempts_at(request.desk, found)
    return {"data": present_with_attempts(found, attempts)}


@again.post(
    permission=MANAGE, status=202, shape=enveloped(DELIVERY, message=True), raises=(Conflict,)
)
def send_again(request: Request) -> dict[str, Any]:
    """Send a delivery once more, under the same ``webhook-id``.

    One that is still under way, and a webhook that is off, is 409.
    """
    delivery = deliveries.send_again(
        request.desk, path_id(request), path_id(request, "delivery_id")
    )
    return {"data": present_delivery(delivery), "message": "Delivery queued"}


@replay.post(
    permission=MANAGE,
    body=begin_replay,
    status=202,
    shape=enveloped(REPLAY, message=True),
    raises=(Conflict,),
)
def begin(request: Request) -> dict[str, Any]:
    """Send what happened between two moments once more, in the background.

    Events are taken from the event log, whether they were recorded for this webhook or not, of the
    named types; with ``only_failed`` deliveries that were given up. Each goes under the same
    ``webhook-id`` as ever. A webhook that is off is 409.
    """
    desk = request.desk
    made = replaying.begin(desk, endpoints.locked(desk, path_id(request)), request.validated)
    desk.enqueue(replay_job, made.id, key=str(made.id))
    return {"data": present_replay(made), "message": "Replay queued"}


@replays.get(permission=MANAGE, query=ReplayFilters(), shape=paged(REPLAY))
def list_of_replays(request: Request) -> dict[str, Any]:
    """List the replays of a webhook, the newest first."""
    page = deliveries.list_replays(request.desk, path_id(request), request.filters)
    return listed(request, page, [present_replay(row[0]) for row in page.rows])


@progress.get(permission=MANAGE, shape=enveloped(REPLAY))
def show_replay(request: Request) -> dict[str, Any]:
    """Get a replay: ``looked_at`` of ``total`` events, ``queued`` of them to be sent."""
    desk = request.desk
    endpoint = endpoints.get(desk, path_id(request))
    return {"data": present_replay(replaying.get(desk, endpoint.id, path_id(request, "replay_id")))}
