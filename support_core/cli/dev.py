"""``support-core dev``: what ``make run`` does, a working desk from nothing.

The token it prints is kept in ``dev-token`` beside the keys file, readable by its owner alone: the
database holds hashes only, and a token that changed with every start would break what was
pasted elsewhere. It is for loopback; a real desk is made with ``bootstrap``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from .. import migrations
from ..models import ApiToken, Role, User, Workspace
from ..rest import PREFIX
from ..security.permissions import OWNER
from ..security.secrets import digest
from ..serve import EmbeddedServer
from ..settings import ConfigurationError
from .demo import any_workspace, make_demo
from .group import host_of

if TYPE_CHECKING:
    from ..application import Application
    from .host import Host

TOKEN_FILE = "dev-token"  # noqa: S105 - a file's name
TOKEN_NAME = "support-core dev"  # noqa: S105 - a label

UNSCOPED = {"unscoped": "the operator's own desk, before a workspace is chosen"}


@click.command()
@click.pass_context
def dev(context: click.Context) -> None:
    """Create keys, schema and a demo workspace where missing, and serve; see make run."""
    host = host_of(context)
    server = host.server
    if not isinstance(server, EmbeddedServer):
        raise ConfigurationError("dev needs [server:main] use = egg:support-core#serve.")
    host.create_keys()
    application = host.application
    application.development = True
    migrations.upgrade(application.database, application.plugins.modules)
    if not any_workspace(application):
        make_demo(application, "Demo", "pro")
    secret = _working_token(host, application)
    base = server.options.urls()[0] + PREFIX

    def say() -> None:
        click.echo(f"Docs:      {base}/docs")
        for _, implementation in application.plugins.implementations("support_dev_links"):
            for label, path in implementation():
                click.echo(f"{label + ':':<10} {base}{path}")
        click.echo(f"API token: {secret}")
        click.echo("Try:")
        click.echo(f"curl -H 'Authorization: Bearer {secret}' '{base}/conversations?per_page=3'")
        host.speak()

    server.run(host.wsgi, ready=say)


def _working_token(host: Host, application: Application) -> str:
    """Return the kept token where it still works, else a new one, which is kept."""
    file = host.keys_file.parent / TOKEN_FILE if host.keys_file else None
    kept = file.read_text().strip() if file and file.is_file() else ""
    if kept and _works(application, kept):
        return kept
    secret = _new_token(application)
    if file is not None:
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(secret + "\n")
    return secret


def _works(application: Application, secret: str) -> bool:
    with application.database.transaction(write=False) as session:
        found = session.execute(
            select(ApiToken.id)
            .join(User, User.id == ApiToken.user_id)
            .where(
                ApiToken.secret_hash == digest(secret),
                ApiToken.revoked_at.is_(None),
                ApiToken.expires_at.is_(None),
                User.is_active,
                User.deleted_at.is_(None),
            ),
            execution_options=UNSCOPED,
        ).first()
    return found is not None


def _new_token(application: Application) -> str:
    """Make a token of the first workspace's first owner."""
    with application.database.transaction(write=False) as session:
        workspace_id, user_id = session.execute(
            select(Workspace.id, User.id)
            .join(User, User.workspace_id == Workspace.id)
            .join(Role, Role.id == User.role_id)
            .where(Role.name == OWNER, User.is_active, User.deleted_at.is_(None))
            .order_by(Workspace.id, User.id)
            .limit(1),
            execution_options=UNSCOPED,
        ).first() or (None, None)
    if workspace_id is None or user_id is None:
        raise ConfigurationError(
            "No workspace of this database has an active owner; make one with "
            "support-core bootstrap --workspace NAME --email ADDRESS."
        )
    with application.desk(workspace_id) as desk:
        return desk.tokens.create(desk.members.get(user_id), name=TOKEN_NAME)[1]
