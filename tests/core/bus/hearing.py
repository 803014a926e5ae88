"""A listener that remembers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_core.bus import Notice

PATIENCE = 20.0


@dataclass
class Ear:
    """What was heard, and how often it was said that something may have been missed."""

    notices: list[Notice] = field(default_factory=list)
    times_missed: int = 0

    def heard(self, notice: Notice) -> None:
        self.notices.append(notice)

    def missed(self) -> None:
        self.times_missed += 1


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.01)
