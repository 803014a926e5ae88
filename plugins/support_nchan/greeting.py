"""The first message of a stream, which gives it a position from the start.

Without it, a stream that broke off before its first event would not know what it missed. Streams
that a process opens in the same second share one: nchan keeps a channel for each.
"""

from __future__ import annotations

import threading
from secrets import token_urlsafe
from typing import TYPE_CHECKING

import structlog

from . import message_ids
from .channels import greeting
from .flight import NotPublished

if TYPE_CHECKING:
    from .publisher import Publisher

log = structlog.get_logger(__name__)


class Greeter:
    """Greets the streams of one process; safe to use from several threads."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._lock = threading.Lock()
        self._second = 0
        self._greeted = (greeting(), "")

    def greet(self, second: int) -> tuple[str, str]:
        """Return the channel of the first message, and the position before it.

        The stream begins with what was published in that second too, so that nothing falls
        between the two. While nginx takes nothing, the position is empty: from now on.
        """
        with self._lock:
            if self._second != second:
                self._greeted = self._greet()
                self._second = second
            return self._greeted

    def _greet(self) -> tuple[str, str]:
        channel = greeting(token_urlsafe(9))
        try:
            published = self._publisher.passing([channel], name="opened", content=b"{}")
        except NotPublished as reason:
            log.warning("stream_not_greeted", reason=str(reason))
            return greeting(), ""
        return channel, message_ids.before(published)
