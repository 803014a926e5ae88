"""A listener that remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support_core.bus import Notice


@dataclass
class Ear:
    """What was heard, and how often it was said that something may have been missed."""

    notices: list[Notice] = field(default_factory=list)
    times_missed: int = 0

    def heard(self, notice: Notice) -> None:
        self.notices.append(notice)

    def missed(self) -> None:
        self.times_missed += 1
