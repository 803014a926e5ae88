"""Figures of a group of conversations: numbers, and all measured times, packed.

Medians and percentiles are exact. Each day keeps its times sorted; over many days the value of a
rank is found by halving the range of values and counting in every day how many are not above. So
a year of a million conversations costs some thousand look-ups, and nothing is sorted.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What is measured, in the order in which it is packed: seconds on the wall, and of business.
TIMES = (
    "first_response_seconds",
    "resolution_seconds",
    "first_response_spent",
    "resolution_spent",
)

#: Seconds beyond this (136 years) are cut to it.
MOST = 2**32 - 1

#: Values in a run on average below which sorting them all is quicker than looking in each.
FEW = 40

_LITTLE = sys.byteorder == "little"


@dataclass
class Figures:
    """Numbers by name, and measured times by name, each a list of sorted arrays."""

    counts: Counter[str] = field(default_factory=Counter)
    times: dict[str, list[array[int]]] = field(default_factory=lambda: {name: [] for name in TIMES})

    def add(self, counts: Mapping[str, int], times: Mapping[str, array[int]]) -> None:
        """Take in the figures of another group."""
        for name, number in counts.items():
            self.counts[name] += number
        for name, values in times.items():
            if values:
                self.times[name].append(values)

    def measured(self, name: str) -> int:
        """Return how many times there are."""
        return sum(map(len, self.times[name]))

    def at(self, name: str, percent: int) -> int | None:
        """Return the nearest-rank percentile in seconds (50 is the median); None of nothing."""
        return ranked(self.times[name], percent)


def ranked(runs: Sequence[array[int]], percent: int) -> int | None:
    """Return the smallest value that ``percent`` of all values do not exceed."""
    number = sum(map(len, runs))
    if not number:
        return None
    rank = max(1, -(-number * percent // 100))
    if len(runs) == 1:
        return runs[0][rank - 1]
    if number < FEW * len(runs):
        return sorted(chain.from_iterable(runs))[rank - 1]
    low, high = min(run[0] for run in runs), max(run[-1] for run in runs)
    while low < high:
        middle = (low + high) // 2
        if sum(bisect_right(run, middle) for run in runs) >= rank:
            high = middle
        else:
            low = middle + 1
    return low


def pack(times: Mapping[str, Iterable[int]]) -> bytes:
    """Return times as bytes: for each name a length and its sorted values, little-endian."""
    parts: list[bytes] = []
    for name in TIMES:
        values = array("I", sorted(min(max(it, 0), MOST) for it in times.get(name, ())))
        parts += [_bytes(array("I", [len(values)])), _bytes(values)]
    return b"".join(parts)


def unpack(packed: bytes, wanted: Sequence[str]) -> dict[str, array[int]]:
    """Return the times of these names."""
    found: dict[str, array[int]] = {}
    place = 0
    view = memoryview(packed)
    for name in TIMES:
        length = int.from_bytes(view[place : place + 4], "little") * 4
        place += 4
        if name in wanted:
            values = array("I")
            values.frombytes(view[place : place + length])
            if not _LITTLE:
                values.byteswap()
            found[name] = values
        place += length
    return found


def _bytes(values: array[int]) -> bytes:
    if not _LITTLE:
        values = array("I", values)
        values.byteswap()
    return values.tobytes()


def counted(row: Any) -> Counter[str]:
    """Return the numbers of one conversation."""
    counts = Counter(
        conversations=1,
        closed=row.status == "closed",
        answered=row.first_response_seconds is not None,
        breached=row.sla_status == "breached",
        next_response_met=row.next_response_met or 0,
        next_response_breached=row.next_response_breached or 0,
    )
    for name in ("first_response", "resolution"):
        met = getattr(row, f"{name}_met")
        if met is not None:
            counts[f"{name}_{'met' if met else 'breached'}"] += 1
    return counts
