"""How many endpoints in trouble one process tries at a time, so that workers are left."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack


class Slots:
    """Half of the process's workers, one at least, may wait for endpoints that failed last time."""

    def __init__(self, workers: int) -> None:
        self._free = BoundedSemaphore(max(1, workers // 2))

    def lend(self, until: ExitStack) -> bool:
        """Hold a slot until that stack is left; False where none is free."""
        held = self._free.acquire(blocking=False)
        if held:
            until.callback(self._free.release)
        return held
