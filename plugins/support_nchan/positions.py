"""Where a stream goes on, in nchan's terms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from . import message_ids

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, Subscription

    from .engine import Nchan
    from .message_ids import MessageId

#: Seconds that the desk's clock and Redis's may be apart.
SKEW = 5


class OutOfReach(Exception):
    """nchan may have dropped something that the client has not had."""


def after_message(desk: Desk, nchan: Nchan, known: MessageId, *, channels: int) -> str:
    """Return where to go on after a message that nchan sent; raises :class:`OutOfReach`.

    A message of a subscription with another number of channels says no more than its second.
    """
    moment = datetime.fromtimestamp(known.second, UTC)
    _require_kept(desk, nchan, moment)
    span = desk.events.span(after=moment - timedelta(seconds=SKEW), before=desk.clock())
    if span is not None and span[1] - span[0] >= nchan.buffer:
        raise OutOfReach
    return str(known) if known.channels == channels else message_ids.before(known.second)


def after_event(desk: Desk, nchan: Nchan, subscription: Subscription) -> str:
    """Return where to go on after an event of the log, by when the next one was logged.

    It is some seconds too early rather than one too late, so that events may come again. Raises
    :class:`OutOfReach`.
    """
    if subscription.reset or subscription.head - subscription.after >= nchan.buffer:
        raise OutOfReach
    moment = desk.clock()
    for missed in desk.events.read(after=subscription.after, limit=1):
        moment = missed.created_at
        _require_kept(desk, nchan, moment)
    return message_ids.before(int(moment.timestamp()) - SKEW)


def _require_kept(desk: Desk, nchan: Nchan, moment: datetime) -> None:
    """Raise for what was logged since ``moment`` and is too old for nchan to have it still."""
    since = moment - timedelta(seconds=SKEW)
    oldest = desk.clock() - timedelta(hours=nchan.hours)
    if since < oldest and desk.events.span(after=since, before=oldest) is not None:
        raise OutOfReach
