"""From rounds to a table, and the file that keeps the tables."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .client import Measured

PACKAGES = ("granian", "pyramid", "SQLAlchemy", "orjson")
INTRO = """\
# Results

What `python -m bench` measured last. *Product* is the whole REST API with token, plan check, rate
limits and metrics; *bare* is a WSGI function that runs the very statements recorded of the product
on the database's driver and serialises the same JSON with orjson. Both are served by Granian with
one worker and one thread, and asked by wrk over two connections kept alive: a time is therefore
about that of two requests, one behind the other. *Growth*
compares the product's median with that of the smallest database in the table.

Targets: `list` reaches half the bare throughput, and no workload's median grows more than 1.5
times from 10,000 to 100,000 conversations, the two unselective searches aside, whose total has to
be counted.
"""
LIST_SHARE = 0.5
MOST_GROWTH = 1.5


@dataclass
class Series:
    """The rounds of one workload at one size, product and bare side by side."""

    name: str
    meaning: str
    held_to_growth: bool
    size: int
    product: list[Measured] = field(default_factory=list)
    bare: list[Measured] = field(default_factory=list)

    @property
    def p50(self) -> float:
        """The median time of the product's answers, in milliseconds."""
        return median(it.p50 for it in self.product)

    @property
    def ratio(self) -> float | None:
        """The product's throughput as a share of the bare handler's, paired by round."""
        if not self.bare:
            return None
        pairs = zip(self.product, self.bare, strict=True)
        return median(ours.throughput / theirs.throughput for ours, theirs in pairs)


def table(series: Sequence[Series]) -> str:
    """Return the table of one database: a row per workload and size."""
    lines = [
        "| workload | conversations | product /s | p50 ms | p99 ms | bare /s | p50 ms | p99 ms "
        "| product / bare | growth of p50 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    smallest = min(it.size for it in series)
    first = {it.name: it for it in series if it.size == smallest}
    for it in series:
        growth = "" if it.size == smallest else f"{it.p50 / first[it.name].p50:.2f}"
        ratio = "" if it.ratio is None else f"{it.ratio:.2f}"
        cells = [it.name, f"{it.size:,}", *_cells(it.product), *_cells(it.bare), ratio, growth]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(rounds: Sequence[Measured]) -> list[str]:
    if not rounds:
        return ["", "", ""]
    return [
        f"{median(it.throughput for it in rounds):,.0f}",
        f"{median(it.p50 for it in rounds):.2f}",
        f"{median(it.p99 for it in rounds):.2f}",
    ]


def verdicts(series: Sequence[Series]) -> list[str]:
    """Return what misses its target, one line each."""
    missed = []
    smallest = min(it.size for it in series)
    first = {it.name: it for it in series if it.size == smallest}
    for it in series:
        if it.name == "list" and it.ratio is not None and it.ratio < LIST_SHARE:
            missed.append(f"list at {it.size:,}: {it.ratio:.2f} of the bare handler")
        growth = it.p50 / first[it.name].p50
        if it.held_to_growth and growth > MOST_GROWTH:
            missed.append(f"{it.name} at {it.size:,}: p50 grew {growth:.2f} times")
    return missed


def machine(database: str) -> str:
    """Describe what was measured on, in one paragraph."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{datetime.now(UTC):%d %B %Y}: {os.cpu_count()} cores of {cpu[1] if cpu else 'unknown'}, "
        f"{memory:.0f} GiB of memory, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {database}, {packages}."
    )


def sqlite_version() -> str:
    """Return SQLite's version as one says it."""
    return f"SQLite {sqlite3.sqlite_version} (WAL, synchronous=full)"


def write(path: Path, title: str, text: str) -> None:
    """Put a section into the file of results, in the place of the one of this title."""
    before = path.read_text() if path.exists() else INTRO
    section = f"## {title}\n\n{text}\n"
    found = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", before, re.MULTILINE | re.DOTALL)
    if found:
        section += "\n" if found.end() < len(before) else ""
        path.write_text(before[: found.start()] + section + before[found.end() :])
    else:
        path.write_text(f"{before.rstrip()}\n\n{section}")
