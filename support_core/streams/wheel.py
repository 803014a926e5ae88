"""Signs of life, spread over time, and an eye on who gives none."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stream import Stream

#: Seconds for which a client may read nothing before it is given up.
PATIENCE = 60.0
#: Streams served before others get a turn.
TURN = 200


class Wheel:
    """Turns once per heartbeat; each stream stands in one of its buckets."""

    def __init__(self, heartbeat: float) -> None:
        self._ticks = max(1, round(heartbeat))
        self._seconds = heartbeat / self._ticks
        self._buckets: list[set[Stream]] = [set() for _ in range(self._ticks)]
        self._next = count()

    def add(self, stream: Stream) -> None:
        """Put a stream into a bucket."""
        stream.bucket = next(self._next) % self._ticks
        self._buckets[stream.bucket].add(stream)

    def discard(self, stream: Stream) -> None:
        """Take it out again."""
        self._buckets[stream.bucket].discard(stream)

    async def run(self) -> None:
        """Turn for ever."""
        for turn in count():
            await asyncio.sleep(self._seconds)
            now, moment = time.monotonic(), datetime.now(UTC)
            for number, stream in enumerate([*self._buckets[turn % self._ticks]], 1):
                if number % TURN == 0:
                    await asyncio.sleep(0)
                expires_at = stream.subscription.expires_at
                if expires_at is not None and expires_at <= moment:
                    stream.end()
                elif stream.paused_since is not None and now - stream.paused_since > PATIENCE:
                    stream.end(at_once=True)
                else:
                    stream.beat()
