"""The command group: the core's commands, and those of the ini's plugins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..settings import ConfigurationError
from .complaints import COMPLAINTS, sentence
from .host import Host

if TYPE_CHECKING:
    from collections.abc import Sequence


def host_of(context: click.Context) -> Host:
    """Return what ``-c`` names."""
    host: Host = context.find_root().ensure_object(Host)
    return host


class SupportGroup(click.Group):
    """Adds the commands of the enabled plugins once it is known which ini says so."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of the core, else one of a plugin."""
        return super().get_command(ctx, cmd_name) or self._of_plugins(ctx).get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names; the core's alone where the ini cannot be used."""
        try:
            theirs = self._of_plugins(ctx)
        except ConfigurationError:  # format_epilog says it
            theirs = {}
        return sorted([*self.commands, *theirs])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say why the plugins' commands are missing, where they are."""
        super().format_epilog(ctx, formatter)
        try:
            self._of_plugins(ctx)
        except ConfigurationError as error:
            formatter.write_paragraph()
            formatter.write_text(f"The plugins' commands are missing here. {error}")

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run; what can be mended by the reader is one sentence on stderr."""
        try:
            return super().main(args, *rest, **extra)
        except COMPLAINTS as error:
            text, code = sentence(error)
            click.echo(f"support-core: {text}", err=True)
            raise SystemExit(code) from error

    def _of_plugins(self, ctx: click.Context) -> dict[str, click.Command]:
        host = host_of(ctx)
        if not host.known:
            return {}
        owners: dict[str, str] = dict.fromkeys(self.commands, "support-core")
        found: dict[str, click.Command] = {}
        for plugin, implementation in host.plugins.implementations("support_cli"):
            theirs = click.Group()
            implementation(group=theirs)
            for name, command in theirs.commands.items():
                if name in owners:
                    raise ConfigurationError(
                        f"The plugin {plugin} adds the command {name}, which {owners[name]} has "
                        "already; take one of them out of support.plugins."
                    )
                owners[name] = plugin
                found[name] = command
        return found
