"""When schedules fire: every so many seconds, or by a cron expression in a time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How far the clocks of two machines may be apart before one of them counts as wrong.
SKEW = timedelta(seconds=60)

#: More than any clock change moves the hands.
_OVERLAP = timedelta(hours=3)

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Timing(Protocol):
    """When something fires. ``text`` tells one timing from another, and shows it."""

    text: str

    def first(self, now: datetime) -> datetime:
        """Return the first firing after ``now`` of a schedule that is new."""

    def following(self, due: datetime, now: datetime) -> datetime:
        """Return the firing after ``now`` that follows the one of ``due``; missed ones are over."""

    def astray(self, due: datetime, now: datetime) -> bool:
        """Say whether ``due`` lies so far ahead that the clock must have been set back since."""


class Every:
    """A fixed number of seconds, whatever the clocks on the wall do."""

    def __init__(self, seconds: float) -> None:
        if seconds <= 0:
            raise ValueError("it needs a period above zero")
        self._period = timedelta(seconds=seconds)
        self.text = f"every {seconds:g} s"

    def first(self, now: datetime) -> datetime:
        """See :class:`Timing`."""
        return now + self._period

    def following(self, due: datetime, now: datetime) -> datetime:
        """See :class:`Timing`; in step with ``due``."""
        return due + self._period * (max(0, (now - due) // self._period) + 1)

    def astray(self, due: datetime, now: datetime) -> bool:
        """See :class:`Timing`."""
        return due > now + self._period + SKEW


class Cron:
    """A cron expression: minute, hour, day of month, month, day of week (0 and 7 are Sunday).

    As in cron, days of both kinds are alternatives where both are given. When the clock is put
    forward, what falls into the gap fires once, as much later. When it is put back, what falls into
    the repeated time fires the first time only; an expression for every hour (``*``) goes on hour
    by hour. Raises :class:`ValueError` for an expression or a zone that is none.
    """

    def __init__(self, expression: str, timezone: str) -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError(
                f"{expression!r} is no cron expression: it has {len(fields)} fields instead of "
                "minute, hour, day of month, month and day of week"
            )
        minute, hour, day, month, weekday = fields
        self._zone = _zone(timezone)
        self._hourly = hour == "*"
        self.text = f"{' '.join(fields)} {timezone}"
        days = {"day": day, "day_of_week": _weekdays(weekday)}
        alternatives = [{name: it} for name, it in days.items()] if "*" not in fields[2::2] else []
        try:
            # In UTC: the time on the wall, which _instants turns into moments.
            self._triggers = [
                CronTrigger(minute=minute, hour=hour, month=month, timezone=UTC, **it)
                for it in alternatives or [days]
            ]
        except ValueError as error:
            raise ValueError(f"{expression!r} is no cron expression: {error}") from None
        if next(self._walls(datetime(2000, 1, 1)), None) is None:  # noqa: DTZ001 - on the wall
            raise ValueError(f"{expression!r} never fires")

    def first(self, now: datetime) -> datetime:
        """See :class:`Timing`."""
        first: datetime | None = None
        until: datetime | None = None
        start = now.astimezone(self._zone).replace(tzinfo=None) - _OVERLAP
        for wall in self._walls(start):
            if until is not None and wall > until:
                break
            for instant in self._instants(wall):
                if instant > now and (first is None or instant < first):
                    first, until = instant, until or wall + _OVERLAP
        if first is None:
            raise ValueError(f"{self.text} never fires again")
        return first

    def following(self, due: datetime, now: datetime) -> datetime:
        """See :class:`Timing`."""
        return self.first(max(due, now))

    def astray(self, due: datetime, now: datetime) -> bool:
        """See :class:`Timing`; the next firing may have been seen to by a clock just ahead."""
        return due > now + SKEW and due > self.first(self.first(now))

    def _walls(self, wall: datetime) -> Iterator[datetime]:
        """Yield the times on the wall after ``wall`` that fit."""
        while True:
            start = wall.replace(tzinfo=UTC) + timedelta(microseconds=1)
            found = [trigger.get_next_fire_time(None, start) for trigger in self._triggers]
            fitting = [it.replace(tzinfo=None) for it in found if it is not None]
            if not fitting:
                return
            wall = min(fitting)
            yield wall

    def _instants(self, wall: datetime) -> Iterator[datetime]:
        """Yield the moments at which clocks show ``wall``, or jump over it."""
        early = wall.replace(tzinfo=self._zone).astimezone(UTC)
        late = wall.replace(tzinfo=self._zone, fold=1).astimezone(UTC)
        skipped = early > late
        if not (skipped and self._hourly):
            yield early
        if late > early and self._hourly:
            yield late


def _zone(name: str) -> tzinfo:
    if name == "UTC":  # which needs no database
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone of the IANA database") from None


def _weekdays(field: str) -> str:
    """Return days of the week by name: for APScheduler 0 is Monday, for cron Sunday."""
    if field == "*":
        return field
    chosen: set[int] = set()
    for part in field.lower().split(","):
        span, _, step = part.partition("/")
        first, _, last = ("0-6" if span == "*" else span).partition("-")
        try:
            start = _weekday(first)
            end = _weekday(last) if last else (6 if step else start)
            end = 7 if last and end == 0 else end
            days = range(start, end + 1, int(step or 1))
        except ValueError:
            days = range(0)
        if not days:
            raise ValueError(f"{field!r} names no days of the week")
        chosen.update(day % 7 for day in days)
    return ",".join(_WEEKDAYS[day] for day in sorted(chosen))


def _weekday(text: str) -> int:
    number = _WEEKDAYS.index(text) if text in _WEEKDAYS else int(text)
    if not 0 <= number <= 7:
        raise ValueError(text)
    return number
