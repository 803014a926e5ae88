"""The jobs: sending to one endpoint, replaying, and keeping the log short."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from support_core.plugin_api import job

from . import keeping, replaying
from .posting import post
from .recording import hear
from .sending import claim, lock, next_due, settle, take_over
from .settings import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import Desk, DomainEvent, JobContext

    from .models import WebhookEndpoint
    from .posting import Message, Outcome
    from .slots import Slots

#: Seconds after which a job that has more to do lets others go first.
TURN = 5.0

#: Seconds until the next look when all slots for endpoints in trouble are taken.
SLOTS_TAKEN = 2.0


def wake(desk: Desk, endpoint_id: int) -> None:
    """Have what is due at an endpoint sent once this transaction is committed."""
    desk.enqueue(send, endpoint_id, key=str(endpoint_id))


def follow(desk: Desk, events: Sequence[DomainEvent]) -> None:
    """Record what was logged, and have it sent."""
    hear(desk, events, wake=wake)


@job(queue="webhooks", max_retries=None)
def send(context: JobContext, endpoint_id: int) -> None:
    """Send what is due at an endpoint, and ask to be run when there will be more.

    One such job runs for an endpoint at a time, so that one that does not answer keeps a single
    worker for a single attempt; then it rests. What a dead process was sending is sent again.
    """
    if context.attempt > 1:
        with context.desk() as desk:
            take_over(desk, endpoint_id)
    until = time.monotonic() + TURN
    while _send_some(context, endpoint_id):
        if time.monotonic() > until:
            with context.desk() as desk:
                wake(desk, endpoint_id)
            return


def _send_some(context: JobContext, endpoint_id: int) -> bool:
    """Send a handful, at the same time; tell whether there may be more."""
    application = context.application
    slots: Slots = application.extensions["webhooks"]
    with ExitStack() as held:
        with context.desk() as desk:
            endpoint = lock(desk, endpoint_id)
            if endpoint is None or not endpoint.is_on:
                return False
            troubled = endpoint.consecutive_failures > 0
            if troubled and not slots.lend(held):
                desk.enqueue(send, endpoint_id, key=str(endpoint_id), delay=SLOTS_TAKEN)
                return False
            messages = claim(desk, endpoint, most=1 if troubled else desk.settings[CONCURRENCY])
            if not messages:
                _wake_later(desk, endpoint)
                return False
        attempt = partial(post, application.outgoing, clock=application.clock)
        for message, outcome in _each(attempt, messages):
            with context.desk() as desk:
                settle(desk, endpoint_id, message, outcome)
    return True


def _wake_later(desk: Desk, endpoint: WebhookEndpoint) -> None:
    due = next_due(desk, endpoint)
    if due is not None:
        desk.enqueue(send, endpoint.id, key=str(endpoint.id), due_at=due)


def _each(attempt: partial[Outcome], messages: list[Message]) -> Iterator[tuple[Message, Outcome]]:
    """Make all attempts at the same time, and yield them in their order."""
    if len(messages) == 1:
        yield messages[0], attempt(messages[0])
        return
    with ThreadPoolExecutor(len(messages), thread_name_prefix="support-webhooks") as threads:
        yield from zip(messages, threads.map(attempt, messages), strict=True)


@job(queue="webhooks")
def replay(context: JobContext, replay_id: int) -> None:
    """Go on with a replay: a page in each transaction, and never far ahead of the sending."""
    until = time.monotonic() + TURN
    wait: float | None = 0.0
    while wait == 0 and time.monotonic() < until:
        with context.desk() as desk:
            wait = replaying.step(desk, replay_id, wake=wake)
    if wait is not None:
        with context.desk() as desk:
            desk.enqueue(replay, replay_id, key=str(replay_id), delay=wait)


@job(queue="maintenance")
def remove(context: JobContext, endpoint_id: int) -> None:
    """Remove a deleted endpoint with its log, in small transactions."""
    more = True
    while more:
        with context.desk() as desk:
            more = keeping.remove_some(desk, endpoint_id)


@job(queue="maintenance")
def purge(context: JobContext) -> None:
    """Remove what is over for longer than the log is kept, in small transactions."""
    for workspace_id, endpoint_id in keeping.all_endpoints(context.application.database):
        more = True
        while more:
            with context.desk(workspace_id=workspace_id) as desk:
                more = keeping.purge_some(desk, endpoint_id)
