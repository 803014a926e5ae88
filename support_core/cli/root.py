"""``support-core``: the group, its options, and the core's commands in the order of a first day."""

from __future__ import annotations

import click

from .bootstrap import bootstrap
from .demo import demo
from .dev import dev
from .doctor import doctor
from .group import SupportGroup
from .host import Host
from .jobs import jobs
from .keys import keys
from .routes import routes
from .schema import migrate, plugins
from .serving import gateway, serve, worker
from .tokens import tokens
from .users import users
from .workspaces import workspaces


def _take_ini(context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        context.obj = Host(value)
    return value


def _take_verbose(context: click.Context, _option: click.Parameter, value: bool) -> None:
    context.ensure_object(Host).verbose = value


@click.group(cls=SupportGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c",
    "--config",
    metavar="INI",
    envvar="SUPPORT_CORE_INI",
    is_eager=True,
    expose_value=False,
    callback=_take_ini,
    help="The configuration, INI#section where the application is not [app:main]. Without it: "
    "development.ini, support.ini or production.ini in the current folder.",
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_take_verbose,
    help="Log what happens at the configured level, not warnings alone.",
)
@click.version_option(package_name="support-core", message="%(prog)s %(version)s")
def cli() -> None:
    """Run and look after a support desk."""


for _command in (
    migrate,
    bootstrap,
    demo,
    serve,
    gateway,
    worker,
    dev,
    plugins,
    routes,
    doctor,
    workspaces,
    users,
    tokens,
    jobs,
    keys,
):
    cli.add_command(_command)
