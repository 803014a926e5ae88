"""What was done, and what it took, as a table."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Line:
    """One step: what it did, the seconds it took, what was measured."""

    step: str
    seconds: float = 0.0
    measured: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.measured.append(text)


@dataclass
class Report:
    """The steps so far; each is printed as it ends, and all of them as a table."""

    lines: list[Line] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Line]:
        """Time a step."""
        line = Line(name)
        began = time.monotonic()
        try:
            yield line
        finally:
            line.seconds = time.monotonic() - began
            self.lines.append(line)
            sys.stderr.write(f"{line.seconds:6.1f} s  {name}: {'; '.join(line.measured)}\n")

    def table(self) -> str:
        """Return the table, in Markdown."""
        rows = [("step", "seconds", "measured"), ("---", "---:", "---")]
        rows += [(it.step, f"{it.seconds:.1f}", "; ".join(it.measured)) for it in self.lines]
        rows.append(("all", f"{sum(it.seconds for it in self.lines):.1f}", ""))
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
