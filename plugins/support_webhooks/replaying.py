"""Replays: what happened between two moments, sent once more; page by page, place noted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.plugin_api import Conflict, NotFound

from .messages import draft, wanted
from .models import OPEN_ROW, WebhookDelivery, WebhookEndpoint, WebhookReplay
from .recording import Line, record, reopen
from .sending import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import ColumnElement

    from support_core.plugin_api import Desk

#: Events looked at in one transaction.
PAGE = 100

#: Deliveries that may wait at an endpoint before a replay lets them go first.
WINDOW = 200

#: Seconds until the next look when so many wait, and when they wait for long.
BUSY, OFF = 2.0, 60.0


def begin(desk: Desk, endpoint: WebhookEndpoint, values: Mapping[str, Any]) -> WebhookReplay:
    """Record the wish to replay, with the bounds it will walk; raises ``Conflict`` if it is off."""
    if not endpoint.is_on:
        raise Conflict("The webhook is off. Enable it before you replay.")
    after, before = values["after"], values["before"] or desk.clock() + timedelta(seconds=1)
    replay = WebhookReplay(
        endpoint_id=endpoint.id,
        after=after,
        before=before,
        event_types=values["event_types"],
        only_failed=values["only_failed"],
        state="running",
        looked_at=0,
        queued=0,
    )
    found = _failed_span(desk, replay) if replay.only_failed else _event_span(desk, replay)
    first, replay.last, replay.total = found or (1, 0, 0)
    replay.position = first - 1
    desk.session.add(replay)
    desk.session.flush()
    fields = [name for name, value in values.items() if value]
    desk.audit.record("webhook.replayed", "webhook", endpoint.id, fields=fields)
    return replay


def get(desk: Desk, endpoint_id: int, replay_id: int) -> WebhookReplay:
    """Return a replay of an endpoint; raises ``NotFound``."""
    replay = desk.session.get(WebhookReplay, replay_id)
    if replay is None or replay.endpoint_id != endpoint_id:
        raise NotFound
    return replay


def step(desk: Desk, replay_id: int, *, wake: Callable[[Desk, int], None]) -> float | None:
    """Do one page; return the seconds to wait before the next, None where there is none."""
    replay = desk.session.get(WebhookReplay, replay_id)
    endpoint = None if replay is None else lock(desk, replay.endpoint_id)
    if replay is None or endpoint is None:
        return None
    # Only now that the endpoint is held is the place certain: this job may run twice.
    desk.session.refresh(replay)
    if replay.state != "running":
        return None
    if not endpoint.is_on:
        return OFF
    if _open(desk, endpoint.id) >= WINDOW:
        return OFF if endpoint.consecutive_failures else BUSY
    page = _failed_page if replay.only_failed else _event_page
    looked_at, queued = page(desk, replay)
    replay.looked_at += looked_at
    replay.queued += queued
    if looked_at < PAGE:
        replay.state, replay.finished_at = "done", desk.clock()
    desk.session.flush()
    if queued:
        wake(desk, endpoint.id)
    return None if replay.finished_at else 0.0


def _event_page(desk: Desk, replay: WebhookReplay) -> tuple[int, int]:
    events = desk.events.read(after=replay.position, limit=PAGE, until=replay.last)
    if events:
        replay.position = events[-1].id
    chosen = [
        draft(event)
        for event in events
        if replay.after <= event.created_at < replay.before
        and wanted(event.type, replay.event_types)
    ]
    return len(events), record(desk, replay.endpoint_id, chosen, again=True)


def _failed_page(desk: Desk, replay: WebhookReplay) -> tuple[int, int]:
    deliveries = desk.session.scalars(
        select(WebhookDelivery)
        .where(
            *_failed(replay),
            WebhookDelivery.id > replay.position,
            WebhookDelivery.id <= replay.last,
        )
        .order_by(WebhookDelivery.id)
        .limit(PAGE)
    ).all()
    if deliveries:
        replay.position = deliveries[-1].id
    chosen = [it for it in deliveries if wanted(it.event_type, replay.event_types)]
    line = Line(desk, replay.endpoint_id, [it.topic for it in chosen])
    return len(deliveries), reopen(desk, line, chosen)


def _failed(replay: WebhookReplay) -> Sequence[ColumnElement[bool]]:
    return (
        WebhookDelivery.endpoint_id == replay.endpoint_id,
        WebhookDelivery.state == "failed",
        WebhookDelivery.created_at >= replay.after,
        WebhookDelivery.created_at < replay.before,
    )


def _failed_span(desk: Desk, replay: WebhookReplay) -> tuple[int, int, int] | None:
    bounds = select(
        func.min(WebhookDelivery.id), func.max(WebhookDelivery.id), func.count(WebhookDelivery.id)
    )
    first, last, total = desk.session.execute(bounds.where(*_failed(replay))).one()
    return (first, last, total) if total else None


def _event_span(desk: Desk, replay: WebhookReplay) -> tuple[int, int, int] | None:
    found = desk.events.span(after=replay.after, before=replay.before)
    return None if found is None else (*found, found[1] - found[0] + 1)


def _open(desk: Desk, endpoint_id: int) -> int:
    """Return how many deliveries wait, counted no further than matters."""
    waiting = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == endpoint_id, OPEN_ROW)
    counted = select(func.count()).select_from(waiting.limit(WINDOW).subquery())
    return desk.session.execute(counted).scalar_one()
