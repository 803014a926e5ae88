"""The demo workspace's share: business hours, and two policies over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Conversation

from .editing import create_hours, create_policy
from .jobs import refresh

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def furnish(desk: Desk) -> None:
    """Give the workspace an office with a lunch break, a hotline, and what each promises."""
    office = create_hours(
        desk,
        {
            "name": "Office",
            "timezone": "Europe/Berlin",
            "always_open": False,
            "blocks": [
                {"weekday": day, "start": start, "end": end}
                for day in WORKDAYS
                for start, end in (("08:30", "12:30"), ("13:30", "17:30"))
            ],
            "holidays": [{"date": "2026-12-24", "name": "Christmas Eve", "yearly": True}],
            "holiday_country": "DE",
            "holiday_subdivision": "BE",
        },
    )
    hotline = create_hours(
        desk,
        {
            "name": "Hotline",
            "timezone": "UTC",
            "always_open": True,
            "blocks": [],
            "holidays": [],
            "holiday_country": None,
            "holiday_subdivision": None,
        },
    )
    create_policy(
        desk,
        _policy(
            "Urgent matters",
            hours=hotline.id,
            conditions={"priorities": ["urgent"]},
            targets={"urgent": _targets(60, 60, 480)},
            on_breached={"add_lineitem": True},
        ),
    )
    create_policy(
        desk,
        _policy(
            "Everybody",
            hours=office.id,
            is_default=True,
            position=1,
            targets={
                "low": _targets(960, 960, 4800),
                "normal": _targets(480, 480, 2400),
                "high": _targets(120, 240, 960),
            },
            on_at_risk={"add_lineitem": True},
        ),
    )
    told = list(desk.session.scalars(select(Conversation.id)))
    refresh(desk, told, told_from=desk.clock())


def _targets(first: int, following: int, resolution: int) -> dict[str, int]:
    return {"first_response": first, "next_response": following, "resolution": resolution}


def _policy(name: str, *, hours: int, **values: Any) -> dict[str, Any]:
    return {"name": name, "business_hours_id": hours, **_BASIS, **values}


_BASIS: dict[str, Any] = {
    "conditions": {},
    "on_at_risk": {},
    "on_breached": {},
    "at_risk_percent": 25,
}
