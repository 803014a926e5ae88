"""Lists of members, roles and tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from ..db import lowered
from ..models import ApiToken, AuditEntry, Event, Role, User
from ..pagination import keysets
from ..streams.event_types import matches
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..desk import Desk

USERS = keysets(
    {"id": User.id, "name": User.name, "email": User.email, "created_at": User.created_at},
    id=User.id,
)
ROLES = keysets({"id": Role.id, "name": Role.name}, id=Role.id)
TOKENS = keysets(
    {"id": ApiToken.id, "name": ApiToken.name, "created_at": ApiToken.created_at},
    id=ApiToken.id,
)
AUDIT = keysets({"id": AuditEntry.id}, id=AuditEntry.id)


def list_users(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of (member, name of the role)."""
    statement = (
        select(User, Role.name.label("role"))
        .join(Role, Role.id == User.role_id)
        .where(User.deleted_at.is_(None))
    )
    if "is_active" in filters:
        statement = statement.where(User.is_active == filters["is_active"])
    if filters.get("search"):
        term = filters["search"].lower()
        statement = statement.where(
            or_(
                User.email_key.contains(term, autoescape=True),
                lowered(User.email).contains(term, autoescape=True),
                lowered(User.name).contains(term, autoescape=True),
            )
        )
    return run_list(desk.session, statement, keyset=USERS[filters["sort"]], filters=filters)


def list_roles(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of roles."""
    return run_list(desk.session, select(Role), keyset=ROLES[filters["sort"]], filters=filters)


def list_tokens(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the tokens that are not revoked."""
    statement = select(ApiToken).where(ApiToken.revoked_at.is_(None))
    return run_list(desk.session, statement, keyset=TOKENS[filters["sort"]], filters=filters)


def list_audit(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the audit trail."""
    return run_list(
        desk.session, select(AuditEntry), keyset=AUDIT[filters["sort"]], filters=filters
    )


def events_after(
    desk: Desk, filters: Mapping[str, Any], permissions: frozenset[str]
) -> Sequence[Event]:
    """Return the next events of the log after the given id that these permissions show."""
    types = desk.application.event_types
    visible = types.criterion(permissions, Event.type, Event.conversation_id)
    statement = select(Event).where(Event.id > filters["after"], visible)
    if filters.get("type"):
        statement = statement.where(or_(*(matches(Event.type, it) for it in filters["type"])))
    if filters.get("mailbox_id"):
        statement = statement.where(Event.mailbox_id.in_(filters["mailbox_id"]))
    if "conversation_id" in filters:
        statement = statement.where(Event.conversation_id == filters["conversation_id"])
    statement = statement.order_by(Event.id).limit(filters["per_page"])
    return desk.session.execute(statement).scalars().all()
