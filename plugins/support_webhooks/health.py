"""How an endpoint is: pauses after failures, and the end of one that fails for long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .settings import DISABLE_DAYS

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

    from .models import WebhookEndpoint
    from .posting import Outcome

#: The receiver says that it wants no more (Standard Webhooks, "Webhook endpoint gone").
GONE = 410

#: Answers by which a receiver, or what stands before it, says that it is too much.
THROTTLING = frozenset({429, 502, 503, 504})

#: Failures in a row after which the endpoint as a whole is given a rest, whatever they were.
PATIENCE = 3

#: Seconds of the shortest and the longest rest; between them it rests for as long as it fails.
SHORTEST_REST, LONGEST_REST = 5.0, 900.0

#: Seconds for which a success is not noted again, so that a busy endpoint's row rests.
NOTED_FOR = timedelta(seconds=10)


def note_success(desk: Desk, endpoint: WebhookEndpoint) -> None:
    """Note that something was delivered."""
    now = desk.clock()
    noted = endpoint.last_success_at
    if endpoint.consecutive_failures == 0 and noted is not None and now - noted < NOTED_FOR:
        return
    endpoint.last_success_at = now
    endpoint.consecutive_failures = 0
    endpoint.failing_since = endpoint.paused_until = None


def note_failure(desk: Desk, endpoint: WebhookEndpoint, outcome: Outcome) -> None:
    """Note a failure; give the endpoint a rest, or disable it, where that is due."""
    now = desk.clock()
    endpoint.last_failure_at, endpoint.last_failure = now, outcome.error
    endpoint.consecutive_failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    if outcome.status in THROTTLING or endpoint.consecutive_failures >= PATIENCE:
        rest = timedelta(seconds=_rest((now - endpoint.failing_since).total_seconds(), outcome))
        endpoint.paused_until = max(now + rest, endpoint.paused_until or now)
    days: int = desk.settings[DISABLE_DAYS]
    if outcome.status == GONE:
        disable(desk, endpoint, "gone", "The receiver answered 410 Gone.")
    elif now - endpoint.failing_since >= timedelta(days=days):
        since = endpoint.failing_since.strftime("%Y-%m-%d %H:%M UTC")
        disable(desk, endpoint, "failing", f"Nothing was delivered since {since}.")


def disable(desk: Desk, endpoint: WebhookEndpoint, reason: str, sentence: str) -> None:
    """Stop sending to an endpoint until somebody enables it, and say so in the event log."""
    if endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_reason = desk.clock(), sentence
        desk.audit.record("webhook.disabled", "webhook", endpoint.id)
        desk.events.publish("webhook.disabled", webhook_id=endpoint.id, reason=reason)


def recover(endpoint: WebhookEndpoint) -> None:
    """Forget an endpoint's failures, for a new beginning."""
    endpoint.consecutive_failures = 0
    endpoint.failing_since = endpoint.paused_until = None


def _rest(failing: float, outcome: Outcome) -> float:
    """Return the seconds to rest after failing for so many: what is asked for, or as long again."""
    if outcome.status in THROTTLING and outcome.retry_after is not None:
        return outcome.retry_after
    return min(max(failing, SHORTEST_REST), LONGEST_REST)
