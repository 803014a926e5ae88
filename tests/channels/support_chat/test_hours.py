"""Business hours: blocks, holidays and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from support_chat.hours import Hours
from support_core.testing.errors import assert_invalid

if TYPE_CHECKING:
    from .visitor import Site

WEEK = {
    "monday": [{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:30"}],
    "friday": [{"from": "22:00", "to": "24:00"}],
}


def berlin(text: str) -> bool:
    hours = Hours(WEEK, [{"date": "2026-11-30", "name": "Day off", "blocks": []}], "Europe/Berlin")
    return hours.is_open(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T07:59:59+00:00", False),
        ("2026-11-23T08:00:00+00:00", True),
        ("2026-11-23T11:30:00+00:00", False),
        ("2026-11-23T16:29:59+00:00", True),
        ("2026-11-23T16:30:00+00:00", False),
        ("2026-11-27T22:59:59+00:00", True),
        ("2026-11-27T23:00:00+00:00", False),
        ("2026-11-30T09:00:00+00:00", False),
        ("2026-07-06T07:00:00+00:00", True),
    ],
)
def test_open_by_the_widgets_own_clock(moment: str, is_open: bool) -> None:
    assert berlin(moment) is is_open


def test_next_opening_goes_over_nights_weekends_and_holidays() -> None:
    hours = Hours({"monday": WEEK["monday"]}, [{"date": "2026-11-30", "blocks": []}], "UTC")
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    assert hours.next_opening(friday) == datetime(2026, 12, 7, 9, tzinfo=UTC)
    assert hours.next_opening(datetime(2026, 12, 7, 12, 30, tzinfo=UTC)) == datetime(
        2026, 12, 7, 13, tzinfo=UTC
    )
    assert hours.next_opening(datetime(2026, 12, 7, 10, tzinfo=UTC)) is None
    assert Hours({}, [], "UTC").next_opening(friday) is None


def test_always_open_but_for_a_holiday_with_hours_of_its_own() -> None:
    holiday = {"date": "2026-12-24", "blocks": [{"from": "08:00", "to": "10:00"}]}
    hours = Hours(None, [holiday], "UTC")
    assert hours.is_open(datetime(2026, 12, 23, 23, 59, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 12, 24, 9, tzinfo=UTC))
    assert not hours.is_open(datetime(2026, 12, 24, 10, tzinfo=UTC))
    assert hours.next_opening(datetime(2026, 12, 24, 11, tzinfo=UTC)) == datetime(
        2026, 12, 25, tzinfo=UTC
    )


def test_a_visitor_is_told_whether_somebody_is_there(site: Site) -> None:
    assert site.init().json["options"]["online"] is True
    site.set(business_hours={}, away_message="Back on Monday.")
    answer = site.init().json
    assert answer["options"]["online"] is False
    assert answer["options"]["next_online_at"] is None
    assert answer["widget"]["away_message"] == "Back on Monday."
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    blocks = [{"from": "09:00", "to": "10:00"}]
    site.set(holidays=[{"date": tomorrow.isoformat(), "blocks": blocks}])
    opens = site.init().json["options"]["next_online_at"]
    assert opens == f"{tomorrow.isoformat()}T09:00:00.000Z"


@pytest.mark.parametrize(
    ("hours", "field", "message"),
    [
        (
            {"monday": [{"from": "09:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}]},
            "business_hours.monday",
            "The business hours.monday must not overlap, and each has to end after it begins.",
        ),
        (
            {"monday": [{"from": "12:00", "to": "09:00"}]},
            "business_hours.monday",
            "The business hours.monday must not overlap, and each has to end after it begins.",
        ),
        (
            {"monday": [{"from": "9", "to": "12:00"}]},
            "business_hours.monday.0.from",
            "The business hours.monday.0.from format is invalid.",
        ),
        (
            {"someday": []},
            "business_hours.someday",
            "The business hours.someday field is prohibited.",
        ),
    ],
)
def test_wrong_hours_are_refused(
    site: Site, hours: dict[str, object], field: str, message: str
) -> None:
    answer = site.workspace.owner.put(f"/widgets/{site.widget['id']}", {"business_hours": hours})
    assert_invalid(answer, **{field: message})
