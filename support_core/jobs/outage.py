"""Living through a database that is away for a while: back off, and say so once."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import (
    InterfaceError,
    InternalError,
    OperationalError,
    TimeoutError as PoolTimeout,
)

log = structlog.get_logger(__name__)

#: What a database raises that is away, restarting, full or locked for too long.
DATABASE_TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeout)

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


class Outage:
    """The state of one thread's dealings with the database; not thread-safe."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._pause = 0.0

    def pause(self, error: Exception) -> float:
        """Note a failure; return the seconds to wait before the next attempt."""
        if not self._pause:
            log.error("jobs_database_away", part=self._who, error=str(error).partition("\n")[0])
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        return self._pause

    def over(self) -> None:
        """Note a success."""
        if self._pause:
            log.info("jobs_database_back", part=self._who)
        self._pause = 0.0
