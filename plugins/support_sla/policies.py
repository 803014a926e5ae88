"""Policies and calendars as the clock takes them, and which one is a conversation's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, select

from support_core.plugin_api import Prepared

from .calendars import Calendar, country_holidays
from .models import BusinessHours, Policy
from .reckoning import Rules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import Desk

_policy, _hours = Policy.__table__.c, BusinessHours.__table__.c

_ALL = Prepared(
    select(
        *(_policy.id, _policy.is_default, _policy.conditions, _policy.targets),
        *(_policy.at_risk_percent, _policy.pause_when_pending, _policy.pause_when_waiting),
        *(_policy.on_at_risk, _policy.on_breached),
        *(_hours.timezone, _hours.always_open, _hours.blocks, _hours.holidays),
        *(_hours.holiday_country, _hours.holiday_subdivision),
    )
    .select_from(
        Policy.__table__.outerjoin(
            BusinessHours.__table__,
            (_hours.workspace_id == _policy.workspace_id)
            & (_hours.id == _policy.business_hours_id),
        )
    )
    .where(
        _policy.workspace_id == bindparam("workspace_id"),
        _policy.deleted_at.is_(None),
        _policy.is_active.is_(True),
    )
    .order_by(_policy.position, _policy.id)
)


@dataclass(frozen=True)
class Facts:
    """What policies ask about a conversation."""

    mailbox_id: int
    channel: str
    priority: str
    tags: Sequence[str]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class Promise:
    """An active policy with its calendar."""

    id: int
    is_default: bool
    conditions: Mapping[str, Any]
    targets: Mapping[str, Mapping[str, int]]
    calendar: Calendar
    left: int
    pauses_pending: bool
    pauses_waiting: bool
    on: Mapping[str, Mapping[str, Any]]

    def fits(self, facts: Facts) -> bool:
        """Tell whether every condition holds; of several values one is enough."""
        wanted = self.conditions
        checks = (
            ("mailbox_ids", [facts.mailbox_id]),
            ("channels", [facts.channel]),
            ("priorities", [facts.priority]),
            ("tags", facts.tags),
        )
        for name, given in checks:
            if wanted.get(name) and not set(wanted[name]).intersection(given):
                return False
        attributes = wanted.get("customer_attributes") or {}
        return all(facts.attributes.get(name) == value for name, value in attributes.items())

    def rules(self, priority: str) -> Rules:
        """Return what is asked for at a priority, in seconds."""
        minutes = self.targets.get(priority) or {}
        return Rules(
            calendar=self.calendar,
            targets={name: value * 60 for name, value in minutes.items() if value},
            left=self.left,
            pauses_pending=self.pauses_pending,
            pauses_waiting=self.pauses_waiting,
        )


@dataclass(frozen=True)
class Promises:
    """A workspace's active policies in their order."""

    all: Sequence[Promise]

    @property
    def ask_attributes(self) -> bool:
        return any(it.conditions.get("customer_attributes") for it in self.all)

    def of(self, facts: Facts) -> Promise | None:
        """Return the first policy that fits, else the default one, else None."""
        named = (it for it in self.all if not it.is_default and it.fits(facts))
        fallback = next((it for it in self.all if it.is_default), None)
        return next(named, fallback)


NO_PROMISES = Promises([])


def read_promises(desk: Desk) -> Promises:
    """Return the workspace's active policies, by one statement."""
    return Promises([_promise(row) for row in desk.session.fetch(_ALL)])


def _promise(row: Any) -> Promise:
    return Promise(
        id=row.id,
        is_default=row.is_default,
        conditions=row.conditions,
        targets=row.targets,
        calendar=calendar_of(row),
        left=row.at_risk_percent,
        pauses_pending=row.pause_when_pending,
        pauses_waiting=row.pause_when_waiting,
        on={"at_risk": row.on_at_risk, "breached": row.on_breached},
    )


def calendar_of(row: Any) -> Calendar:
    """Return the calendar of business hours; always open where there are none."""
    if row.timezone is None or row.always_open:
        return _ALWAYS
    days = orjson.dumps([row.blocks, row.holidays]).decode()
    return _calendar(row.timezone, days, row.holiday_country, row.holiday_subdivision)


_ALWAYS = Calendar()


@lru_cache(maxsize=256)
def _calendar(zone: str, days: str, country: str | None, subdivision: str | None) -> Calendar:
    """Return the one calendar of these contents, which keeps the days it has worked out."""
    blocks, holidays = orjson.loads(days)
    week: dict[int, list[tuple[int, int]]] = {}
    for block in blocks:
        span = (minutes_of(block["start"]), minutes_of(block["end"]))
        week.setdefault(WEEKDAYS.index(block["weekday"]), []).append(span)
    once = {date.fromisoformat(it["date"]) for it in holidays if not it["yearly"]}
    yearly = {it["date"][5:] for it in holidays if it["yearly"]}

    def is_holiday(day: date) -> bool:
        return (
            day in once
            or day.isoformat()[5:] in yearly
            or (country is not None and day in country_holidays(country, subdivision, day.year))
        )

    return Calendar(zone, week, is_holiday)


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def minutes_of(clock: str) -> int:
    """Return the minutes since midnight of ``HH:MM``; ``24:00`` is the next one."""
    return int(clock[:2]) * 60 + int(clock[3:])
