"""``support-core bootstrap``: from an ini to a working token, in one command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from sqlalchemy import select

from .. import migrations
from ..models import Workspace
from ..schemas import validate
from ..schemas.members import UserBody
from ..services.workspaces import create_workspace, ensure_owner
from .context import application_of
from .group import host_of
from .output import as_json, say_json, warn_of_unknown_plan

if TYPE_CHECKING:
    from ..application import Application


@click.command()
@click.option("--workspace", "name", required=True, help="Name of the workspace.")
@click.option("--email", required=True, help="Address of its owner.")
@click.option("--plan", help="Its plan; an existing workspace is put on it.")
@as_json
@click.pass_context
def bootstrap(
    context: click.Context,
    name: str,
    email: str,
    plan: str | None,
    as_json: bool,
) -> None:
    """Create what is missing of keys, schema, workspace and owner, and a new API token."""
    body = validate(UserBody(), {"email": email, "name": email.partition("@")[0]})
    host_of(context).create_keys()
    application = application_of(context)
    migrations.upgrade(application.database, application.plugins.modules)
    workspace = _ensure_workspace(application, name.strip(), plan)
    owner = ensure_owner(application, workspace, email=body["email"], name=body["name"])
    with application.desk(workspace.id) as desk:
        _token, secret = desk.tokens.create(desk.members.get(owner.id), name="bootstrap")
        warn_of_unknown_plan(desk)
    made: dict[str, Any] = {
        "workspace": {
            "id": workspace.id,
            "name": workspace.name,
            "slug": workspace.slug,
            "plan": workspace.plan,
        },
        "user": {"id": owner.id, "name": owner.name, "email": owner.email},
        "token": secret,
    }
    if as_json:
        say_json(made)
        return
    click.echo(
        f"Workspace {workspace.id}: {workspace.name} ({workspace.slug}), "
        f"plan {workspace.plan or 'the default'}"
    )
    click.echo(f"Owner {owner.id}: {owner.name} <{owner.email}>")
    click.echo(f"API token, shown only now: {secret}")


def _ensure_workspace(application: Application, name: str, plan: str | None) -> Workspace:
    """Return the workspace of this name or slug; never by id, which a name may look like."""
    if not 0 < len(name) <= 255:
        raise click.BadParameter("say a name of 1 to 255 characters", param_hint="--workspace")
    for criterion in (Workspace.name == name, Workspace.slug == name):
        with application.database.transaction() as session:
            workspace = session.execute(
                select(Workspace).where(criterion).order_by(Workspace.id).limit(1)
            ).scalar_one_or_none()
        if workspace is not None:
            break
    else:
        return create_workspace(application, name, plan=plan)
    if plan is not None and workspace.plan != plan:
        with application.desk(workspace.id) as desk:
            desk.set_plan(plan)
        workspace.plan = plan
    return workspace
