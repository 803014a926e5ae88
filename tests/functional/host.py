"""A host's own plugin, as a test double of a billing system and a single sign-on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import (
    Check,
    Denial,
    Drop,
    Entitlements,
    HostIdentity,
    hookimpl,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

    from support_core.plugin_api import Desk, DomainEvent, InboundMessage, WorkspaceRef

support_contract = 1

#: Plans by what they lack: ``bare`` has no feature, ``single`` room for one of each resource.
BARE = "bare"
SINGLE = "single"

#: Set to the sentence that the health check reports as a failure.
ailments: list[str] = []


@hookimpl
def support_identify(request: Request) -> HostIdentity | None:
    given = request.headers.get("X-Host-User")
    if given is None:
        return None
    workspace_id, _, user_id = given.partition(":")
    return HostIdentity(workspace_id=int(workspace_id), user_id=int(user_id))


@hookimpl
def support_check_feature(workspace: WorkspaceRef) -> Denial | None:
    return Denial(current_plan=BARE) if workspace.plan == BARE else None


@hookimpl
def support_reserve(
    workspace: WorkspaceRef, resource: str, amount: int, desk: Desk
) -> Denial | None:
    if workspace.plan != SINGLE:
        return None
    used = desk.application.resources[resource](desk)
    return Denial(current_plan=SINGLE, limit=1) if used + amount > 1 else None


@hookimpl
def support_entitlements(workspace: WorkspaceRef) -> Entitlements:
    return Entitlements(
        plan=workspace.plan,
        features={"api_access": workspace.plan != BARE},
        limits={"mailboxes": 1} if workspace.plan == SINGLE else {},
    )


@hookimpl
def support_inbound(message: InboundMessage) -> Drop | None:
    return Drop("advertising") if message.subject == "Buy now" else None


@hookimpl
def support_event(event: DomainEvent) -> None:
    if event.payload.get("field") == "priority" and event.payload.get("to") == "urgent":
        raise RuntimeError("the pager does not answer; its key is hunter2")


@hookimpl
def support_health() -> Sequence[Check]:
    return [Check("billing", ok=not ailments, message="".join(ailments))]
