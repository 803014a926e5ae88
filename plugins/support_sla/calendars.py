"""Business time: when a team works, and how much of that lies between two moments.

Pure arithmetic. A moment is open when the clock on the wall of the time zone shows a time within
one of the weekday's blocks, and the date there is no holiday. So an hour that a clock change
repeats counts twice where it is within a block, and one that it leaves out counts not at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    #: Minutes from midnight, begin and end, the end not included; 1440 is the next midnight.
    Block = tuple[int, int]
    #: Seconds since 1970, begin and end.
    Span = tuple[int, int]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400

#: Zones change their clocks at most once in so many seconds.
_STEP = 10_800

#: How far ahead a due time is looked for: a team that works less is never late.
HORIZON_DAYS = 3_660


class Calendar:
    """A week of blocks in a time zone, less holidays; without a ``week`` it is always open.

    ``week`` maps weekdays (Monday is 0) to blocks, which may neither overlap nor touch the next
    day. ``is_holiday`` is asked for dates of the time zone.
    """

    def __init__(
        self,
        zone: str = "UTC",
        week: Mapping[int, Sequence[Block]] | None = None,
        is_holiday: Callable[[date], bool] = lambda _: False,
    ) -> None:
        self._zone = ZoneInfo(zone)
        self._week = None if week is None else {day: sorted(week[day]) for day in week}
        self._is_holiday = is_holiday
        self._spans: dict[int, tuple[Span, ...]] = {}

    @property
    def always_open(self) -> bool:
        return self._week is None

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time between two moments; nothing where ``end`` is not after."""
        if self._week is None:
            return max(end - start, timedelta(0))
        first, last = _micros(start), _micros(end)
        total = 0
        for day in range(first // SECOND // DAY, last // SECOND // DAY + 1):
            for opens, closes in self.spans(day):
                total += max(0, min(closes * SECOND, last) - max(opens * SECOND, first))
        return total * MICROSECOND

    def add(self, start: datetime, amount: timedelta) -> datetime | None:
        """Return the first moment with ``amount`` of open time between ``start`` and it.

        None where that is more than ten years away.
        """
        if self._week is None:
            return start + amount
        first, left = _micros(start), amount // MICROSECOND
        if left <= 0:
            return start
        today = first // SECOND // DAY
        for day in range(today, today + HORIZON_DAYS):
            for opens, closes in self.spans(day):
                begin = max(opens * SECOND, first)
                room = closes * SECOND - begin
                if room >= left:
                    return EPOCH + (begin + left) * MICROSECOND
                left -= max(room, 0)
        return None

    def spans(self, day: int) -> tuple[Span, ...]:
        """Return when it is open on a day of UTC, counted from 1970, in order."""
        found = self._spans.get(day)
        if found is None:
            found = self._spans[day] = tuple(self._find(day * DAY))
        return found

    def _find(self, midnight: int) -> list[Span]:
        found: list[Span] = []
        for begin, end, offset in self._steady(midnight, midnight + DAY):
            # What the wall shows between the two, as if it were UTC.
            for local in range((begin + offset) // DAY, (end + offset - 1) // DAY + 1):
                for opens, closes in self._blocks(local):
                    span = (max(opens - offset, begin), min(closes - offset, end))
                    if span[0] < span[1]:
                        found.append(span)
        return found

    def _blocks(self, local: int) -> list[Span]:
        """Return the blocks of a date of the time zone, as if it were UTC."""
        shown = date.fromordinal(_FIRST + local)
        blocks = (self._week or {}).get(shown.weekday(), ())
        if not blocks or self._is_holiday(shown):
            return []
        return [(local * DAY + opens * 60, local * DAY + closes * 60) for opens, closes in blocks]

    def _steady(self, begin: int, end: int) -> list[tuple[int, int, int]]:
        """Cut a time into pieces in which the clocks keep their distance to UTC, with that."""
        pieces: list[tuple[int, int, int]] = []
        at = begin
        while at < end:
            offset, ahead = self._offset(at), min(at + _STEP, end)
            if self._offset(ahead) != offset:
                same, other = at, ahead
                while other - same > 1:
                    middle = (same + other) // 2
                    same, other = (
                        (middle, other) if self._offset(middle) == offset else (same, middle)
                    )
                ahead = other
            if pieces and pieces[-1][2] == offset:
                pieces[-1] = (pieces[-1][0], ahead, offset)
            else:
                pieces.append((at, ahead, offset))
            at = ahead
        return pieces

    def _offset(self, moment: int) -> int:
        offset = datetime.fromtimestamp(moment, self._zone).utcoffset()
        return int((offset or timedelta(0)).total_seconds())


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


@lru_cache(maxsize=4096)
def country_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return a country's public holidays in a year, by the ``holidays`` package."""
    import holidays  # noqa: PLC0415 - half a second that only such calendars cost

    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


@lru_cache(maxsize=1)
def countries() -> dict[str, list[str]]:
    """Return the countries whose holidays are known, ISO 3166-1 alpha-2, with their parts."""
    import holidays  # noqa: PLC0415

    known = holidays.list_supported_countries(include_aliases=False)
    return {name: list(parts) for name, parts in known.items() if len(name) == 2}
