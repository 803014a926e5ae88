"""``support-core migrate`` and ``plugins``: what the code brings and what the database has."""

from __future__ import annotations

from importlib.metadata import entry_points

import click

from .. import migrations
from ..plugins import ENTRY_POINT_GROUP
from .context import application_of
from .group import host_of
from .output import as_json, say_json, say_table


@click.command()
@click.pass_context
def migrate(context: click.Context) -> None:
    """Bring the database to the schema of the core and the enabled plugins."""
    host_of(context).create_keys()
    application = application_of(context)
    pending = migrations.state(application.database, application.plugins.modules).pending
    migrations.upgrade(application.database, application.plugins.modules)
    done = f"brought up: {', '.join(pending)}" if pending else "current already"
    click.echo(f"The schema is {done}.")


@click.command()
@as_json
@click.pass_context
def plugins(context: click.Context, as_json: bool) -> None:
    """List the installed plugins and which of them are enabled."""
    enabled = host_of(context).plugins
    channels = {plugin: channel for channel, plugin in enabled.channel_plugins.items()}
    rows = [
        {
            "name": point.name,
            "enabled": point.name in enabled.modules,
            "channel": channels.get(point.name),
            "module": point.value,
            "distribution": point.dist.name if point.dist else None,
            "version": point.dist.version if point.dist else None,
        }
        for point in sorted(set(entry_points(group=ENTRY_POINT_GROUP)), key=lambda it: it.name)
    ]
    if as_json:
        say_json(rows)
        return
    columns = ("name", "enabled", "channel", "module", "distribution", "version")
    say_table(columns, [[row[column] for column in columns] for row in rows])
