"""``support-core doctor``: what is wrong, and how to mend it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from ..doctor import examine
from ..doctor_files import FAILED, Finding, examine_file
from ..settings import ConfigurationError
from .complaints import COMPLAINTS, sentence
from .group import host_of
from .output import as_json, say_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .host import Host

MARKS = {"ok": ("ok     ", "green"), "warning": ("warning", "yellow"), "failed": ("FAILED ", "red")}


@click.command()
@as_json
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check configuration, database, schema, jobs, keys, folders, clock, disks and plugins.

    Says what is wrong and how to mend it; exits with 1 where something failed.
    """
    findings = []
    for finding in _findings(host_of(context)):
        findings.append(finding)
        if not as_json:
            mark, colour = MARKS[finding.state]
            click.echo(f"{click.style(mark, fg=colour)} {finding.name}: {finding.message}")
    failed = any(finding.state == FAILED for finding in findings)
    if as_json:
        say_json({"ok": not failed, "checks": [finding.shown() for finding in findings]})
    if failed:
        context.exit(1)


def _findings(host: Host) -> Iterator[Finding]:
    try:
        application = host.application
        _ = host.server
    except (ConfigurationError, *COMPLAINTS) as error:
        yield Finding("configuration", FAILED, sentence(error)[0])
        return
    inline = [
        setting.name
        for setting in application.settings.declared
        if setting.secret and _holds_secret(host.settings.get(setting.name, ""))
    ]
    yield examine_file(host.path, secret=bool(inline))
    yield from examine(application)


def _holds_secret(value: str) -> bool:
    """Tell a secret from an empty value and from a URL without a password."""
    if "://" in value:
        return re.search(r"://[^/@:]*:[^/@]+@", value) is not None
    return bool(value.strip())
