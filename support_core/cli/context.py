"""What commands work with: the application of the ini, and desks on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..services.workspaces import find_workspace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..application import Application
    from ..desk import Desk
    from ..models import Workspace


def application_of(context: click.Context) -> Application:
    """Return the application of ``-c INI``, built when a command first needs it."""
    application: Application = context.find_root().obj.application
    return application


def command_desk(context: click.Context, workspace_id: int | None) -> AbstractContextManager[Desk]:
    """Open a desk in one transaction for a command; the system itself acts."""
    return application_of(context).desk(workspace_id)


def named_workspace(context: click.Context, name: str) -> Workspace:
    """Return the workspace of this id, slug or name; raises a usage error where there is none."""
    workspace = find_workspace(application_of(context), name)
    if workspace is None:
        raise click.BadParameter(f"there is no workspace {name!r}", param_hint="--workspace")
    return workspace
