"""How commands answer: tables for people, lines and JSON for scripts, bars on terminals only."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..desk import Desk

as_json = click.option("--json", "as_json", is_flag=True, help="Answer with JSON on stdout.")
workspace_option = click.option(
    "--workspace", "workspace_name", required=True, help="Id, slug or name of the workspace."
)


def say_json(value: Any) -> None:
    """Print a value as JSON, times as ISO 8601 with Z."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z
    click.echo(orjson.dumps(value, option=options).decode())


def warn_of_unknown_plan(desk: Desk) -> None:
    """Say on stderr that the workspace's plan is not configured and which one stands in."""
    wanted, effective = desk.workspace.plan, desk.entitlements.describe()["plan"]
    if wanted is not None and wanted != effective:
        click.echo(
            f"Warning: no plan {wanted} is configured, so that {effective} applies; "
            "see support-core plan list.",
            err=True,
        )


def say_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows: a table on a terminal, tab-separated lines with a head elsewhere."""
    shown = [[_text(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in [list(columns), *shown]:
            click.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in shown:
        table.add_row(*row)
    Console(markup=False, highlight=False).print(table)


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if hasattr(value, "isoformat"):
        return str(value.isoformat(timespec="seconds")).replace("+00:00", "Z")
    return " ".join(str(value).split())


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function that moves a bar on stderr to (done, of all); no bar off a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
