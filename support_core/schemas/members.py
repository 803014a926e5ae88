"""Bodies and queries of members, roles, tokens, logins, events and the audit trail."""

from __future__ import annotations

from ..security.permissions import GRANTABLE
from .fields import (
    Body,
    Boolean,
    Choice,
    CommaSeparated,
    DateTime,
    Email,
    Id,
    Integer,
    ListOf,
    PageQuery,
    Query,
    Sort,
    String,
    drop,
)

MIN_PASSWORD = 12


class UserBody(Body):
    read_only = ("id", "created_at", "updated_at")

    email = Email(description="Unique in the workspace.")
    name = String(max=255, single_line=True)
    role = String(max=63, missing=drop, description="A role's name; agent by default.")
    is_active = Boolean(missing=drop)
    is_available = Boolean(missing=drop)
    password = String(
        min=MIN_PASSWORD,
        max=255,
        strip=False,
        missing=drop,
        write_only=True,
        description="Lets the member log in; without one they act by token or the host's login.",
    )


class UserFilters(PageQuery):
    search = String(max=255, missing=drop, description="Substring of name or address.")
    is_active = Boolean(missing=drop)
    sort = Sort(("id", "name", "email", "created_at"), missing="id")


class RoleBody(Body):
    read_only = ("id", "is_builtin", "created_at", "updated_at")

    name = String(
        max=63, pattern=r"[a-z][a-z0-9_-]*", description="Lower-case letters, digits, _ and -."
    )
    permissions = ListOf(Choice(GRANTABLE), max=len(GRANTABLE), distinct=True)


class RoleFilters(PageQuery):
    sort = Sort(("id", "name"), missing="id")


class TokenBody(Body):
    name = String(max=255, single_line=True)
    abilities = ListOf(
        Choice(GRANTABLE),
        max=len(GRANTABLE),
        distinct=True,
        missing=None,
        nullable=True,
        description="Permission names; by default everything its user may do.",
    )
    expires_at = DateTime(missing=None, nullable=True)
    user_id = Id(missing=None, nullable=True, description="Whose token it is; by default yours.")


class TokenFilters(PageQuery):
    sort = Sort(("id", "name", "created_at"), missing="id")


class LoginBody(Body):
    email = Email()
    password = String(max=255, strip=False, write_only=True)


class EventChoice(Query):
    type = CommaSeparated(
        String(max=63), missing=drop, description="Types, or conversation.* for all of a noun."
    )
    mailbox_id = CommaSeparated(Id(), missing=drop)


class EventFilters(EventChoice):
    after = Integer(min=0, missing=0, description="The id of the last event you have seen.")
    per_page = Integer(min=1, max=100, missing=100)
    conversation_id = Id(missing=drop)


class StreamFilters(EventChoice):
    last_event_id = Integer(
        min=0,
        missing=drop,
        description="The id of the last event you have; the header Last-Event-ID goes before it. "
        "Without either the stream begins with what happens from now on.",
    )


class AuditFilters(PageQuery):
    sort = Sort(("id",), missing="-id")
