"""``support-core workspace``: the tenants of this desk."""

from __future__ import annotations

from typing import Any

import click
from sqlalchemy import func, select

from ..models import Conversation, Workspace
from ..services.workspaces import create_workspace
from .context import application_of, command_desk, named_workspace
from .output import as_json, say_json, say_table, warn_of_unknown_plan

COLUMNS = ("id", "name", "slug", "plan", "created_at")


@click.group("workspace")
def workspaces() -> None:
    """List, create and show workspaces."""


def _shown(workspace: Workspace) -> dict[str, Any]:
    return {column: getattr(workspace, column) for column in COLUMNS}


@workspaces.command("list")
@as_json
@click.pass_context
def list_workspaces(context: click.Context, as_json: bool) -> None:
    """List all workspaces."""
    with application_of(context).database.transaction(write=False) as session:
        found = session.execute(select(Workspace).order_by(Workspace.id)).scalars()
        rows = [_shown(workspace) for workspace in found]
    if as_json:
        say_json(rows)
    else:
        say_table(COLUMNS, [list(row.values()) for row in rows])


@workspaces.command("create")
@click.argument("name")
@click.option("--plan", help="Its plan; the configured default without it.")
@as_json
@click.pass_context
def create(context: click.Context, name: str, plan: str | None, as_json: bool) -> None:
    """Create a workspace with the roles that ship; it has no members yet."""
    if not 0 < len(name.strip()) <= 255:
        raise click.BadParameter("say a name of 1 to 255 characters", param_hint="NAME")
    application = application_of(context)
    workspace = create_workspace(application, name.strip(), plan=plan)
    with application.desk(workspace.id, write=False) as desk:
        warn_of_unknown_plan(desk)
    if as_json:
        say_json(_shown(workspace))
    else:
        click.echo(f"Workspace {workspace.id}: {workspace.name} ({workspace.slug}).")


@workspaces.command("show")
@click.argument("name")
@as_json
@click.pass_context
def show(context: click.Context, name: str, as_json: bool) -> None:
    """Show a workspace: its plan, what it uses, and its conversations by status."""
    workspace = named_workspace(context, name)
    with command_desk(context, workspace.id) as desk:
        described = desk.entitlements.describe()
        statuses = desk.session.execute(
            select(Conversation.status, func.count(Conversation.id))
            .where(Conversation.deleted_at.is_(None))
            .group_by(Conversation.status)
        )
        by_status = dict(statuses.all())
    shown = {**_shown(workspace), "entitlements": described, "conversations": by_status}
    if as_json:
        say_json(shown)
        return
    say_table(("field", "value"), [(column, shown[column]) for column in COLUMNS])
    say_table(
        ("resource", "used", "limit"),
        [(name, it["used"], it["limit"]) for name, it in described["limits"].items()],
    )
    say_table(("conversations", "number"), sorted(by_status.items()))
