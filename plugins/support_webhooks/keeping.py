"""Keeping the delivery log as long as the host wants, and no longer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, true

from .models import OPEN, WebhookDelivery, WebhookEndpoint, WebhookReplay
from .settings import LOG_DAYS

if TYPE_CHECKING:
    from sqlalchemy import Select

    from support_core.plugin_api import Desk

#: Deliveries removed in one transaction, each with its attempts.
BATCH = 500

_EVERYBODY: dict[str, Any] = {"unscoped": "the webhooks of every workspace"}


def all_endpoints(database: Any) -> list[tuple[int, int]]:
    """Return (workspace, endpoint) of every endpoint there is."""
    with database.transaction(write=False) as session:
        rows = session.execute(
            select(WebhookEndpoint.workspace_id, WebhookEndpoint.id),
            execution_options=_EVERYBODY,
        )
        return [(row.workspace_id, row.id) for row in rows]


def purge_some(desk: Desk, endpoint_id: int) -> bool:
    """Remove old deliveries that are over, or whose endpoint is off; tell whether more are left."""
    endpoint = desk.session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        return False
    before = desk.clock() - timedelta(days=desk.settings[LOG_DAYS])
    desk.session.execute(
        delete(WebhookReplay).where(
            WebhookReplay.endpoint_id == endpoint_id, WebhookReplay.finished_at < before
        ),
        execution_options={"synchronize_session": False},
    )
    over = WebhookDelivery.state.not_in(OPEN) if endpoint.is_on else true()
    return _remove(
        desk,
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.created_at < before, over
        )
        .order_by(WebhookDelivery.created_at),
    )


def remove_some(desk: Desk, endpoint_id: int) -> bool:
    """Remove some of a deleted endpoint's log, and at last itself; tell whether more is left."""
    if _remove(desk, select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id)):
        return True
    desk.session.execute(
        delete(WebhookEndpoint).where(
            WebhookEndpoint.id == endpoint_id, WebhookEndpoint.deleted_at.is_not(None)
        ),
        execution_options={"synchronize_session": False},
    )
    return False


def _remove(desk: Desk, chosen: Select[int]) -> bool:
    ids = desk.session.scalars(chosen.limit(BATCH)).all()
    if ids:
        desk.session.execute(
            delete(WebhookDelivery).where(WebhookDelivery.id.in_(ids)),
            execution_options={"synchronize_session": False},
        )
    return len(ids) == BATCH
