"""Members, roles, tokens, events and audit entries as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .shapes import ANY_OBJECT, COUNT, FLAG, ID, MOMENT, TEXT, component, many, maybe, obj

if TYPE_CHECKING:
    from ..events import DomainEvent
    from ..identity import Identity
    from ..models import ApiToken, AuditEntry, Event, Role, User

USER = component(
    "User",
    obj(
        id=ID,
        email=TEXT,
        name=TEXT,
        role=TEXT,
        is_active=FLAG,
        is_available=FLAG,
        created_at=MOMENT,
        updated_at=MOMENT,
    ),
)
ROLE = component(
    "Role",
    obj(
        id=ID,
        name=TEXT,
        permissions=many(TEXT),
        is_builtin=FLAG,
        created_at=MOMENT,
        updated_at=MOMENT,
    ),
)
TOKEN = component(
    "Token",
    obj(
        id=ID,
        name=TEXT,
        user_id=ID,
        abilities=many(TEXT),
        expires_at=maybe(MOMENT),
        last_used_at=maybe(MOMENT),
        created_at=MOMENT,
    ),
)
CALLER = component(
    "Caller",
    obj(
        user=obj(id=ID, email=TEXT, name=TEXT, role=TEXT),
        workspace_id=ID,
        permissions=many(TEXT),
        csrf_token=maybe(TEXT),
    ),
)
EVENT = component(
    "Event",
    obj(
        id=ID,
        type=TEXT,
        conversation_id=maybe(ID),
        mailbox_id=maybe(ID),
        payload=ANY_OBJECT,
        created_at=MOMENT,
    ),
)
AUDIT_ENTRY = component(
    "AuditEntry",
    obj(
        id=ID,
        action=TEXT,
        target_type=TEXT,
        target_id=maybe(COUNT),
        fields=many(TEXT),
        actor=ANY_OBJECT,
        created_at=MOMENT,
    ),
)


def present_user(user: User, role: str) -> dict[str, Any]:
    """Return a member."""
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": role,
        "is_active": user.is_active,
        "is_available": user.is_available,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def present_role(role: Role) -> dict[str, Any]:
    """Return a role."""
    return {
        "id": role.id,
        "name": role.name,
        "permissions": role.permissions,
        "is_builtin": role.is_builtin,
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    }


def present_token(token: ApiToken) -> dict[str, Any]:
    """Return a token, never its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "user_id": token.user_id,
        "abilities": token.abilities,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "created_at": token.created_at,
    }


def present_caller(caller: Identity, csrf_token: str | None) -> dict[str, Any]:
    """Return who is calling and what they may do."""
    return {
        "user": {
            "id": caller.user_id,
            "email": caller.user_email,
            "name": caller.user_name,
            "role": caller.role,
        },
        "workspace_id": caller.workspace_id,
        "permissions": sorted(caller.permissions),
        "csrf_token": csrf_token,
    }


def present_event(event: Event | DomainEvent) -> dict[str, Any]:
    """Return an entry of the event log."""
    return {
        "id": event.id,
        "type": event.type,
        "conversation_id": event.conversation_id,
        "mailbox_id": event.mailbox_id,
        "payload": event.payload,
        "created_at": event.created_at,
    }


def present_audit_entry(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry of the audit trail."""
    return {
        "id": entry.id,
        "action": entry.action,
        "target_type": entry.target_type,
        "target_id": entry.target_id,
        "fields": entry.fields,
        "actor": {"user_id": entry.user_id, **entry.actor},
        "created_at": entry.created_at,
    }
