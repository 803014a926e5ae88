"""``support-core user``: the members of a workspace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import select

from ..models import Role, User
from ..schemas import validate
from ..schemas.members import UserBody
from .context import command_desk, named_workspace
from .output import as_json, say_json, say_table, workspace_option

if TYPE_CHECKING:
    from ..desk import Desk

COLUMNS = ("id", "email", "name", "role", "is_active", "is_available", "has_password")


@click.group("user")
def users() -> None:
    """List, create and deactivate members, and set their passwords."""


@users.command("list")
@workspace_option
@as_json
@click.pass_context
def list_users(context: click.Context, workspace_name: str, as_json: bool) -> None:
    """List the members of a workspace."""
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        found = desk.session.execute(
            select(User, Role.name)
            .join(Role, Role.id == User.role_id)
            .where(User.deleted_at.is_(None))
            .order_by(User.id)
        )
        rows = [_shown(user, role) for user, role in found]
    if as_json:
        say_json(rows)
    else:
        say_table(COLUMNS, [list(row.values()) for row in rows])


@users.command("create")
@workspace_option
@click.option("--email", required=True)
@click.option("--name", help="The part of the address before the @ without it.")
@click.option("--role", default="agent", show_default=True)
@as_json
@click.pass_context
def create(  # noqa: PLR0913 - options
    context: click.Context,
    *,
    workspace_name: str,
    email: str,
    name: str | None,
    role: str,
    as_json: bool,
) -> None:
    """Add a member, within the plan's limit; a password is set by the password command."""
    given = {"email": email, "name": name or email.partition("@")[0], "role": role}
    body = validate(UserBody(), given)
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        desk.entitlements.reserve("agents")
        user = desk.members.create(body, by=None)
        shown = _shown(user, role)
    if as_json:
        say_json(shown)
    else:
        click.echo(f"Member {user.id}: {user.name} <{user.email}>, {role}.")


@users.command("password")
@workspace_option
@click.argument("email")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from the first line of stdin.")
@click.pass_context
def password(
    context: click.Context,
    workspace_name: str,
    email: str,
    from_stdin: bool,
) -> None:
    """Set a member's password, asked for or from stdin; it ends the member's logins."""
    workspace = named_workspace(context, workspace_name)
    if from_stdin:
        secret = sys.stdin.readline().rstrip("\r\n")
    else:
        secret = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    with command_desk(context, workspace.id) as desk:
        user = _member(desk, email)
        body = {"email": user.email, "name": user.name, "password": secret}
        checked = validate(UserBody(), body)
        desk.members.update(user.id, {"password": checked["password"]}, by=None)
    click.echo(f"{user.email} has a new password.")


@users.command("deactivate")
@workspace_option
@click.argument("email")
@click.pass_context
def deactivate(context: click.Context, workspace_name: str, email: str) -> None:
    """Take a member's access away at once; what they wrote stays."""
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        user = _member(desk, email)
        desk.members.update(user.id, {"is_active": False}, by=None)
    click.echo(f"{user.email} is no longer active.")


def _member(desk: Desk, email: str) -> User:
    user = desk.members.by_email(email)
    if user is None:
        raise click.BadParameter(f"there is no member {email!r}", param_hint="EMAIL")
    return user


def _shown(user: User, role: str) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": role,
        "is_active": user.is_active,
        "is_available": user.is_available,
        "has_password": user.password_hash is not None,
    }
