"""Business hours: when somebody is there, in the widget's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

#: As far as anybody looks for the next opening.
HORIZON_DAYS = 400

Block = tuple[time, time]


class Hours:
    """Opening hours by weekday, with days that have none or their own.

    ``hours`` is None for always open; ``24:00`` ends a day.
    """

    def __init__(
        self,
        hours: Mapping[str, Sequence[Mapping[str, str]]] | None,
        holidays: Sequence[Mapping[str, Any]],
        timezone: str,
    ) -> None:
        self._hours = hours
        self._holidays = {it["date"]: it for it in holidays}
        self._zone = ZoneInfo(timezone)

    def is_open(self, moment: datetime) -> bool:
        """Tell whether somebody is there at this moment."""
        return any(begin <= moment < end for begin, end in self._around(moment))

    def next_opening(self, moment: datetime) -> datetime | None:
        """Return when it opens next, in UTC; None while it is open, and where it never does."""
        if self.is_open(moment):
            return None
        day = moment.astimezone(self._zone).date()
        for _ in range(HORIZON_DAYS):
            for begin, _end in self._blocks(day):
                if begin > moment:
                    return begin
            day += timedelta(days=1)
        return None

    def _around(self, moment: datetime) -> list[tuple[datetime, datetime]]:
        return self._blocks(moment.astimezone(self._zone).date())

    def _blocks(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return a day's opening hours in UTC, in order."""
        holiday = self._holidays.get(day.isoformat())
        if holiday is not None:
            blocks = holiday.get("blocks") or ()
        elif self._hours is None:
            blocks = ({"from": "00:00", "to": "24:00"},)
        else:
            blocks = self._hours.get(WEEKDAYS[day.weekday()]) or ()
        found = [(self._moment(day, it["from"]), self._moment(day, it["to"])) for it in blocks]
        return sorted(found)

    def _moment(self, day: date, clock: str) -> datetime:
        if clock == "24:00":
            day, clock = day + timedelta(days=1), "00:00"
        local = datetime.combine(day, time.fromisoformat(clock), tzinfo=self._zone)
        return local.astimezone(UTC)


def overlapping(blocks: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether any two blocks of a day overlap, or one ends before it begins."""
    ordered = sorted((it["from"], it["to"]) for it in blocks)
    if any(begin >= end for begin, end in ordered):
        return True
    return any(one[1] > two[0] for one, two in pairwise(ordered))
