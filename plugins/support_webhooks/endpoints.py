"""Endpoints: making, changing and removing them, and their secrets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.plugin_api import Conflict, Invalid, NotFound, generate_secret

from .health import recover
from .jobs import remove, wake
from .messages import test_draft
from .models import WebhookDelivery, WebhookEndpoint
from .recording import FOLLOWER, record
from .settings import ROTATION_HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk

FIELDS = ("url", "description", "event_types", "is_active")


def count(desk: Desk) -> int:
    """Return how many endpoints the workspace has."""
    return desk.session.execute(
        select(func.count(WebhookEndpoint.id)).where(WebhookEndpoint.deleted_at.is_(None))
    ).scalar_one()


def get(desk: Desk, endpoint_id: int, *, lock: bool = False) -> WebhookEndpoint:
    """Return an endpoint; raises ``NotFound``. ``lock`` holds its row to the commit."""
    endpoint = desk.session.get(WebhookEndpoint, endpoint_id, with_for_update=lock or None)
    if endpoint is None or endpoint.deleted_at is not None:
        raise NotFound
    return endpoint


def locked(desk: Desk, endpoint_id: int) -> WebhookEndpoint:
    """Return an endpoint whose row is held to the commit; raises ``NotFound``."""
    return get(desk, endpoint_id, lock=True)


def create(desk: Desk, values: Mapping[str, Any]) -> tuple[WebhookEndpoint, str]:
    """Create an endpoint; returns it and its secret. Raises ``Invalid`` for its address."""
    _check_reachable(desk, values["url"])
    # Before the endpoint's row: the follower's handler takes the two in this order.
    desk.events.follow(FOLLOWER)
    secret = generate_secret()
    endpoint = WebhookEndpoint(
        **{name: values[name] for name in FIELDS if name in values},
        secret=desk.keyring.encrypt(secret),
        consecutive_failures=0,
    )
    desk.session.add(endpoint)
    desk.session.flush()
    _note(desk, endpoint, "created", fields=values)
    return endpoint, secret


def update(desk: Desk, endpoint_id: int, values: Mapping[str, Any]) -> WebhookEndpoint:
    """Change the given fields; another address begins without the old one's failures."""
    endpoint = locked(desk, endpoint_id)
    if values.get("url", endpoint.url) != endpoint.url:
        _check_reachable(desk, values["url"])
        recover(endpoint)
    for name in FIELDS:
        if name in values:
            setattr(endpoint, name, values[name])
    endpoint.updated_at = desk.clock()
    desk.session.flush()
    wake(desk, endpoint.id)
    _note(desk, endpoint, "updated", fields=values)
    return endpoint


def enable(desk: Desk, endpoint_id: int) -> WebhookEndpoint:
    """Switch an endpoint on, whoever switched it off; what waits for it is sent."""
    endpoint = locked(desk, endpoint_id)
    endpoint.is_active = True
    endpoint.disabled_at = endpoint.disabled_reason = None
    recover(endpoint)
    endpoint.updated_at = desk.clock()
    desk.session.flush()
    wake(desk, endpoint.id)
    _note(desk, endpoint, "enabled")
    return endpoint


def rotate_secret(desk: Desk, endpoint_id: int) -> tuple[WebhookEndpoint, str]:
    """Replace the secret; the old one signs as well for a while. Returns the new one."""
    endpoint = locked(desk, endpoint_id)
    secret = generate_secret()
    hours: int = desk.settings[ROTATION_HOURS]
    endpoint.old_secret = endpoint.secret
    endpoint.old_secret_until = desk.clock() + timedelta(hours=hours)
    endpoint.secret = desk.keyring.encrypt(secret)
    endpoint.updated_at = desk.clock()
    desk.session.flush()
    desk.audit.record("webhook.secret_rotated", "webhook", endpoint.id)
    return endpoint, secret


def delete(desk: Desk, endpoint_id: int) -> None:
    """Remove an endpoint; its log, which may be long, goes by a job."""
    endpoint = locked(desk, endpoint_id)
    endpoint.deleted_at = desk.clock()
    endpoint.old_secret = None
    endpoint.secret = desk.keyring.encrypt(generate_secret())
    desk.session.flush()
    desk.enqueue(remove, endpoint.id, key=str(endpoint.id))
    _note(desk, endpoint, "deleted")


def send_test(desk: Desk, endpoint_id: int) -> WebhookDelivery:
    """Record a test event for an endpoint; raises ``Conflict`` for one that is off."""
    endpoint = locked(desk, endpoint_id)
    if not endpoint.is_on:
        raise Conflict("The webhook is off. Enable it before you test it.")
    drafted = test_draft(
        workspace_id=desk.workspace_id, webhook_id=endpoint.id, moment=desk.clock()
    )
    record(desk, endpoint.id, [drafted])
    wake(desk, endpoint.id)
    return desk.session.execute(
        select(WebhookDelivery).where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.message_id == drafted.message_id,
        )
    ).scalar_one()


def _note(
    desk: Desk, endpoint: WebhookEndpoint, what: str, *, fields: Mapping[str, Any] | None = None
) -> None:
    desk.audit.record(f"webhook.{what}", "webhook", endpoint.id, fields=fields or ())
    desk.events.publish(f"webhook.{what}", webhook_id=endpoint.id)


def _check_reachable(desk: Desk, url: str) -> None:
    """Raise ``Invalid`` where the address is one that the configuration does not allow."""
    try:
        desk.application.outgoing.policy.check_url(url)
    except ValueError as error:
        raise Invalid({"url": [str(error)]}) from None
