"""Where requests are counted: in this process, or in a store that the processes share.

Both keep fixed windows that begin with a caller's first request.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

if TYPE_CHECKING:
    from limits import RateLimitItem

#: How many windows are kept before those that have ended are looked for.
SWEEP_AT = 10_000


class Count(NamedTuple):
    """What one request found: requests left in its window, and the window's end (Unix seconds)."""

    allowed: bool
    remaining: int
    ends: float


class Counter(Protocol):
    """Counts requests."""

    def count(self, item: RateLimitItem, key: str) -> Count:
        """Count one request of ``key`` against ``item``; a refused one counts too."""


class MemoryCounter:
    """Counts in this process.

    The memory store of ``limits`` starts a thread for many a request, to forget what has ended;
    here that is done now and then, by whoever begins a new window.
    """

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[int, float]] = {}
        self._sweep_at = SWEEP_AT
        self._lock = threading.Lock()

    def count(self, item: RateLimitItem, key: str) -> Count:
        """See :meth:`Counter.count`."""
        now, place = time.time(), (item.namespace, key)
        with self._lock:
            used, ends = self._windows.get(place, (0, 0.0))
            if ends <= now:
                used, ends = 0, now + item.get_expiry()
                self._sweep(now)
            used += 1
            self._windows[place] = used, ends
        return Count(used <= item.amount, max(0, item.amount - used), ends)

    def _sweep(self, now: float) -> None:
        if len(self._windows) < self._sweep_at:
            return
        self._windows = {place: it for place, it in self._windows.items() if it[1] > now}
        self._sweep_at = max(SWEEP_AT, 2 * len(self._windows))


class SharedCounter:
    """Counts in a store that ``limits`` reaches by ``url``.

    Raises what ``limits`` raises for a URL that cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._limiter = FixedWindowRateLimiter(storage_from_string(url))

    def count(self, item: RateLimitItem, key: str) -> Count:
        """See :meth:`Counter.count`; raises the store's own errors when it does not answer."""
        allowed = self._limiter.hit(item, key)
        window = self._limiter.get_window_stats(item, key)
        return Count(allowed, max(0, window.remaining), window.reset_time)
