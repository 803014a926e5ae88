"""Policies, business hours, recomputations and reports as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import component, many, maybe, obj

from .reckoning import STATES, TARGETS
from .schemas import PRIORITIES

if TYPE_CHECKING:
    from .models import BusinessHours, Policy, Recomputation

Shape = dict[str, Any]

_ID: Shape = {"type": "integer", "minimum": 1}
_COUNT: Shape = {"type": "integer", "minimum": 0}
_TEXT: Shape = {"type": "string"}
_FLAG: Shape = {"type": "boolean"}
_MOMENT: Shape = {"type": "string", "format": "date-time"}
_DATE: Shape = {"type": "string", "format": "date"}
_PERCENT: Shape = {"type": "number", "minimum": 0, "maximum": 100}

#: What the plugin adds to a conversation.
CONVERSATION_SHAPES: Shape = {
    "sla_status": {"type": ["string", "null"], "enum": [*STATES, None]},
    **{f"sla_{name}_due_at": maybe(_MOMENT) for name in TARGETS},
}

HOURS = component(
    "BusinessHours",
    obj(
        id=_ID,
        name=_TEXT,
        timezone=_TEXT,
        always_open=_FLAG,
        blocks=many(obj(weekday=_TEXT, start=_TEXT, end=_TEXT)),
        holidays=many(obj(date=_DATE, name=maybe(_TEXT), yearly=_FLAG)),
        holiday_country=maybe(_TEXT),
        holiday_subdivision=maybe(_TEXT),
        created_at=_MOMENT,
        updated_at=_MOMENT,
    ),
)
_TARGETS = obj(**{name: maybe(_ID) for name in TARGETS})
_ACTION = obj(add_lineitem=_FLAG, set_priority=maybe(_TEXT), assign_to=maybe(_ID))
POLICY = component(
    "SlaPolicy",
    obj(
        id=_ID,
        name=_TEXT,
        description=maybe(_TEXT),
        is_active=_FLAG,
        is_default=_FLAG,
        position=_COUNT,
        conditions=obj(
            mailbox_ids=many(_ID),
            channels=many(_TEXT),
            priorities=many(_TEXT),
            tags=many(_TEXT),
            customer_attributes={"type": "object"},
        ),
        targets=obj(**dict.fromkeys(PRIORITIES, _TARGETS)),
        business_hours_id=maybe(_ID),
        at_risk_percent=_COUNT,
        pause_when_pending=_FLAG,
        pause_when_waiting=_FLAG,
        on_at_risk=_ACTION,
        on_breached=_ACTION,
        created_at=_MOMENT,
        updated_at=_MOMENT,
    ),
)
RECOMPUTATION = component(
    "SlaRecomputation",
    obj(
        id=_ID,
        reason=_TEXT,
        state={"type": "string", "enum": ["queued", "running", "finished", "superseded"]},
        total=maybe(_COUNT),
        done=_COUNT,
        created_at=_MOMENT,
        finished_at=maybe(_MOMENT),
    ),
)

_MEASURED: Shape = {"count": _COUNT, "median_seconds": maybe(_COUNT), "p90_seconds": maybe(_COUNT)}
_MET: Shape = {"met": _COUNT, "breached": _COUNT, "met_percent": maybe(_PERCENT)}
_SLA: Shape = {
    "conversations": _COUNT,
    "breached": _COUNT,
    "first_response": obj(**_MET, **_MEASURED),
    "next_response": obj(**_MET),
    "resolution": obj(**_MET, **_MEASURED),
}
_CONVERSATIONS: Shape = {
    "conversations": _COUNT,
    "answered": _COUNT,
    "closed": _COUNT,
    "first_response": obj(**_MEASURED),
    "resolution": obj(**_MEASURED),
}


def _report(name: str, figures: Shape) -> Shape:
    return component(
        name,
        obj(
            **{"from": _DATE, "to": _DATE},
            group_by=_TEXT,
            totals=obj(**figures),
            rows=many(obj(key={"type": ["string", "integer", "null"]}, label=_TEXT, **figures)),
        ),
    )


SLA_REPORT = _report("SlaReport", _SLA)
CONVERSATIONS_REPORT = _report("ConversationsReport", _CONVERSATIONS)


def present_hours(hours: BusinessHours) -> dict[str, Any]:
    """Return business hours."""
    return {
        "id": hours.id,
        "name": hours.name,
        "timezone": hours.timezone,
        "always_open": hours.always_open,
        "blocks": hours.blocks,
        "holidays": hours.holidays,
        "holiday_country": hours.holiday_country,
        "holiday_subdivision": hours.holiday_subdivision,
        "created_at": hours.created_at,
        "updated_at": hours.updated_at,
    }


_NO_CONDITIONS: dict[str, Any] = {
    "mailbox_ids": [],
    "channels": [],
    "priorities": [],
    "tags": [],
    "customer_attributes": {},
}
_NO_ACTION = {"add_lineitem": False, "set_priority": None, "assign_to": None}
_NO_TARGETS = dict.fromkeys(TARGETS)


def present_policy(policy: Policy) -> dict[str, Any]:
    """Return a policy, what it does not say as null or empty."""
    return {
        "id": policy.id,
        "name": policy.name,
        "description": policy.description,
        "is_active": policy.is_active,
        "is_default": policy.is_default,
        "position": policy.position,
        "conditions": {**_NO_CONDITIONS, **policy.conditions},
        "targets": {name: {**_NO_TARGETS, **policy.targets.get(name, {})} for name in PRIORITIES},
        "business_hours_id": policy.business_hours_id,
        "at_risk_percent": policy.at_risk_percent,
        "pause_when_pending": policy.pause_when_pending,
        "pause_when_waiting": policy.pause_when_waiting,
        "on_at_risk": {**_NO_ACTION, **policy.on_at_risk},
        "on_breached": {**_NO_ACTION, **policy.on_breached},
        "created_at": policy.created_at,
        "updated_at": policy.updated_at,
    }


def present_recomputation(found: Recomputation) -> dict[str, Any]:
    """Return how far reckoning anew has come."""
    return {
        "id": found.id,
        "reason": found.reason,
        "state": found.state,
        "total": found.total,
        "done": found.done,
        "created_at": found.created_at,
        "finished_at": found.finished_at,
    }
