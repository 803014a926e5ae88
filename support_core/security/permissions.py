"""The permissions of the API, and the roles that ship."""

from __future__ import annotations

from enum import StrEnum

from pyramid.security import NO_PERMISSION_REQUIRED


class Permission(StrEnum):
    """What a view asks of its caller.

    ``PUBLIC`` asks nothing and ``MEMBER`` any authenticated member; neither can be granted.
    """

    PUBLIC = NO_PERMISSION_REQUIRED
    MEMBER = "member"
    VIEW_CONVERSATIONS = "view_conversations"
    REPLY_TO_CONVERSATIONS = "reply_to_conversations"
    ASSIGN_CONVERSATIONS = "assign_conversations"
    DELETE_CONVERSATIONS = "delete_conversations"
    MANAGE_MAILBOXES = "manage_mailboxes"
    MANAGE_CUSTOMERS = "manage_customers"
    MANAGE_WIDGETS = "manage_widgets"
    MANAGE_CHANNELS = "manage_channels"
    MANAGE_SLA = "manage_sla"
    MANAGE_RULES = "manage_rules"
    MANAGE_ROLES = "manage_roles"
    MANAGE_TOKENS = "manage_tokens"
    ACCESS_REPORTS = "access_reports"
    MANAGE_WORKSPACE = "manage_workspace"


#: What a role may hold and a token may be cut down to, in the order of the contract.
GRANTABLE: tuple[str, ...] = tuple(
    permission.value
    for permission in Permission
    if permission not in (Permission.PUBLIC, Permission.MEMBER)
)

OWNER = "owner"
#: The shipped role that may do the least.
LEAST = "viewer"

#: The roles every workspace starts with, with their permissions.
BUILTIN_ROLES: dict[str, tuple[str, ...]] = {
    OWNER: GRANTABLE,
    "admin": GRANTABLE,
    "agent": (
        Permission.VIEW_CONVERSATIONS,
        Permission.REPLY_TO_CONVERSATIONS,
        Permission.ASSIGN_CONVERSATIONS,
        Permission.MANAGE_CUSTOMERS,
    ),
    LEAST: (Permission.VIEW_CONVERSATIONS,),
}
