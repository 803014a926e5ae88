"""``support-core token``: a workspace's API tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click
from sqlalchemy import select

from ..models import ApiToken, User
from ..security.permissions import GRANTABLE
from .context import command_desk, named_workspace
from .output import as_json, say_json, say_table, workspace_option

COLUMNS = ("id", "name", "user", "abilities", "expires_at", "last_used_at", "created_at")


@click.group("token")
def tokens() -> None:
    """Create, list and revoke API tokens."""


@tokens.command("create")
@workspace_option
@click.option("--email", required=True, help="Whose token it is.")
@click.option("--name", default="command line", show_default=True)
@click.option(
    "--ability",
    "abilities",
    multiple=True,
    type=click.Choice(GRANTABLE),
    help="May be given several times; without it all that the member may do.",
)
@click.option("--days", type=click.IntRange(min=1), help="Days until it expires; never without.")
@as_json
@click.pass_context
def create(  # noqa: PLR0913 - options
    context: click.Context,
    *,
    workspace_name: str,
    email: str,
    name: str,
    abilities: tuple[str, ...],
    days: int | None,
    as_json: bool,
) -> None:
    """Create a token of a member; it is shown only now."""
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        user = desk.members.by_email(email)
        if user is None or not user.is_active:
            raise click.BadParameter(f"there is no active member {email!r}", param_hint="--email")
        token, secret = desk.tokens.create(
            user,
            name=name,
            abilities=abilities or None,
            expires_at=desk.clock() + timedelta(days=days) if days else None,
        )
        shown = {"id": token.id, "name": token.name, "expires_at": token.expires_at}
    if as_json:
        say_json({**shown, "token": secret})
    else:
        click.echo(f"API token {token.id}, shown only now: {secret}")


@tokens.command("list")
@workspace_option
@as_json
@click.pass_context
def list_tokens(context: click.Context, workspace_name: str, as_json: bool) -> None:
    """List the tokens that are not revoked, never their secrets."""
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        found = desk.session.execute(
            select(ApiToken, User.email)
            .join(User, User.id == ApiToken.user_id)
            .where(ApiToken.revoked_at.is_(None))
            .order_by(ApiToken.id)
        )
        rows: list[dict[str, Any]] = [
            {
                "id": token.id,
                "name": token.name,
                "user": email,
                "abilities": token.abilities,
                "expires_at": token.expires_at,
                "last_used_at": token.last_used_at,
                "created_at": token.created_at,
            }
            for token, email in found
        ]
    if as_json:
        say_json(rows)
        return
    for row in rows:
        held = row["abilities"]
        row["abilities"] = "all" if set(GRANTABLE) <= set(held) else ", ".join(held)
    say_table(COLUMNS, [list(row.values()) for row in rows])


@tokens.command("revoke")
@workspace_option
@click.argument("token_id", type=click.IntRange(min=1))
@click.pass_context
def revoke(context: click.Context, workspace_name: str, token_id: int) -> None:
    """End a token at once."""
    workspace = named_workspace(context, workspace_name)
    with command_desk(context, workspace.id) as desk:
        desk.tokens.revoke(token_id)
    click.echo(f"API token {token_id} is revoked.")
