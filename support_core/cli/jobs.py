"""``support-core jobs``: what waits, runs and died, and what to do about the dead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from ..jobs import JobRecord, counts, list_jobs, purge, retry_dead
from ..models import JOB_STATES
from .context import application_of, named_workspace
from .output import as_json, say_json, say_table

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = ("id", "name", "queue", "workspace_id", "state", "attempt", "due_at", "last_error")

_CHOICE: tuple[Callable[[Any], Any], ...] = (
    click.argument("ids", nargs=-1, type=click.IntRange(min=1)),
    click.option("--all", "every", is_flag=True, help="All dead jobs, or all that fit."),
    click.option("--name", help="Jobs of this function only."),
    click.option("--workspace", "workspace_name", help="Jobs of this workspace only."),
)


def _of_the_dead(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_CHOICE):
        command = option(command)
    return command


@click.group("jobs")
def jobs() -> None:
    """List background jobs; retry or purge those that failed for good."""


@jobs.command("list")
@click.option("--state", type=click.Choice(JOB_STATES))
@click.option("--workspace", "workspace_name", help="Jobs of this workspace only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
@click.pass_context
def show_list(
    context: click.Context,
    *,
    state: str | None,
    workspace_name: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List jobs in the order they were enqueued in, and count them by queue and state."""
    workspace_id = _workspace_id(context, workspace_name)
    with application_of(context).database.transaction(write=False) as session:
        tally = counts(session)
        found = list_jobs(session, state=state, workspace_id=workspace_id, limit=limit)
    if as_json:
        say_json({"counts": tally, "jobs": [_shown(job) for job in found]})
        return
    for queue, states in sorted(tally.items()):
        numbers = ", ".join(f"{number} {name}" for name, number in sorted(states.items()))
        click.echo(f"{queue}: {numbers}")
    say_table(COLUMNS, [[getattr(job, column) for column in COLUMNS] for job in found])


@jobs.command("show")
@click.argument("job_id", type=click.IntRange(min=1))
@as_json
@click.pass_context
def show(context: click.Context, job_id: int, as_json: bool) -> None:
    """Show one job with its last error."""
    with application_of(context).database.transaction(write=False) as session:
        found = list_jobs(session, limit=1, after=job_id - 1)
    if not found or found[0].id != job_id:
        raise click.BadParameter(f"there is no job {job_id}: done ones are deleted")
    if as_json:
        say_json(_shown(found[0]))
    else:
        say_table(("field", "value"), list(found[0]._asdict().items()))


@jobs.command("retry")
@_of_the_dead
@click.pass_context
def retry(
    context: click.Context,
    *,
    ids: tuple[int, ...],
    every: bool,
    name: str | None,
    workspace_name: str | None,
) -> None:
    """Queue dead jobs anew, as if never tried."""
    _require_choice(ids, every=every)
    application = application_of(context)
    workspace_id = _workspace_id(context, workspace_name)
    with application.database.transaction() as session:
        number = retry_dead(
            session, ids or None, name=name, workspace_id=workspace_id, clock=application.clock
        )
    click.echo(f"Queued {number} of the dead jobs anew.")


@jobs.command("purge")
@_of_the_dead
@click.option("--days", type=click.IntRange(min=0), help="Only those dead for so many days.")
@click.pass_context
def purge_dead(  # noqa: PLR0913 - options
    context: click.Context,
    *,
    ids: tuple[int, ...],
    every: bool,
    name: str | None,
    workspace_name: str | None,
    days: int | None,
) -> None:
    """Delete dead jobs for good."""
    _require_choice(ids, every=every)
    application = application_of(context)
    workspace_id = _workspace_id(context, workspace_name)
    before = application.clock() - timedelta(days=days) if days is not None else None
    with application.database.transaction() as session:
        number = purge(session, ids or None, name=name, workspace_id=workspace_id, before=before)
    click.echo(f"Deleted {number} of the dead jobs.")


def _require_choice(ids: tuple[int, ...], *, every: bool) -> None:
    if bool(ids) == every:
        raise click.UsageError("Name the jobs by their ids, or say --all.")


def _workspace_id(context: click.Context, name: str | None) -> int | None:
    return named_workspace(context, name).id if name is not None else None


def _shown(job: JobRecord) -> dict[str, Any]:
    return job._asdict()
