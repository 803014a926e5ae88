"""Standing up to a server that goes away: back-off, one log line each way, and a sentence."""

from __future__ import annotations

import threading

import structlog

log = structlog.get_logger(__name__)

#: Seconds until the first and the latest new attempt.
FIRST, LONGEST = 0.2, 10.0


class Outage:
    """Whether a connection is up, and how long to wait before the next attempt.

    ``what`` names the connection in the log, ``sentence`` is what :attr:`problem` says of it.
    """

    def __init__(self, what: str, sentence: str) -> None:
        self._what = what
        self._sentence = sentence
        self._down = False
        self._wait = FIRST
        self.ended = threading.Event()

    @property
    def problem(self) -> str | None:
        """The sentence while the connection is down."""
        return self._sentence if self._down else None

    def failed(self, error: Exception) -> None:
        """Note a failure, and wait for as long as the next attempt should be away."""
        if not self._down:
            log.warning("bus_lost", connection=self._what, error=type(error).__name__)
        self._down = True
        self.ended.wait(self._wait)
        self._wait = min(self._wait * 2, LONGEST)

    def works(self) -> None:
        """Note that the connection is up."""
        if self._down:
            log.info("bus_back", connection=self._what)
        self._down = False
        self._wait = FIRST
