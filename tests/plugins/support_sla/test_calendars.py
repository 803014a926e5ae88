"""Business time against a slow, obvious model, and what is known about particular days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings, strategies as st

from support_sla.calendars import Calendar, countries, country_holidays

#: Half and quarter hours, no change, changes north and south, half an hour's change, a skipped
#: date (Apia went from 29 to 31 December 2011), a fast that suspends the change (Casablanca).
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "America/Sao_Paulo",
)
MINUTE = timedelta(minutes=1)

#: Around what is difficult: changes of the clocks, leap days, years' ends, the skipped date.
MOMENTS = [
    datetime(2026, 3, 28, tzinfo=UTC),
    datetime(2026, 10, 24, tzinfo=UTC),
    datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
    datetime(2024, 2, 27, tzinfo=UTC),
    datetime(2026, 2, 27, tzinfo=UTC),
    datetime(2011, 12, 28, tzinfo=UTC),
    datetime(2025, 12, 30, tzinfo=UTC),
    datetime(2018, 11, 3, tzinfo=UTC),
]


@st.composite
def weeks(draw: st.DrawFn) -> dict[int, list[tuple[int, int]]]:
    """Days with up to three blocks that do not overlap, midnight to midnight included."""
    week = {}
    for day in range(7):
        cuts = draw(st.lists(st.integers(0, 288), max_size=6, unique=True))
        cuts = sorted(cuts)[: len(cuts) // 2 * 2]
        week[day] = [(cuts[i] * 5, cuts[i + 1] * 5) for i in range(0, len(cuts), 2)]
    return week


moments = st.builds(
    lambda base, minutes: base + minutes * MINUTE,
    st.sampled_from(MOMENTS),
    st.integers(0, 4 * 24 * 60),
)


class Slow:
    """The obvious model: look at the clock on the wall, minute by minute."""

    def __init__(
        self, zone: str, week: dict[int, list[tuple[int, int]]], holidays: set[date]
    ) -> None:
        self.zone, self.week, self.holidays = ZoneInfo(zone), week, holidays

    def is_open(self, moment: datetime) -> bool:
        wall = moment.astimezone(self.zone)
        minute = wall.hour * 60 + wall.minute
        return wall.date() not in self.holidays and any(
            start <= minute < end for start, end in self.week[wall.weekday()]
        )

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        total, at = timedelta(0), start
        while at < end:
            total += MINUTE * self.is_open(at)
            at += MINUTE
        return total

    def add(self, start: datetime, minutes: int, *, within: int) -> datetime | None:
        at = start
        for _ in range(within):
            if minutes == 0:
                return at
            minutes -= self.is_open(at)
            at += MINUTE
        return at if minutes == 0 else None


@settings(max_examples=120, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=weeks(),
    start=moments,
    length=st.integers(0, 3 * 24 * 60),
    holidays=st.sets(st.sampled_from(MOMENTS).map(lambda it: it.date() + timedelta(days=1))),
)
@example("Pacific/Apia", {day: [(0, 1440)] for day in range(7)}, MOMENTS[7], 4000, set())
@example("Europe/Berlin", {day: [(120, 180)] for day in range(7)}, MOMENTS[0], 4000, set())
@example("Europe/Berlin", {day: [(120, 180)] for day in range(7)}, MOMENTS[1], 4000, set())
@example("Australia/Lord_Howe", {day: [(60, 125)] for day in range(7)}, MOMENTS[4], 4000, set())
def test_time_is_counted_as_by_looking_at_the_wall_every_minute(
    zone: str,
    week: dict[int, list[tuple[int, int]]],
    start: datetime,
    length: int,
    holidays: set[date],
) -> None:
    calendar = Calendar(zone, week, holidays.__contains__)
    slow = Slow(zone, week, holidays)
    end = start + length * MINUTE
    assert calendar.elapsed(start, end) == slow.elapsed(start, end)


@settings(max_examples=120, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=weeks(),
    start=moments,
    minutes=st.integers(1, 20 * 60),
    holidays=st.sets(st.sampled_from(MOMENTS).map(lambda it: it.date() + timedelta(days=1))),
)
@example("Europe/Berlin", {day: [(120, 180)] for day in range(7)}, MOMENTS[0], 61, set())
@example("Europe/Berlin", {day: [(120, 180)] for day in range(7)}, MOMENTS[1], 121, set())
def test_a_due_time_is_where_the_minutes_run_out(
    zone: str,
    week: dict[int, list[tuple[int, int]]],
    start: datetime,
    minutes: int,
    holidays: set[date],
) -> None:
    within = 6 * 24 * 60
    expected = Slow(zone, week, holidays).add(start, minutes, within=within)
    found = Calendar(zone, week, holidays.__contains__).add(start, timedelta(minutes=minutes))
    if expected is None:
        assert found is None or found > start + within * MINUTE
    else:
        assert found == expected


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    week=weeks(),
    start=moments,
    amount=st.timedeltas(timedelta(microseconds=1), timedelta(days=30)),
)
def test_a_due_time_is_as_far_away_as_was_asked_for_to_the_microsecond(
    zone: str, week: dict[int, list[tuple[int, int]]], start: datetime, amount: timedelta
) -> None:
    calendar = Calendar(zone, week)
    due = calendar.add(start, amount)
    if due is not None:
        assert calendar.elapsed(start, due) == amount
        assert calendar.elapsed(start, due - timedelta(microseconds=1)) < amount


@settings(max_examples=60, deadline=None)
@given(zone=st.sampled_from(ZONES), week=weeks(), cuts=st.tuples(moments, moments, moments))
def test_time_is_the_sum_of_its_parts(
    zone: str,
    week: dict[int, list[tuple[int, int]]],
    cuts: tuple[datetime, datetime, datetime],
) -> None:
    calendar = Calendar(zone, week)
    first, second, third = sorted(cuts)
    parts = calendar.elapsed(first, second) + calendar.elapsed(second, third)
    assert calendar.elapsed(first, third) == parts


def test_an_always_open_calendar_counts_everything() -> None:
    start = datetime(2026, 3, 29, tzinfo=UTC)
    assert Calendar().add(start, timedelta(hours=30)) == start + timedelta(hours=30)
    assert Calendar().elapsed(start, start + timedelta(days=3)) == timedelta(days=3)
    assert Calendar().elapsed(start, start - timedelta(days=3)) == timedelta(0)


def test_what_never_opens_is_never_due() -> None:
    assert Calendar("UTC", {}).add(datetime(2026, 1, 1, tzinfo=UTC), timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("country", "part", "day", "closed"),
    [
        ("DE", None, date(2026, 10, 3), True),  # German Unity Day
        ("DE", "BE", date(2026, 3, 8), True),  # Women's Day, in Berlin
        ("DE", "BY", date(2026, 3, 8), False),  # and not in Bavaria
        ("US", None, date(2026, 11, 26), True),  # Thanksgiving: the fourth Thursday
        ("FR", None, date(2026, 4, 6), True),  # Easter Monday
        ("GB", "SCT", date(2026, 1, 2), True),  # the second of January, in Scotland
        ("JP", None, date(2026, 9, 22), True),  # a day between two holidays is one
    ],
)
def test_countries_keep_their_own_holidays(
    country: str, part: str | None, day: date, *, closed: bool
) -> None:
    assert country in countries()
    assert (day in country_holidays(country, part, day.year)) is closed
