"""``support-core keys``: the keys that stored secrets are encrypted with."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import click

from .. import rotation
from ..crypto import Keyring
from ..settings import ConfigurationError
from .context import application_of
from .group import host_of
from .output import as_json, progress, say_json

if TYPE_CHECKING:
    from pathlib import Path

    from .host import Host


@click.group("keys")
def keys() -> None:
    """Create, show and rotate the keys of stored secrets."""


@keys.command("create")
@click.pass_context
def create(context: click.Context) -> None:
    """Create the keys file with one new key; an existing file is left alone."""
    host = host_of(context)
    path = _file(host)
    made = host.create_keys()
    click.echo(f"{path} {'has a new key' if made else 'is there already'}.")
    if made:
        click.echo("Keep a copy apart from the database's: without it no secret can be read.")


@keys.command("status")
@as_json
@click.pass_context
def status(context: click.Context, as_json: bool) -> None:
    """Show the keys by their fingerprints, and how many secrets are not on the newest."""
    host, application = host_of(context), application_of(context)
    path = None if host.settings.get("support.keys", "").strip() else host.keys_file
    shown = {
        "file": str(path) if path else None,
        "mode": f"{stat.S_IMODE(path.stat().st_mode):04o}" if path else None,
        "fingerprints": list(application.keyring.fingerprints),
        "secrets": rotation.count_secrets(application),
        "outdated": rotation.outdated(application),
    }
    if as_json:
        say_json(shown)
        return
    where = f"{shown['file']} (mode {shown['mode']})" if path else "support.keys of the ini"
    click.echo(f"Keys: {where}")
    for number, fingerprint in enumerate(application.keyring.fingerprints):
        click.echo(f"  {fingerprint}{' (newest: writes)' if number == 0 else ' (reads only)'}")
    click.echo(f"Stored secrets: {shown['secrets']}, {shown['outdated']} on an older key.")


@keys.command("rotate")
@click.pass_context
def rotate(context: click.Context) -> None:
    """Add a new key and encrypt every stored secret with it, while the desk runs."""
    host = host_of(context)
    path = _file(host)
    application = application_of(context)
    fingerprint = Keyring.add_key_to_file(path)
    click.echo(f"New key {fingerprint} in {path}.")
    with progress("Encrypting") as moved:
        changed = rotation.rotate(application, moved=moved)
    click.echo(f"{changed} secrets are encrypted with it now.")
    left_out = rotation.plugins_left_out(application)
    if left_out:
        click.echo(
            f"Not seen: secrets of plugins that have tables but are not enabled "
            f"({', '.join(left_out)}). Enable them and rotate again before you prune."
        )
    click.echo(
        "Older keys still read. When every process has picked the new file up, drop them with: "
        "support-core keys prune"
    )


@keys.command("prune")
@click.option("--force", is_flag=True, help="Although secrets of disabled plugins may be lost.")
@click.pass_context
def prune(context: click.Context, force: bool) -> None:
    """Drop all keys but the newest; refused while a stored secret needs an older one."""
    host, application = host_of(context), application_of(context)
    path = _file(host)
    waiting = rotation.outdated(application)
    if waiting:
        raise click.ClickException(
            f"{waiting} secrets are on an older key; run support-core keys rotate first."
        )
    left_out = rotation.plugins_left_out(application)
    if left_out and not force:
        raise click.ClickException(
            f"Plugins with tables are not enabled ({', '.join(left_out)}): their secrets cannot "
            "be checked. Enable them and rotate again, or give the secrets up with --force."
        )
    dropped = Keyring.prune_file(path)
    click.echo(f"Dropped {dropped} older key{'' if dropped == 1 else 's'} from {path}.")


def _file(host: Host) -> Path:
    """Return the keys file; raises :class:`ConfigurationError` where keys stand in the ini."""
    if host.settings.get("support.keys", "").strip():
        raise ConfigurationError(
            "The keys stand in support.keys of the ini: change them there, the newest first, or "
            "move them to a file named by support.keys_file."
        )
    if host.keys_file is None:
        raise ConfigurationError("support.keys_file is not set; see development.ini.")
    return host.keys_file
