"""When periods and cron expressions fire, through changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from support_core.jobs.timings import Cron, Every

BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def firings(expression: str, zone: str, *, start: str, end: str) -> list[str]:
    """Return every firing after ``start`` and up to ``end``, in UTC."""
    cron, moment, found = Cron(expression, zone), at(start), []
    while (moment := cron.following(moment, moment)) <= at(end):
        found.append(f"{moment:%m-%dT%H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        ("0 3 * * *", "2026-07-02T01:00"),
        ("*/15 * * * *", "2026-07-01T10:15"),
        ("30 8-17 * * 1-5", "2026-07-01T10:30"),
        ("0 0 1 * *", "2026-07-31T22:00"),
        ("0 12 * jan mon", "2027-01-04T11:00"),
        ("0 12 * * 0", "2026-07-05T10:00"),
        ("0 12 * * 7", "2026-07-05T10:00"),
        ("0 12 * * 6-7", "2026-07-04T10:00"),
        ("0 12 * * fri,sun", "2026-07-03T10:00"),
        ("0 12 * * 1/3", "2026-07-02T10:00"),
        ("0 12 29 2 *", "2028-02-29T11:00"),
    ],
)
def test_an_expression_means_what_cron_means_by_it(expression: str, first: str) -> None:
    # A Wednesday, 12:00 in Berlin's summer.
    assert Cron(expression, BERLIN).first(at("2026-07-01T10:00")) == at(first)


def test_days_of_the_month_and_of_the_week_are_alternatives() -> None:
    # Sundays, and the 15th, which is a Wednesday.
    assert firings("0 0 15 7 0", "UTC", start="2026-07-01T00:00", end="2026-07-31T00:00") == [
        "07-05T00:00",
        "07-12T00:00",
        "07-15T00:00",
        "07-19T00:00",
        "07-26T00:00",
    ]


def test_what_falls_into_the_skipped_hour_fires_once() -> None:
    # On 29 March 2026 Berlin's clocks go from 02:00 to 03:00, at 01:00 UTC.
    span = {"start": "2026-03-28T00:00", "end": "2026-03-30T12:00"}
    assert firings("30 2 * * *", BERLIN, **span) == ["03-28T01:30", "03-29T01:30", "03-30T00:30"]
    assert firings("0 2 * * *", BERLIN, **span) == ["03-28T01:00", "03-29T01:00", "03-30T00:00"]


def test_what_falls_into_the_repeated_hour_fires_once() -> None:
    # On 25 October 2026 they go from 03:00 back to 02:00, at 01:00 UTC.
    span = {"start": "2026-10-24T00:00", "end": "2026-10-26T12:00"}
    assert firings("30 2 * * *", BERLIN, **span) == ["10-24T00:30", "10-25T00:30", "10-26T01:30"]
    assert firings("0 1,2,3 25 10 *", BERLIN, **span) == [
        "10-24T23:00",
        "10-25T00:00",
        "10-25T02:00",
    ]


@pytest.mark.parametrize("night", ["2026-03-29T00:00", "2026-10-25T00:00"])
def test_an_expression_for_every_hour_goes_on_through_a_clock_change(night: str) -> None:
    moment = at(night)  # the clocks change an hour later
    for expression, step in (("0 * * * *", 60), ("*/20 * * * *", 20), ("* * * * *", 1)):
        cron, current = Cron(expression, BERLIN), moment
        while current < moment + timedelta(hours=3):
            following = cron.following(current, current)
            assert following - current == timedelta(minutes=step)
            current = following


def test_a_clock_that_moves_by_half_an_hour_skips_and_repeats_nothing() -> None:
    # Lord Howe Island: 2 to 2:30 is skipped on 4 October, 1:30 to 2 repeated on 5 April 2026.
    howe = "Australia/Lord_Howe"
    skipped = firings("15 2 * * *", howe, start="2026-10-02T20:00", end="2026-10-04T10:00")
    assert skipped == ["10-03T15:45"]  # 02:45, half an hour later
    repeated = firings("45 1 * * *", howe, start="2026-04-03T20:00", end="2026-04-05T20:00")
    assert repeated == ["04-04T14:45", "04-05T15:15"]


@pytest.mark.parametrize(
    ("expression", "zone", "message"),
    [
        ("0 3 * *", "UTC", "has 4 fields instead of minute, hour, day of month"),
        ("61 * * * *", "UTC", "'61 .*' is no cron expression"),
        ("0 3 * * 8", "UTC", "'8' names no days of the week"),
        ("0 3 * * fri-mon", "UTC", "names no days of the week"),
        ("0 3 * * *", "Europe/Berlyn", "'Europe/Berlyn' is no time zone"),
        ("0 3 * * *", "../etc/passwd", "is no time zone"),
        ("0 3 * * *", "Europe", "is no time zone"),
        ("0 0 30 2 *", "UTC", "never fires"),
    ],
)
def test_what_is_no_expression_or_zone_is_refused(expression: str, zone: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cron(expression, zone)


def test_a_period_keeps_in_step_and_makes_up_for_nothing() -> None:
    hourly, last = Every(3600), at("2026-01-01T00:00")
    assert hourly.following(last, last) == at("2026-01-01T01:00")
    assert hourly.following(last, at("2026-01-01T00:59")) == at("2026-01-01T01:00")
    assert hourly.following(last, at("2026-01-01T01:00")) == at("2026-01-01T02:00")
    assert hourly.following(last, at("2026-01-01T09:01")) == at("2026-01-01T10:00")


def test_a_next_time_is_astray_only_when_the_clock_was_set_back() -> None:
    hourly, now = Every(3600), at("2026-07-01T10:00")
    assert not hourly.astray(now + timedelta(hours=1, seconds=30), now)
    assert hourly.astray(now + timedelta(hours=1, minutes=2), now)

    daily = Cron("0 3 * * *", "UTC")
    assert not daily.astray(at("2026-07-02T03:00"), now)
    # Somebody whose clock is ahead has fired tomorrow's already.
    assert not daily.astray(at("2026-07-03T03:00"), now)
    assert daily.astray(at("2026-07-04T03:00"), now)
