"""``support-core sla``: clocks for conversations that are older than the plugin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
import orjson
from sqlalchemy import select

from support_core.plugin_api import Workspace, command_desk, named_workspace, progress

from .jobs import refresh
from .rebuilding import count, rebuild
from .settings import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.group("sla")
def sla() -> None:
    """Service levels."""


@sla.command("rebuild")
@click.option("--workspace", help="Id, slug or name of the workspace; without it, all of them.")
@click.option("--all", "everything", is_flag=True, help="Those too that have been reckoned.")
@click.option("--judge-closed", is_flag=True, help="Judge closed ones by today's policies.")
@click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
@click.pass_context
def rebuild_(
    context: click.Context,
    workspace: str | None,
    everything: bool,
    judge_closed: bool,
    as_json: bool,
) -> None:
    """Reckon the conversations that are older than the plugin, from their history.

    Open ones get due times, closed ones are measured for reports. It can be interrupted and begun
    anew, and works beside a desk that serves.
    """
    chosen = _workspaces(context, workspace)
    totals = []
    for workspace_id, _ in chosen:
        with command_desk(context, workspace_id) as desk:
            totals.append(count(desk, everything=everything))
            batch: int = desk.settings[BATCH]
            application = desk.application
    said, done = [], 0
    with progress("Reckoning") as moved:
        for workspace_id, name in chosen:
            number = 0
            for some in rebuild(
                partial(application.desk, workspace_id),
                refresh,
                batch=batch,
                everything=everything,
                judge_closed=judge_closed,
            ):
                number += some
                moved(done + number, max(sum(totals), done + number))
            done += number
            said.append({"id": workspace_id, "name": name, "reckoned": number})
    if as_json:
        click.echo(orjson.dumps({"reckoned": done, "workspaces": said}).decode())
        return
    for it in said:
        click.echo(f"{it['name']}: {it['reckoned']} conversations reckoned.")


def _workspaces(context: click.Context, name: str | None) -> Sequence[tuple[int, str]]:
    if name is not None:
        found = named_workspace(context, name)
        return [(found.id, found.name)]
    with command_desk(context, None) as desk:
        rows = desk.session.execute(select(Workspace.id, Workspace.name).order_by(Workspace.id))
        return [(row.id, row.name) for row in rows]
