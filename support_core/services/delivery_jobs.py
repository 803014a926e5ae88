"""The job that carries a reply out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from ..channels import Permanent, Retry, Sent
from ..jobs import RetryLater, job

if TYPE_CHECKING:
    from ..channels import OutboundMessage
    from ..jobs import JobContext

log = structlog.get_logger(__name__)

#: A channel that keeps failing in an unforeseen way is given up after this many attempts.
MAX_ATTEMPTS = 25


@job(queue="deliveries", max_retries=None, time_limit=300_000)
def deliver(context: JobContext, delivery_id: int) -> None:
    """Try one delivery: claim it, let the channel carry it outside any transaction, note the end.

    Safe to run again: a delivery that is done or was cancelled is left alone, and every attempt
    carries the same message id.
    """
    with context.desk() as desk:
        message = desk.deliveries.claim(delivery_id)
    if message is None:
        return
    try:
        sent = _carry(context, message)
    except Permanent as failure:
        with context.desk() as desk:
            desk.deliveries.fail(delivery_id, failure.reason)
    except Retry as failure:
        _try_again(context, delivery_id, after=failure.after, reason=failure.reason)
    except Exception as error:
        if message.attempt >= MAX_ATTEMPTS:
            with context.desk() as desk:
                desk.deliveries.fail(delivery_id, "The channel failed unexpectedly.")
            raise
        log.exception("delivery_failed", delivery_id=delivery_id, error=type(error).__name__)
        delay = min(3600.0, 5.0 * 2 ** (message.attempt - 1))
        _try_again(context, delivery_id, after=delay, reason="The channel failed unexpectedly.")
    else:
        with context.desk() as desk:
            desk.deliveries.succeed(delivery_id, sent)


def _carry(context: JobContext, message: OutboundMessage) -> Sent:
    plugins = context.application.plugins
    channel = message.conversation.channel
    if channel not in plugins.channels:
        raise Retry(3600, f"The {channel} channel is not enabled.")
    sent = plugins.channel_hook(channel, "support_deliver", message=message, open_desk=context.desk)
    if not isinstance(sent, Sent):
        raise TypeError(f"support_deliver of the {channel} channel returned no Sent")
    return sent


def _try_again(context: JobContext, delivery_id: int, *, after: float, reason: str) -> None:
    with context.desk() as desk:
        desk.deliveries.wait(delivery_id, reason)
    raise RetryLater(reason, after=after)
