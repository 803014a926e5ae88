"""Worked examples, made by hand: each row with the reasoning that leads to its answer.

2026-01-05 is a Monday. The office is open 09:00-17:00 in Berlin, Monday to Friday, but for
Thursday the 1st and Tuesday the 6th of January. In winter Berlin is UTC+1, in summer UTC+2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from support_sla.calendars import Calendar
from support_sla.reckoning import Rules, Step, reckon

HOUR = 3600
WORKDAYS = range(5)
OFFICE = Calendar(
    "Europe/Berlin",
    {day: [(9 * 60, 17 * 60)] for day in WORKDAYS},
    {date(2026, 1, 1), date(2026, 1, 6)}.__contains__,
)
#: The same with a lunch break.
SPLIT = Calendar(
    "Europe/Berlin", {day: [(9 * 60, 12 * 60), (13 * 60, 17 * 60)] for day in WORKDAYS}
)
#: Every night, across the hour at which Berlin changes its clocks.
NIGHT = Calendar("Europe/Berlin", {day: [(0, 6 * 60)] for day in range(7)})
KOLKATA = Calendar("Asia/Kolkata", {day: [(9 * 60, 17 * 60)] for day in WORKDAYS})
ALWAYS = Calendar()


def at(text: str) -> datetime:
    """Return a moment of UTC, of 2026 where no year stands before it."""
    return datetime.fromisoformat(text if text[4] == "-" else f"2026-{text}").replace(tzinfo=UTC)


@dataclass(frozen=True)
class Example:
    """``steps`` happened, ``now`` it is; ``due`` names what is due when, None for no time."""

    name: str
    rules: Rules
    started: str
    steps: list[tuple[str, str]]
    now: str
    status: str | None
    due: dict[str, str | None] = field(default_factory=dict)


def first(hours: float, calendar: Calendar = OFFICE, **more: object) -> Rules:
    return Rules(calendar, {"first_response": int(hours * HOUR)}, **more)  # type: ignore[arg-type]


def resolution(hours: float, calendar: Calendar = OFFICE, **more: object) -> Rules:
    return Rules(calendar, {"resolution": int(hours * HOUR)}, **more)  # type: ignore[arg-type]


ASKED = "customer"
EXAMPLES = [
    Example(
        "within a day: 10:00 and four hours are 14:00 in Berlin, 13:00 UTC",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED)],
        "01-05 09:00",
        "on_track",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "over night: at 16:00 one hour is left of Monday; Tuesday is a holiday, so the other "
        "three are Wednesday's from 09:00: 12:00 in Berlin",
        first(4),
        "01-05 15:00",
        [("01-05 15:00", ASKED)],
        "01-05 15:00",
        "on_track",
        {"first_response": "01-07 11:00"},
    ),
    Example(
        "over the weekend: Friday 16:00 has one hour, Saturday and Sunday none, Monday the rest",
        first(2),
        "01-09 15:00",
        [("01-09 15:00", ASKED)],
        "01-10 12:00",
        "on_track",
        {"first_response": "01-12 09:00"},
    ),
    Example(
        "written on Saturday: time begins on Monday at 09:00",
        first(1),
        "01-10 12:00",
        [("01-10 12:00", ASKED)],
        "01-10 12:00",
        "on_track",
        {"first_response": "01-12 09:00"},
    ),
    Example(
        "exactly a day's hours end with the day, not with the next one's beginning",
        first(8),
        "01-07 08:00",
        [("01-07 08:00", ASKED)],
        "01-07 08:00",
        "on_track",
        {"first_response": "01-07 16:00"},
    ),
    Example(
        "a split shift: from 11:00 there is one hour to lunch; the second ends at 14:00",
        first(2, SPLIT),
        "01-05 10:00",
        [("01-05 10:00", ASKED)],
        "01-05 10:00",
        "on_track",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "written during lunch: time begins at 13:00",
        first(1, SPLIT),
        "01-05 11:30",
        [("01-05 11:30", ASKED)],
        "01-05 11:30",
        "on_track",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "spring forward on 29 March: from 01:00 the four hours are 01-02 and 03-06, for 02-03 "
        "is left out; 06:00 summer time is 04:00 UTC",
        first(4, NIGHT),
        "03-29 00:00",
        [("03-29 00:00", ASKED)],
        "03-29 00:00",
        "on_track",
        {"first_response": "03-29 04:00"},
    ),
    Example(
        "fall back on 25 October: from 00:00 summer time (22:00 UTC) 02-03 comes twice, so that "
        "the seventh hour still ends at 06:00 winter time, 05:00 UTC",
        first(7, NIGHT),
        "10-24 22:00",
        [("10-24 22:00", ASKED)],
        "10-24 22:00",
        "on_track",
        {"first_response": "10-25 05:00"},
    ),
    Example(
        "over the change: Friday 16:00 winter time, one hour; Monday's 10:00 is summer time, so "
        "08:00 UTC and not 09:00",
        first(2),
        "03-27 15:00",
        [("03-27 15:00", ASKED)],
        "03-27 15:00",
        "on_track",
        {"first_response": "03-30 08:00"},
    ),
    Example(
        "a leap day counts: 29 February 2024 was a Thursday; from Wednesday 16:00 the second "
        "hour ends on it at 10:00",
        first(2),
        "2024-02-28 15:00",
        [("2024-02-28 15:00", ASKED)],
        "2024-02-28 15:00",
        "on_track",
        {"first_response": "2024-02-29 09:00"},
    ),
    Example(
        "half an hour's offset: Kolkata is UTC+5:30, so its 09:00 is 03:30 UTC",
        first(1, KOLKATA),
        "01-05 00:00",
        [("01-05 00:00", ASKED)],
        "01-05 00:00",
        "on_track",
        {"first_response": "01-05 04:30"},
    ),
    Example(
        "always open: weekends and holidays are hours like any other",
        first(24, ALWAYS),
        "01-09 20:00",
        [("01-09 20:00", ASKED)],
        "01-09 20:00",
        "on_track",
        {"first_response": "01-10 20:00"},
    ),
    Example(
        "a quarter left of four hours: at risk after three, at 13:00 in Berlin",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED)],
        "01-05 12:00",
        "at_risk",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "a microsecond before, it is not",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED)],
        "01-05 11:59:59.999999",
        "on_track",
    ),
    Example(
        "due now is missed",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED)],
        "01-05 13:00",
        "breached",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "answered in the very moment it is due is late: the timer of that moment said so",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 13:00", "agent")],
        "01-05 13:00",
        "breached",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "answered a microsecond before is met",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 12:59:59.999999", "agent")],
        "01-05 13:00",
        "met",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "answered on Saturday what was due when the office closed on Friday is late, although "
        "no business time lies between",
        first(1),
        "01-09 15:00",
        [("01-09 15:00", ASKED), ("01-10 10:00", "agent")],
        "01-10 10:00",
        "breached",
        {"first_response": "01-09 16:00"},
    ),
    Example(
        "pending from 11:00 to 14:00: of four hours one is gone; three more from 14:00 are 17:00",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 10:00", "pending"), ("01-05 13:00", "active")],
        "01-05 13:00",
        "on_track",
        {"first_response": "01-05 16:00"},
    ),
    Example(
        "while it is pending there is no due time",
        first(4),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 10:00", "pending")],
        "01-20 10:00",
        "on_track",
        {"first_response": None},
    ),
    Example(
        "a policy that does not pause: pending changes nothing",
        first(4, pauses_pending=False),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 10:00", "pending"), ("01-05 12:30", "active")],
        "01-05 12:30",
        "at_risk",
        {"first_response": "01-05 13:00"},
    ),
    Example(
        "pending at night costs nothing: the office was closed anyway",
        first(4),
        "01-07 15:00",
        [("01-07 15:00", ASKED), ("01-07 17:00", "pending"), ("01-08 07:00", "active")],
        "01-08 07:00",
        "on_track",
        {"first_response": "01-08 11:00"},
    ),
    Example(
        "made pending after it was missed: missed it stays",
        first(1),
        "01-05 09:00",
        [("01-05 09:00", ASKED), ("01-05 11:00", "pending")],
        "01-05 12:00",
        "breached",
        {"first_response": "01-05 10:00"},
    ),
    Example(
        "closed after two hours and reopened next day: six of eight are left, from 10:00",
        resolution(8),
        "01-07 09:00",
        [("01-07 09:00", ASKED), ("01-07 11:00", "closed"), ("01-08 09:00", "active")],
        "01-08 09:00",
        "on_track",
        {"resolution": "01-08 15:00"},
    ),
    Example(
        "closed in time is met, and shows when it would have been due",
        resolution(8),
        "01-07 09:00",
        [("01-07 09:00", ASKED), ("01-07 11:00", "closed")],
        "01-09 11:00",
        "met",
        {"resolution": "01-08 09:00"},
    ),
    Example(
        "reopened twice: one and two hours are gone, five are left from Friday 09:00",
        resolution(8),
        "01-07 08:00",
        [
            ("01-07 09:00", "closed"),
            ("01-08 10:00", "active"),
            ("01-08 12:00", "closed"),
            ("01-09 08:00", "active"),
        ],
        "01-09 08:00",
        "on_track",
        {"resolution": "01-09 13:00"},
    ),
    Example(
        "spam has no due times and no state",
        resolution(8),
        "01-07 09:00",
        [("01-07 09:00", ASKED), ("01-07 11:00", "spam")],
        "01-12 11:00",
        None,
        {},
    ),
    Example(
        "out of spam again: the two hours before count, those within do not",
        resolution(8),
        "01-07 09:00",
        [("01-07 11:00", "spam"), ("01-08 09:00", "active")],
        "01-08 09:00",
        "on_track",
        {"resolution": "01-08 15:00"},
    ),
    Example(
        "waiting for the customer, by option: answered at 11:00, asked again at 15:00; of eight "
        "hours one is gone, two are left of the day, five are Thursday's",
        resolution(8, pauses_waiting=True),
        "01-07 09:00",
        [("01-07 09:00", ASKED), ("01-07 10:00", "agent"), ("01-07 14:00", ASKED)],
        "01-07 14:00",
        "on_track",
        {"resolution": "01-08 13:00"},
    ),
    Example(
        "without the option the customer's time counts as well",
        resolution(8),
        "01-07 08:00",
        [("01-07 08:00", ASKED), ("01-07 10:00", "agent"), ("01-07 14:00", ASKED)],
        "01-07 14:00",
        "at_risk",
        {"resolution": "01-07 16:00"},
    ),
    Example(
        "each further question has its own two hours; questions in between do not prolong them",
        Rules(OFFICE, {"first_response": HOUR, "next_response": 2 * HOUR}),
        "01-07 08:00",
        [
            ("01-07 08:00", ASKED),
            ("01-07 08:30", "agent"),
            ("01-07 10:00", ASKED),
            ("01-07 11:00", ASKED),
        ],
        "01-07 11:00",
        "on_track",
        {"first_response": "01-07 09:00", "next_response": "01-07 12:00"},
    ),
    Example(
        "a second question before the first answer is no next response",
        Rules(OFFICE, {"next_response": 2 * HOUR}),
        "01-07 08:00",
        [("01-07 08:00", ASKED), ("01-07 09:00", ASKED)],
        "01-07 16:00",
        None,
        {},
    ),
    Example(
        "a next response that was missed once is remembered when later ones are met",
        Rules(OFFICE, {"next_response": HOUR}),
        "01-07 08:00",
        [
            ("01-07 08:00", ASKED),
            ("01-07 08:10", "agent"),
            ("01-07 09:00", ASKED),
            ("01-07 11:00", "agent"),
            ("01-07 12:00", ASKED),
            ("01-07 12:10", "agent"),
        ],
        "01-07 13:00",
        "breached",
        {"next_response": "01-07 13:00"},
    ),
    Example(
        "begun by an agent: there is no first response to wait for",
        Rules(OFFICE, {"first_response": HOUR, "next_response": HOUR}),
        "01-07 08:00",
        [("01-07 08:00", "agent"), ("01-07 09:00", ASKED)],
        "01-07 09:00",
        "on_track",
        {"next_response": "01-07 10:00"},
    ),
    Example(
        "closed without an answer before it was due: nothing was missed",
        first(4),
        "01-07 08:00",
        [("01-07 08:00", ASKED), ("01-07 09:00", "closed")],
        "01-14 08:00",
        "met",
        {"first_response": None},
    ),
    Example(
        "the priority was raised after an hour: the new limit of two hours counts from the "
        "beginning, so one is left",
        first(2),
        "01-07 08:00",
        [("01-07 08:00", ASKED)],
        "01-07 09:00",
        "on_track",
        {"first_response": "01-07 10:00"},
    ),
    Example(
        "raised after three hours, it was missed an hour ago",
        first(2),
        "01-07 08:00",
        [("01-07 08:00", ASKED)],
        "01-07 11:00",
        "breached",
        {"first_response": "01-07 10:00"},
    ),
    Example(
        "a reply that is held back until 12:00 has answered nobody at 11:00",
        first(4),
        "01-07 08:00",
        [("01-07 08:00", ASKED), ("01-07 11:00", "agent")],
        "01-07 10:00",
        "on_track",
        {"first_response": "01-07 12:00"},
    ),
]


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda it: it.name[:60])
def test_a_worked_example(row: Example) -> None:
    steps = [Step(at(moment), what) for moment, what in row.steps]
    verdict = reckon(steps, rules=row.rules, started=at(row.started), now=at(row.now))
    assert verdict.status == row.status
    found = {name: moment for name, moment in verdict.due.items() if name in row.due}
    assert found == {name: moment and at(moment) for name, moment in row.due.items()}


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda it: it.name[:60])
def test_at_the_next_turning_point_and_not_before_something_turns(row: Example) -> None:
    steps = [Step(at(moment), what) for moment, what in row.steps]
    told = reckon(steps, rules=row.rules, started=at(row.started), now=at(row.now))
    if told.fires_at is None:
        later = reckon(steps, rules=row.rules, started=at(row.started), now=at("2027-06-01 00:00"))
        assert later.turned == told.turned
        return
    assert told.fires_at > at(row.now)
    before = told.fires_at - timedelta(microseconds=1)
    still = reckon(steps, rules=row.rules, started=at(row.started), now=before)
    assert still.turned == told.turned
    then = reckon(steps, rules=row.rules, started=at(row.started), now=told.fires_at)
    assert then.turned != told.turned
