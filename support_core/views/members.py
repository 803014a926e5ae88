"""``/users``, ``/roles`` and ``/tokens``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Conflict
from ..presenters.members import (
    ROLE,
    TOKEN,
    USER,
    present_role,
    present_token,
    present_user,
)
from ..presenters.shapes import MESSAGE_ONLY, TEXT, enveloped, obj, paged
from ..rest import ID, Service, path_id
from ..rest.pages import enveloped as envelope
from ..schemas.members import (
    RoleBody,
    RoleFilters,
    TokenBody,
    TokenFilters,
    UserBody,
    UserFilters,
)
from ..security import Permission
from ..services.member_queries import list_roles, list_tokens, list_users

if TYPE_CHECKING:
    from pyramid.request import Request

users = Service("users", "/users", description="Members.", tag="Users")
user = Service("user", f"/users/{ID}", description="One member.", tag="Users")
roles = Service("roles", "/roles", description="Roles.", tag="Roles")
role = Service("role", f"/roles/{ID}", description="One role.", tag="Roles")
tokens = Service("tokens", "/tokens", description="API tokens.", tag="Tokens")
token = Service("token", f"/tokens/{ID}", description="One API token.", tag="Tokens")


@users.get(permission=Permission.VIEW_CONVERSATIONS, query=UserFilters(), shape=paged(USER))
def list_of_users(request: Request) -> dict[str, Any]:
    """List the workspace's members."""
    page = list_users(request.desk, request.filters)
    return envelope(request, page, [present_user(row[0], row.role) for row in page.rows])


@users.post(
    permission=Permission.MANAGE_WORKSPACE,
    limit="agents",
    body=UserBody(),
    status=201,
    shape=enveloped(USER, message=True),
)
def create_user(request: Request) -> dict[str, Any]:
    """Add a member."""
    members = request.desk.members
    made = members.create(request.validated, by=request.caller)
    return {
        "data": present_user(made, members.role_name(made)),
        "message": "User created successfully",
    }


@user.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(USER), etag=True)
def show_user(request: Request) -> dict[str, Any]:
    """Get a member."""
    members = request.desk.members
    found = members.get(path_id(request))
    return {"data": present_user(found, members.role_name(found))}


USER_GUARD = (show_user, lambda desk, id_: desk.members.get(id_, lock=True))


@user.put(
    permission=Permission.MANAGE_WORKSPACE,
    body=UserBody(partial=True),
    shape=enveloped(USER, message=True),
    raises=(Conflict,),
    precondition=USER_GUARD,
)
def update_user(request: Request) -> dict[str, Any]:
    """Update a member; what is left out stays."""
    members = request.desk.members
    changed = members.update(path_id(request), request.validated, by=request.caller)
    return {
        "data": present_user(changed, members.role_name(changed)),
        "message": "User updated successfully",
    }


@user.delete(
    permission=Permission.MANAGE_WORKSPACE,
    shape=MESSAGE_ONLY,
    raises=(Conflict,),
    precondition=USER_GUARD,
)
def delete_user(request: Request) -> dict[str, Any]:
    """Remove a member; the last owner cannot be removed."""
    request.desk.members.delete(path_id(request), by=request.caller)
    return {"message": "User deleted successfully"}


@roles.get(permission=Permission.MANAGE_ROLES, query=RoleFilters(), shape=paged(ROLE))
def list_of_roles(request: Request) -> dict[str, Any]:
    """List roles."""
    page = list_roles(request.desk, request.filters)
    return envelope(request, page, [present_role(row[0]) for row in page.rows])


@roles.post(
    permission=Permission.MANAGE_ROLES,
    body=RoleBody(),
    status=201,
    shape=enveloped(ROLE, message=True),
)
def create_role(request: Request) -> dict[str, Any]:
    """Create a role out of permissions that you have yourself."""
    made = request.desk.roles.create(request.validated, granter=request.caller.permissions)
    return {"data": present_role(made), "message": "Role created successfully"}


@role.get(permission=Permission.MANAGE_ROLES, shape=enveloped(ROLE), etag=True)
def show_role(request: Request) -> dict[str, Any]:
    """Get a role."""
    return {"data": present_role(request.desk.roles.get(path_id(request)))}


ROLE_GUARD = (show_role, lambda desk, id_: desk.roles.get(id_, lock=True))


@role.put(
    permission=Permission.MANAGE_ROLES,
    body=RoleBody(partial=True),
    shape=enveloped(ROLE, message=True),
    raises=(Conflict,),
    precondition=ROLE_GUARD,
)
def update_role(request: Request) -> dict[str, Any]:
    """Update a role of the workspace's own."""
    changed = request.desk.roles.update(
        path_id(request), request.validated, granter=request.caller.permissions
    )
    return {"data": present_role(changed), "message": "Role updated successfully"}


@role.delete(
    permission=Permission.MANAGE_ROLES,
    shape=MESSAGE_ONLY,
    raises=(Conflict,),
    precondition=ROLE_GUARD,
)
def delete_role(request: Request) -> dict[str, Any]:
    """Delete a role that nobody has."""
    request.desk.roles.delete(path_id(request))
    return {"message": "Role deleted successfully"}


@tokens.get(permission=Permission.MANAGE_TOKENS, query=TokenFilters(), shape=paged(TOKEN))
def list_of_tokens(request: Request) -> dict[str, Any]:
    """List API tokens, never their secrets."""
    page = list_tokens(request.desk, request.filters)
    return envelope(request, page, [present_token(row[0]) for row in page.rows])


@tokens.post(
    permission=Permission.MANAGE_TOKENS,
    body=TokenBody(),
    status=201,
    shape=enveloped({"allOf": [TOKEN, obj(token=TEXT)]}, message=True),
    secret=True,
)
def create_token(request: Request) -> dict[str, Any]:
    """Create an API token; its secret is shown in this answer only."""
    made, secret = request.desk.tokens.grant(request.validated, by=request.caller)
    return {
        "data": {**present_token(made), "token": secret},
        "message": "Token created successfully",
    }


@token.delete(permission=Permission.MANAGE_TOKENS, shape=MESSAGE_ONLY)
def revoke_token(request: Request) -> dict[str, Any]:
    """Revoke an API token at once."""
    request.desk.tokens.revoke(path_id(request))
    return {"message": "Token revoked successfully"}
