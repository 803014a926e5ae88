"""The delivery log: lists, single deliveries, and sending one again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Conflict, NotFound, keysets, run_list

from . import endpoints
from .jobs import wake
from .models import OPEN, WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookReplay
from .recording import Line, reopen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk, ListPage

_ENDPOINTS = keysets(
    {"id": WebhookEndpoint.id, "created_at": WebhookEndpoint.created_at}, id=WebhookEndpoint.id
)
_DELIVERIES = keysets({"id": WebhookDelivery.id}, id=WebhookDelivery.id)
_REPLAYS = keysets({"id": WebhookReplay.id}, id=WebhookReplay.id)

#: What lists show: everything but the body.
_LISTED = [column for column in WebhookDelivery.__table__.c if column.name != "body"]
_COLUMNS = [getattr(WebhookDelivery, column.name) for column in _LISTED]


def list_endpoints(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the workspace's endpoints."""
    statement = select(WebhookEndpoint).where(WebhookEndpoint.deleted_at.is_(None))
    if "is_active" in filters:
        statement = statement.where(WebhookEndpoint.is_active == filters["is_active"])
    return run_list(desk.session, statement, keyset=_ENDPOINTS[filters["sort"]], filters=filters)


def list_deliveries(desk: Desk, endpoint_id: int, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of an endpoint's log; raises ``NotFound``."""
    endpoints.get(desk, endpoint_id)
    statement = select(*_COLUMNS).where(WebhookDelivery.endpoint_id == endpoint_id)
    for name in ("state", "event_type"):
        if name in filters:
            statement = statement.where(getattr(WebhookDelivery, name).in_(filters[name]))
    if "conversation_id" in filters:
        statement = statement.where(WebhookDelivery.conversation_id == filters["conversation_id"])
    if "after" in filters:
        statement = statement.where(WebhookDelivery.created_at >= filters["after"])
    if "before" in filters:
        statement = statement.where(WebhookDelivery.created_at < filters["before"])
    return run_list(desk.session, statement, keyset=_DELIVERIES[filters["sort"]], filters=filters)


def list_replays(desk: Desk, endpoint_id: int, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of an endpoint's replays; raises ``NotFound``."""
    endpoints.get(desk, endpoint_id)
    statement = select(WebhookReplay).where(WebhookReplay.endpoint_id == endpoint_id)
    return run_list(desk.session, statement, keyset=_REPLAYS[filters["sort"]], filters=filters)


def get(desk: Desk, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """Return a delivery of an endpoint; raises ``NotFound``."""
    endpoints.get(desk, endpoint_id)
    delivery = desk.session.get(WebhookDelivery, delivery_id)
    if delivery is None or delivery.endpoint_id != endpoint_id:
        raise NotFound
    return delivery


def attempts_at(desk: Desk, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """Return every attempt at a delivery, the oldest first."""
    return desk.session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery.id)
        .order_by(WebhookAttempt.id)
    ).all()


def send_again(desk: Desk, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """Send a delivery that is over once more, under the same ``webhook-id``.

    Raises ``NotFound``, and ``Conflict`` for one that is still under way or an endpoint that is
    off.
    """
    endpoint = endpoints.locked(desk, endpoint_id)
    delivery = get(desk, endpoint_id, delivery_id)
    if delivery.state in OPEN:
        raise Conflict("The delivery is still under way.")
    if not endpoint.is_on:
        raise Conflict("The webhook is off. Enable it before you replay.")
    reopen(desk, Line(desk, endpoint_id, [delivery.topic]), [delivery])
    desk.session.flush()
    desk.audit.record("webhook.replayed", "webhook", endpoint_id, fields=["delivery_id"])
    wake(desk, endpoint_id)
    return delivery
