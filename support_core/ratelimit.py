"""Rate limits: fixed windows per caller, in memory or in a store the processes share.

The endpoint's own limit and the general one are both counted; the headers show the one with less
left (API contract, rate limits).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from limits import RateLimitItemPerSecond
from limits.errors import ConfigurationError as LimitsConfigurationError

from .ratelimit_stores import MemoryCounter, SharedCounter
from .settings import ConfigurationError

if TYPE_CHECKING:
    from limits import RateLimitItem

    from .ratelimit_stores import Counter
    from .settings import Settings

log = structlog.get_logger(__name__)

PREFIX = "support.ratelimit."
GENERAL = "general"
MEMORY = "memory://"
_RESERVED = {"enabled", "storage"}


@dataclass(frozen=True)
class Standing:
    """Where a caller stands: requests per window, those left, and its end in Unix seconds."""

    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """Return the reference's three headers, and ``Retry-After`` on a refusal."""
        shown = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }
        if not self.allowed:
            shown["Retry-After"] = str(max(1, self.reset - int(time.time())))
        return shown


class RateLimits:
    """The configured limits by name; ``count`` counts a request against one or two of them."""

    def __init__(self, settings: Settings) -> None:
        self.enabled: bool = settings["support.ratelimit.enabled"]
        url = settings["support.ratelimit.storage"]
        try:
            self._counter: Counter = MemoryCounter() if url == MEMORY else SharedCounter(url)
        except (LimitsConfigurationError, ImportError, ValueError) as error:
            raise ConfigurationError(
                f"support.ratelimit.storage: {url.partition('@')[2] or url!r} cannot be used "
                f"({error}); say memory:// or redis://host:port/db (pip install "
                "'support-core[redis]')."
            ) from None
        self._items: dict[str, RateLimitItem] = {}
        for name, rate in settings.family(PREFIX + "*").items():
            short = name.removeprefix(PREFIX)
            if short not in _RESERVED and rate is not None:
                amount, seconds = rate
                self._items[short] = RateLimitItemPerSecond(amount, seconds, namespace=short)

    def count(self, names: tuple[str, ...], key: str) -> Standing | None:
        """Count one request of ``key`` against each limit of these names.

        Returns the standing to show: a refusal first, else the one with the least left; None where
        nothing limits. A shared store that does not answer lets requests pass, and says so.
        """
        if not self.enabled:
            return None
        standings = [
            standing
            for name in names
            if (item := self._items.get(name)) is not None
            and (standing := self._count(item, key)) is not None
        ]
        return min(standings, key=lambda it: (it.allowed, it.remaining), default=None)

    def _count(self, item: RateLimitItem, key: str) -> Standing | None:
        try:
            count = self._counter.count(item, key)
        except Exception as error:  # noqa: BLE001 - each store has its own errors
            log.warning("ratelimit_store_unavailable", error=type(error).__name__)
            return None
        return Standing(item.amount, count.remaining, int(count.ends), count.allowed)
