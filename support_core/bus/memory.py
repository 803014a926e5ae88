"""The bus within one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base import Bus

if TYPE_CHECKING:
    from .base import Listener
    from .messages import Notice


class MemoryBus(Bus):
    """Passes notices on by a call; other processes hear nothing and find out by polling."""

    name = "memory"

    def __init__(self) -> None:
        self._listener: Listener | None = None

    def publish(self, notices: list[Notice]) -> None:
        """Hand the notices over, on the committing thread."""
        if self._listener is not None:
            for notice in notices:
                self._listener.heard(notice)

    def listen(self, listener: Listener) -> None:
        """Pass every notice from now on to ``listener``."""
        self._listener = listener

    def stop(self) -> None:
        """Forget the listener."""
        self._listener = None
