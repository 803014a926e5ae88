"""``support-core jobs``: what waits, runs and died, and when schedules fire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ..jobs import SHOWN_STATES, counts, find_job, list_jobs
from .context import application_of, named_workspace
from .job_repairs import cancel, purge, retry
from .output import as_json, say_json, say_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..application import Application
    from ..jobs import JobRecord

#: Counting stops here; who asks by hand waits a moment for it.
MOST = 1_000_000

COLUMNS = ("id", "name", "args", "queue", "workspace_id", "state", "attempt", "due_at")


@click.group("jobs")
def jobs() -> None:
    """List background jobs and schedules; retry, cancel or purge jobs."""


jobs.add_command(retry)
jobs.add_command(cancel)
jobs.add_command(purge)


@jobs.command("list")
@click.option("--state", type=click.Choice(SHOWN_STATES))
@click.option("--queue", help="Jobs of this queue only.")
@click.option("--name", help="Jobs of this function only.")
@click.option("--workspace", "workspace_name", help="Jobs of this workspace only.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only ids above this one.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@as_json
@click.pass_context
def show_list(
    context: click.Context, /, *, as_json: bool, workspace_name: str | None, **filters: Any
) -> None:
    """List jobs in the order they were enqueued in, and count them by queue and state."""
    application = application_of(context)
    workspace_id = named_workspace(context, workspace_name).id if workspace_name else None
    with application.database.transaction(write=False) as session:
        tally = counts(session, workspace_id=workspace_id, most=MOST)
        found = list_jobs(session, workspace_id=workspace_id, **filters)
    if as_json:
        shown = [_shown(application, job) for job in found]
        say_json({"counts": tally, "jobs": shown})
        return
    for queue, states in sorted(tally.items()):
        click.echo(f"{queue}: {_numbers(states)}")
    say_table((*COLUMNS, "last_error"), [_line(application, job) for job in found])
    if len(found) == filters["limit"]:
        click.echo(f"There may be more: --after {found[-1].id}", err=True)


@jobs.command("show")
@click.argument("job_id", type=click.IntRange(min=1))
@as_json
@click.pass_context
def show(context: click.Context, job_id: int, as_json: bool) -> None:
    """Show one job with its arguments and its last error."""
    application = application_of(context)
    with application.database.transaction(write=False) as session:
        found = find_job(session, job_id)
    if found is None:
        raise click.BadParameter(f"there is no job {job_id}: done ones are deleted")
    shown = _shown(application, found)
    if as_json:
        say_json(shown)
    else:
        say_table(("field", "value"), [*{**shown, "args": _written(shown["args"])}.items()])


@jobs.command("schedules")
@as_json
@click.pass_context
def show_schedules(context: click.Context, as_json: bool) -> None:
    """List the periodic jobs: when each fires, fired last and fires next."""
    application = application_of(context)
    with application.database.transaction(write=False) as session:
        rows = application.jobs.scheduler.listed(session)
    if as_json:
        say_json([row._asdict() for row in rows])
    else:
        say_table(("name", "job", "when", "last_at", "next_at"), rows)


def _numbers(states: Mapping[str, int]) -> str:
    """Return the numbers of one queue; counting stops somewhere."""
    return ", ".join(
        f"{number}{' or more' if number >= MOST else ''} {name}"
        for name, number in sorted(states.items())
    )


def _shown(application: Application, job: JobRecord) -> dict[str, Any]:
    engine = application.jobs
    declared = engine.declared.get(job.name)
    return {
        "id": job.id,
        "message_id": job.message_id,
        "name": job.name,
        "args": job.arguments(engine.declared),
        "queue": job.queue,
        "workspace_id": job.workspace_id,
        "schedule": engine.scheduler.schedule_of(job.message_id),
        "keyed": job.keyed,
        "state": job.state,
        "priority": job.priority,
        "attempt": job.attempt,
        "max_attempts": declared.max_attempts if declared else None,
        "last_error": job.last_error,
        "due_at": job.due_at,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "age_seconds": job.age(application.clock()),
    }


def _line(application: Application, job: JobRecord) -> list[Any]:
    shown = _shown(application, job)
    return [*({**shown, "args": _written(shown["args"])}[it] for it in COLUMNS), job.last_error]


def _written(arguments: Mapping[str, Any]) -> str | None:
    return " ".join(f"{name}={value}" for name, value in arguments.items()) or None
