"""Bodies and queries."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from support_core.plugin_api import fields

from .calendars import countries
from .policies import WEEKDAYS, minutes_of
from .reckoning import TARGETS

if TYPE_CHECKING:
    from support_core.plugin_api import Application

PRIORITIES = ("low", "normal", "high", "urgent")

#: Minutes that a target may have: a year.
LONGEST = 525_600

MOST_BLOCKS = 100
MOST_HOLIDAYS = 500

_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_DAY = "[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"


def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _countries() -> list[str]:
    return sorted(countries())


def _is_date(node: Any, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise node.refused("The :attribute is not a valid date.") from None


class Block(fields.Body):
    weekday = fields.Choice(WEEKDAYS)
    start = fields.String(pattern=_CLOCK, description="On the clocks of the time zone, as 09:00.")
    end = fields.String(pattern=f"(?:{_CLOCK}|24:00)", description="24:00 is midnight.")

    def validator(self, node: Any, value: dict[str, Any]) -> None:
        """A block ends after it starts; one over midnight is two."""
        if minutes_of(value["end"]) <= minutes_of(value["start"]):
            problem = fields.Refused(node)
            problem["end"] = "The :attribute must be a time after start."
            raise problem


class Holiday(fields.Body):
    date = fields.String(pattern=_DAY, validator=_is_date)
    name = fields.String(max=255, single_line=True, missing=None, nullable=True)
    yearly = fields.Boolean(missing=False, description="On this day of every year.")


SHOWN = ("id", "created_at", "updated_at")


class HoursBody(fields.Body):
    read_only = SHOWN

    name = fields.String(max=255, single_line=True)
    timezone = fields.Choice(_zones, missing="UTC", description="A name of the IANA database.")
    always_open = fields.Boolean(missing=False, description="At all hours of every day.")
    blocks: Any = fields.ListOf(
        Block(), max=MOST_BLOCKS, missing=[], description="When it is open; several a day may be."
    )
    holidays = fields.ListOf(
        Holiday(), max=MOST_HOLIDAYS, missing=[], description="Dates on which it is closed."
    )
    holiday_country = fields.Choice(
        _countries,
        missing=None,
        nullable=True,
        description="Closed on the public holidays of this country, too (ISO 3166-1 alpha-2).",
    )
    holiday_subdivision = fields.String(
        max=63, missing=None, nullable=True, description="And of this part of the country."
    )


CREATE_HOURS, UPDATE_HOURS = HoursBody(), HoursBody(partial=True)


def _target(description: str) -> fields.Integer:
    return fields.Integer(min=1, max=LONGEST, missing=None, nullable=True, description=description)


class PriorityTargets(fields.Body):
    first_response = _target("Minutes to the first answer.")
    next_response = _target("Minutes to each further answer.")
    resolution = _target("Minutes until it is closed.")


class Targets(fields.Body):
    low = PriorityTargets(missing={})
    normal = PriorityTargets(missing={})
    high = PriorityTargets(missing={})
    urgent = PriorityTargets(missing={})

    def validator(self, node: Any, value: dict[str, Any]) -> None:
        """A policy promises something."""
        if not any(found.get(name) for found in value.values() for name in TARGETS):
            raise node.refused("The :attribute must have at least 1 items.")


class Conditions(fields.Body):
    mailbox_ids = fields.ListOf(fields.Id(), max=100, distinct=True, missing=[])
    priorities = fields.ListOf(fields.Choice(PRIORITIES), max=4, distinct=True, missing=[])
    tags = fields.ListOf(
        fields.String(min=1, max=63, single_line=True), max=50, distinct=True, missing=[]
    )
    customer_attributes = fields.JsonObject(
        max_properties=20, max_depth=1, missing={}, description="Attributes and their values."
    )


class Action(fields.Body):
    add_lineitem = fields.Boolean(missing=False, description="Say so in the conversation.")
    set_priority = fields.Choice(PRIORITIES, missing=None, nullable=True)
    assign_to = fields.Id(missing=None, nullable=True, description="A member.")


class PolicyBody(fields.Body):
    read_only = SHOWN

    name = fields.String(max=255, single_line=True)
    description = fields.String(max=2000, missing=None, nullable=True)
    is_active = fields.Boolean(missing=True)
    is_default = fields.Boolean(
        missing=False, description="For what no other policy fits; its conditions are not asked."
    )
    position = fields.Integer(
        min=0, max=100_000, missing=0, description="The lowest that fits is taken."
    )
    targets = Targets(description="Minutes of business time, by priority; null for none.")
    business_hours_id = fields.Id(
        missing=None, nullable=True, description="When time counts; null for always."
    )
    at_risk_percent = fields.Integer(
        min=0,
        max=99,
        missing=25,
        description="A target is at risk when this share of its time is left; 0 for never.",
    )
    pause_when_pending = fields.Boolean(missing=True)
    pause_when_waiting = fields.Boolean(
        missing=False,
        description="No time counts for the resolution while the customer is to answer.",
    )
    on_at_risk = Action(missing={}, description="What is done when a target is at risk.")
    on_breached = Action(missing={}, description="What is done when a target is missed.")


def _conditions(application: Application) -> fields.Body:
    channels = fields.ListOf(
        fields.Choice(sorted(application.plugins.channels)),
        max=50,
        distinct=True,
        missing=[],
        name="channels",
    )
    description = "Each has to hold; of several values one is enough, and none asks nothing."
    return Conditions(name="conditions", missing={}, description=description).extended_with(
        [channels]
    )


def create_policy(application: Application) -> fields.Body:
    """Return the body of a new policy, whose channels are among the enabled ones."""
    return PolicyBody().extended_with([_conditions(application)])


def update_policy(application: Application) -> fields.Body:
    """Return the body of an update; what is left out stays."""
    return PolicyBody(partial=True).extended_with([_conditions(application)])


class HoursFilters(fields.PageQuery):
    sort = fields.Sort(("id", "name"), missing="id")


class PolicyFilters(fields.PageQuery):
    is_active = fields.Boolean(missing=fields.drop)
    sort = fields.Sort(("position", "id", "name"), missing="position")


class RecomputationFilters(fields.PageQuery):
    sort = fields.Sort(("id",), missing="-id")


class ReportFilters(fields.Query):
    group_by = fields.Choice(
        ("day", "mailbox", "agent", "channel", "policy"),
        missing="day",
        description="By what conversations are added up; agent is the assigned member.",
    )
    mailbox_id = fields.Id(missing=fields.drop)
    assigned_to = fields.Id(missing=fields.drop)
    policy_id = fields.Id(missing=fields.drop)


def report_filters(application: Application) -> fields.Query:
    """Return the query of a report: opened between two days of UTC, both included."""
    added = [
        fields.DateTime(
            name="from",
            dates=True,
            missing=fields.drop,
            description="The first day on which conversations were opened; 30 in all by default.",
        ),
        fields.DateTime(
            name="to", dates=True, missing=fields.drop, description="The last day; today."
        ),
        fields.Choice(sorted(application.plugins.channels), name="channel", missing=fields.drop),
    ]
    extended: Any = ReportFilters().extended_with(added)
    return extended  # type: ignore[no-any-return]
