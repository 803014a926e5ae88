"""Policies and business hours: making, changing and removing them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from support_core.plugin_api import (
    Conflict,
    Invalid,
    Mailbox,
    NotFound,
    hold,
    invalid_reference,
    keysets,
    run_list,
)

from .calendars import countries
from .jobs import recompute
from .models import BusinessHours, Policy
from .policies import minutes_of
from .recomputing import begin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support_core.plugin_api import Desk, ListPage

_HOURS = keysets({"id": BusinessHours.id, "name": BusinessHours.name}, id=BusinessHours.id)
_POLICIES = keysets(
    {"position": Policy.position, "id": Policy.id, "name": Policy.name}, id=Policy.id
)

#: Fields of a policy that change nobody's due time.
_SILENT = frozenset({"name", "description", "on_at_risk", "on_breached"})


def list_hours(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the workspace's business hours."""
    return run_list(
        desk.session, select(BusinessHours), keyset=_HOURS[filters["sort"]], filters=filters
    )


def get_hours(desk: Desk, hours_id: int, *, lock: bool = False) -> BusinessHours:
    """Return business hours; raises ``NotFound``. ``lock`` holds the row to the commit."""
    found = desk.session.get(BusinessHours, hours_id, with_for_update=lock or None)
    if found is None:
        raise NotFound
    return found


def lock_hours(desk: Desk, hours_id: int) -> BusinessHours:
    """Return business hours whose row is held to the commit; raises ``NotFound``."""
    return get_hours(desk, hours_id, lock=True)


def create_hours(desk: Desk, values: Mapping[str, Any]) -> BusinessHours:
    """Create business hours; raises ``Invalid``."""
    _check_hours(values)
    made = BusinessHours(**values)
    desk.session.add(made)
    desk.session.flush()
    desk.audit.record("business_hours.created", "business_hours", made.id, fields=values)
    return made


def update_hours(desk: Desk, hours_id: int, values: Mapping[str, Any]) -> BusinessHours:
    """Change business hours; what goes by them is reckoned anew. Raises ``Invalid``."""
    found = lock_hours(desk, hours_id)
    named = (column.name for column in BusinessHours.__table__.c)
    _check_hours({name: getattr(found, name) for name in named} | dict(values))
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    for name in changed:
        setattr(found, name, values[name])
    if changed:
        found.updated_at = desk.clock()
        desk.session.flush()
        desk.audit.record("business_hours.updated", "business_hours", found.id, fields=changed)
    if set(changed) - {"name"} and _is_used(desk, hours_id):
        _reckon_anew(desk, "business_hours")
    return found


def delete_hours(desk: Desk, hours_id: int) -> None:
    """Remove business hours; raises ``Conflict`` while a policy goes by them."""
    found = lock_hours(desk, hours_id)
    if _is_used(desk, hours_id):
        raise Conflict("A policy goes by these business hours. Give it others first.")
    desk.session.execute(
        update(Policy).where(Policy.business_hours_id == hours_id).values(business_hours_id=None),
        execution_options={"synchronize_session": False},
    )
    desk.session.delete(found)
    desk.session.flush()
    desk.audit.record("business_hours.deleted", "business_hours", hours_id)


def _is_used(desk: Desk, hours_id: int) -> bool:
    statement = select(Policy.id).where(
        Policy.business_hours_id == hours_id, Policy.deleted_at.is_(None)
    )
    return desk.session.execute(statement.limit(1)).first() is not None


def _check_hours(values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    blocks = values["blocks"]
    if not values["always_open"] and not blocks:
        errors["blocks"] = ["The blocks field is required unless always open is true."]
    spans = sorted(
        (it["weekday"], minutes_of(it["start"]), minutes_of(it["end"]), number)
        for number, it in enumerate(blocks)
    )
    for before, after in itertools.pairwise(spans):
        if before[0] == after[0] and after[1] < before[2]:
            errors[f"blocks.{after[3]}.start"] = [
                f"The blocks.{after[3]}.start must not lie in another block of the day."
            ]
    part, country = values["holiday_subdivision"], values["holiday_country"]
    if part is not None and (country is None or part not in countries()[country]):
        errors["holiday_subdivision"] = ["The selected holiday subdivision is invalid."]
    if errors:
        raise Invalid(errors)


def list_policies(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the workspace's policies."""
    statement = select(Policy).where(Policy.deleted_at.is_(None))
    if "is_active" in filters:
        statement = statement.where(Policy.is_active == filters["is_active"])
    return run_list(desk.session, statement, keyset=_POLICIES[filters["sort"]], filters=filters)


def get_policy(desk: Desk, policy_id: int, *, lock: bool = False) -> Policy:
    """Return a policy; raises ``NotFound``. ``lock`` holds its row to the commit."""
    found = desk.session.get(Policy, policy_id, with_for_update=lock or None)
    if found is None or found.deleted_at is not None:
        raise NotFound
    return found


def lock_policy(desk: Desk, policy_id: int) -> Policy:
    """Return a policy whose row is held to the commit; raises ``NotFound``."""
    return get_policy(desk, policy_id, lock=True)


def create_policy(desk: Desk, values: Mapping[str, Any]) -> Policy:
    """Create a policy; raises ``Invalid`` for references to what is not there."""
    _check_policy(desk, values)
    _make_room(desk, values, None)
    made = Policy(**values)
    desk.session.add(made)
    desk.session.flush()
    desk.audit.record("sla_policy.created", "sla_policy", made.id, fields=values)
    _reckon_anew(desk, "policy")
    return made


def update_policy(desk: Desk, policy_id: int, values: Mapping[str, Any]) -> Policy:
    """Change a policy; what is open is reckoned anew. Raises ``Invalid``."""
    _check_policy(desk, values)
    _make_room(desk, values, policy_id)
    found = lock_policy(desk, policy_id)
    changed = [name for name, value in values.items() if getattr(found, name) != value]
    for name in changed:
        setattr(found, name, values[name])
    if changed:
        found.updated_at = desk.clock()
        desk.session.flush()
        desk.audit.record("sla_policy.updated", "sla_policy", found.id, fields=changed)
    if set(changed) - _SILENT:
        _reckon_anew(desk, "policy")
    return found


def delete_policy(desk: Desk, policy_id: int) -> None:
    """Remove a policy; its conversations get another, or none. Reports keep its name."""
    found = lock_policy(desk, policy_id)
    found.deleted_at = desk.clock()
    desk.session.flush()
    desk.audit.record("sla_policy.deleted", "sla_policy", policy_id)
    _reckon_anew(desk, "policy")


def _make_room(desk: Desk, values: Mapping[str, Any], policy_id: int | None) -> None:
    """See to it that there is one default policy, whoever else makes one right now."""
    if not values.get("is_default"):
        return
    hold(desk.session, "sla_default_policy")
    desk.session.execute(
        update(Policy)
        .where(
            Policy.is_default.is_(True), Policy.deleted_at.is_(None), Policy.id != (policy_id or 0)
        )
        .values(is_default=False, updated_at=desk.clock()),
        execution_options={"synchronize_session": False},
    )


def _check_policy(desk: Desk, values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    for problem in _problems(desk, values):
        errors |= problem.errors
    if errors:
        raise Invalid(errors)


def _problems(desk: Desk, values: Mapping[str, Any]) -> Iterator[Invalid]:
    hours = values.get("business_hours_id")
    if hours is not None and desk.session.get(BusinessHours, hours, with_for_update=True) is None:
        yield invalid_reference("business_hours_id")
    named = values.get("conditions", {}).get("mailbox_ids", [])
    if named:
        known = set(
            desk.session.scalars(
                select(Mailbox.id).where(Mailbox.id.in_(named), Mailbox.deleted_at.is_(None))
            )
        )
        for place, mailbox_id in enumerate(named):
            if mailbox_id not in known:
                yield invalid_reference(f"conditions.mailbox_ids.{place}")
    for action in ("on_at_risk", "on_breached"):
        member = values.get(action, {}).get("assign_to")
        if member is not None:
            try:
                desk.members.require_assignable(member, f"{action}.assign_to")
            except Invalid as invalid:
                yield invalid


def _reckon_anew(desk: Desk, reason: str) -> None:
    begin(desk, reason)
    desk.enqueue(recompute, key="recompute")
