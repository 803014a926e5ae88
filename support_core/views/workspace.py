"""What a workspace may and did do: entitlements, the event log, the audit trail, channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..health import run_checks
from ..presenters.members import AUDIT_ENTRY, EVENT, present_audit_entry, present_event
from ..presenters.shapes import ANY_OBJECT, COUNT, FLAG, TEXT, enveloped, many, maybe, obj, paged
from ..rest import Service
from ..rest.pages import enveloped as envelope
from ..schemas.members import AuditFilters, EventFilters
from ..security import Permission
from ..services.member_queries import events_after, list_audit

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Workspace"

entitlements = Service(
    "entitlements", "/entitlements", description="Plan, features, limits.", tag=TAG
)
events = Service("events", "/events", description="The event log.", tag=TAG)
audit = Service("audit", "/audit", description="The audit trail.", tag=TAG)
channels = Service("channels", "/channels", description="Enabled channels.", tag=TAG)

LIMIT = obj(limit=maybe(COUNT), used=COUNT)
ENTITLEMENTS = obj(
    plan=maybe(TEXT),
    features={"type": "object", "additionalProperties": FLAG},
    limits={"type": "object", "additionalProperties": LIMIT},
)
CHANNEL = obj(
    name=TEXT,
    label=TEXT,
    capabilities={"type": "object", "additionalProperties": FLAG},
    max_body=maybe(COUNT),
    health=many(ANY_OBJECT),
)


@entitlements.get(permission=Permission.MEMBER, feature=None, shape=enveloped(ENTITLEMENTS))
def show_entitlements(request: Request) -> dict[str, Any]:
    """Show the plan, its features, and each limit with its use; a null limit is none."""
    return {"data": request.desk.entitlements.describe()}


@events.get(
    permission=Permission.VIEW_CONVERSATIONS,
    query=EventFilters(),
    shape=obj(data=many(EVENT), meta=obj(next_after=COUNT, has_more=FLAG)),
)
def list_of_events(request: Request) -> dict[str, Any]:
    """Read the event log in order: pass ``meta.next_after`` as ``after`` to go on.

    Events are shown to those who may see what they are about.
    """
    found = events_after(request.desk, request.filters, request.caller.permissions)
    return {
        "data": [present_event(event) for event in found],
        "meta": {
            "next_after": found[-1].id if found else request.filters["after"],
            "has_more": len(found) == request.filters["per_page"],
        },
    }


@audit.get(permission=Permission.MANAGE_WORKSPACE, query=AuditFilters(), shape=paged(AUDIT_ENTRY))
def list_of_audit_entries(request: Request) -> dict[str, Any]:
    """List administrative changes: who changed which fields of what, and when."""
    page = list_audit(request.desk, request.filters)
    return envelope(request, page, [present_audit_entry(row[0]) for row in page.rows])


@channels.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(many(CHANNEL)))
def list_of_channels(request: Request) -> dict[str, Any]:
    """List the enabled channels with what they can do and how they are."""
    plugins = request.desk.plugins
    checks = run_checks(request.desk)
    return {
        "data": [
            {
                "name": channel.name,
                "label": channel.label,
                "capabilities": channel.capabilities(),
                "max_body": channel.max_body,
                "health": [
                    check.shown()
                    for check in checks
                    if check.plugin == plugins.channel_plugins[channel.name]
                ],
            }
            for channel in plugins.channels.values()
        ]
    }
