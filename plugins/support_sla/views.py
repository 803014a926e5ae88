"""``/business-hours``, ``/sla-policies`` and ``/sla-recomputations``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import (
    ID,
    MESSAGE_ONLY,
    Conflict,
    Permission,
    Service,
    enveloped,
    listed,
    paged,
    path_id,
)

from . import editing, recomputing
from .presenting import (
    HOURS,
    POLICY,
    RECOMPUTATION,
    present_hours,
    present_policy,
    present_recomputation,
)
from .schemas import (
    CREATE_HOURS,
    UPDATE_HOURS,
    HoursFilters,
    PolicyFilters,
    RecomputationFilters,
    create_policy,
    update_policy,
)

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Service levels"
GATE: dict[str, Any] = {"permission": Permission.MANAGE_SLA, "feature": "sla"}

hours = Service("business-hours", "/business-hours", description="Business hours.", tag=TAG)
one_hours = Service("one-business-hours", f"/business-hours/{ID}", description="One.", tag=TAG)
policies = Service("sla-policies", "/sla-policies", description="Policies.", tag=TAG)
policy = Service("sla-policy", f"/sla-policies/{ID}", description="One policy.", tag=TAG)
recomputations = Service(
    "sla-recomputations", "/sla-recomputations", description="Reckoning anew.", tag=TAG
)
recomputation = Service(
    "sla-recomputation", f"/sla-recomputations/{ID}", description="How far it is.", tag=TAG
)


@hours.get(**GATE, query=HoursFilters(), shape=paged(HOURS))
def list_hours(request: Request) -> dict[str, Any]:
    """List business hours."""
    page = editing.list_hours(request.desk, request.filters)
    return listed(request, page, [present_hours(row[0]) for row in page.rows])


@hours.post(**GATE, body=CREATE_HOURS, status=201, shape=enveloped(HOURS, message=True))
def create_hours(request: Request) -> dict[str, Any]:
    """Create business hours: a week of blocks in a time zone, less holidays."""
    made = editing.create_hours(request.desk, request.validated)
    return {"data": present_hours(made), "message": "Business hours created successfully"}


@one_hours.get(**GATE, shape=enveloped(HOURS), etag=True)
def show_hours(request: Request) -> dict[str, Any]:
    """Get business hours."""
    return {"data": present_hours(editing.get_hours(request.desk, path_id(request)))}


HOURS_GUARD = (show_hours, editing.lock_hours)


@one_hours.put(
    **GATE, body=UPDATE_HOURS, shape=enveloped(HOURS, message=True), precondition=HOURS_GUARD
)
def update_hours(request: Request) -> dict[str, Any]:
    """Update business hours; what is left out stays.

    Open conversations that go by them are reckoned anew, in the background.
    """
    changed = editing.update_hours(request.desk, path_id(request), request.validated)
    return {"data": present_hours(changed), "message": "Business hours updated successfully"}


@one_hours.delete(**GATE, shape=MESSAGE_ONLY, precondition=HOURS_GUARD, raises=(Conflict,))
def delete_hours(request: Request) -> dict[str, Any]:
    """Delete business hours; 409 while a policy goes by them."""
    editing.delete_hours(request.desk, path_id(request))
    return {"message": "Business hours deleted successfully"}


@policies.get(**GATE, query=PolicyFilters(), shape=paged(POLICY))
def list_policies(request: Request) -> dict[str, Any]:
    """List policies in the order in which they are tried."""
    page = editing.list_policies(request.desk, request.filters)
    return listed(request, page, [present_policy(row[0]) for row in page.rows])


@policies.post(**GATE, body=create_policy, status=201, shape=enveloped(POLICY, message=True))
def create(request: Request) -> dict[str, Any]:
    """Create a policy; open conversations are reckoned anew, in the background.

    A default one takes the place of the default one before.
    """
    made = editing.create_policy(request.desk, request.validated)
    return {"data": present_policy(made), "message": "Policy created successfully"}


@policy.get(**GATE, shape=enveloped(POLICY), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a policy."""
    return {"data": present_policy(editing.get_policy(request.desk, path_id(request)))}


GUARD = (show, editing.lock_policy)


@policy.put(**GATE, body=update_policy, shape=enveloped(POLICY, message=True), precondition=GUARD)
def update(request: Request) -> dict[str, Any]:
    """Update a policy; what is left out stays. Open conversations are reckoned anew."""
    changed = editing.update_policy(request.desk, path_id(request), request.validated)
    return {"data": present_policy(changed), "message": "Policy updated successfully"}


@policy.delete(**GATE, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a policy; its open conversations get another one, or none."""
    editing.delete_policy(request.desk, path_id(request))
    return {"message": "Policy deleted successfully"}


@recomputations.get(**GATE, query=RecomputationFilters(), shape=paged(RECOMPUTATION))
def list_recomputations(request: Request) -> dict[str, Any]:
    """List what was reckoned anew after changes of policies and business hours."""
    page = recomputing.list_recomputations(request.desk, request.filters)
    return listed(request, page, [present_recomputation(row[0]) for row in page.rows])


@recomputation.get(**GATE, shape=enveloped(RECOMPUTATION))
def show_recomputation(request: Request) -> dict[str, Any]:
    """Get how far it is: ``done`` of ``total`` open conversations."""
    found = recomputing.get(request.desk, path_id(request))
    return {"data": present_recomputation(found)}
