"""``support-core demo``: a lively sample workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from ..demo import build_demo
from ..models import Workspace
from .context import application_of
from .output import progress

if TYPE_CHECKING:
    from ..application import Application


@click.command()
@click.option("--if-empty", is_flag=True, help="Only where there is no workspace yet.")
@click.option("--name", default="Demo", show_default=True, help="Name of the workspace.")
@click.option("--plan", default="pro", show_default=True)
@click.pass_context
def demo(context: click.Context, if_empty: bool, name: str, plan: str) -> None:
    """Make a sample workspace: people, mailboxes, and conversations in every state.

    Nobody in it has a password: make a token, or set one with the user command. Nothing of it
    leaves the desk.
    """
    application = application_of(context)
    if if_empty and any_workspace(application):
        click.echo("There is a workspace already; nothing was added.")
        return
    workspace = make_demo(application, name, plan)
    click.echo(f"Workspace {workspace.id}: {workspace.name} ({workspace.slug}).")


def any_workspace(application: Application) -> bool:
    """Tell whether this desk has a workspace."""
    with application.database.transaction(write=False) as session:
        return session.execute(select(Workspace.id).limit(1)).first() is not None


def make_demo(application: Application, name: str, plan: str) -> Workspace:
    """Build the sample with a bar on the terminal."""
    with progress("Making the demo workspace") as reached:
        return build_demo(application, name=name, plan=plan, told=reached)
