"""``support-core jobs retry``, ``cancel`` and ``purge``: batch by batch, each in a transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from ..identity import Actor
from ..jobs import Choice, count_jobs, find_job, remove_jobs, retry_dead
from ..jobs.inspection import WAITING
from ..services.jobs import record_changes
from .context import application_of, named_workspace
from .output import as_json, progress, say_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..application import Application
    from ..db import WorkspaceSession
    from ..jobs.replay import Changed

    Step = Callable[[WorkspaceSession, Choice, int], Changed]

_DAYS = click.option(
    "--days", type=click.IntRange(min=0), help="Only those that died so many days ago or earlier."
)
_STATE = click.option(
    "--state", type=click.Choice(("queued", "delayed")), help="Only those in this state."
)
_CHOICE: tuple[Callable[[Any], Any], ...] = (
    click.argument("ids", nargs=-1, type=click.IntRange(min=1)),
    click.option("--all", "every", is_flag=True, help="All of them, or all that fit."),
    click.option("--name", help="Jobs of this function only."),
    click.option("--queue", help="Jobs of this queue only."),
    click.option("--workspace", "workspace_name", help="Jobs of this workspace only."),
    as_json,
)


def _choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_CHOICE):
        command = option(command)
    return command


@click.command("retry")
@_choosing
@_DAYS
@click.pass_context
def retry(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Queue dead jobs anew, as if never tried."""
    application = application_of(context)

    def step(session: WorkspaceSession, choice: Choice, after: int) -> Changed:
        return retry_dead(session, choice, after=after, clock=application.clock)

    changed = _through(context, step, _chosen(context, given), action="job.retried")
    _report(len(changed), "retried", "Queued {} of the dead jobs anew.", as_json=as_json)
    _explain(context, [it for it in given["ids"] if it not in changed])


@click.command("cancel")
@_choosing
@_STATE
@click.pass_context
def cancel(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Delete jobs that wait, for a worker or for their time; running ones are left alone."""
    state = given.pop("state")
    choice = _chosen(context, given, states=(state,) if state else WAITING)
    changed = _through(context, _remove, choice, action="job.cancelled")
    _report(len(changed), "cancelled", "Deleted {} of the waiting jobs.", as_json=as_json)
    _explain(context, [it for it in given["ids"] if it not in changed])


@click.command("purge")
@_choosing
@_DAYS
@click.pass_context
def purge(context: click.Context, /, *, as_json: bool, **given: Any) -> None:
    """Delete dead jobs for good."""
    changed = _through(context, _remove, _chosen(context, given), action="job.purged")
    _report(len(changed), "purged", "Deleted {} of the dead jobs.", as_json=as_json)
    _explain(context, [it for it in given["ids"] if it not in changed])


def _remove(session: WorkspaceSession, choice: Choice, after: int) -> Changed:
    return remove_jobs(session, choice, after=after)


def _chosen(
    context: click.Context, given: dict[str, Any], *, states: tuple[str, ...] = ("dead",)
) -> Choice:
    """Return what the options mean; refuse to mean everything by accident."""
    ids, days = given["ids"], given.get("days")
    filters = {name: given[name] for name in ("name", "queue", "workspace_name")}
    narrowed = days is not None or any(filters.values())
    if ids and given["every"]:
        raise click.UsageError("Name the jobs by their ids, or say --all; not both.")
    if not (ids or given["every"] or narrowed):
        raise click.UsageError("Name the jobs by their ids, by a filter, or say --all.")
    name = given["workspace_name"]
    return Choice(
        ids=ids or None,
        name=given["name"],
        queue=given["queue"],
        workspace_id=named_workspace(context, name).id if name else None,
        before=application_of(context).clock() - timedelta(days=days) if days is not None else None,
        states=states,
    )


def _through(context: click.Context, step: Step, choice: Choice, *, action: str) -> list[int]:
    """Go through all chosen jobs, a batch in each transaction; return the ids of the changed."""
    application = application_of(context)
    with application.database.transaction(write=False) as session:
        total = count_jobs(session, choice)
    done: list[int] = []
    after = 0
    with progress("jobs") as move:
        while True:
            batch = _batch(application, step, choice, after, action)
            done += [job_id for job_id, _ in batch.jobs]
            move(len(done), max(total, len(done)))
            if batch.after is None:
                return done
            after = batch.after


def _batch(
    application: Application, step: Step, choice: Choice, after: int, action: str
) -> Changed:
    with application.database.transaction() as session:
        changed = step(session, choice, after)
        record_changes(session, action, changed.jobs, actor=Actor(), moment=application.clock())
    return changed


def _report(number: int, word: str, sentence: str, *, as_json: bool) -> None:
    if as_json:
        say_json({word: number})
    else:
        click.echo(sentence.format(number))


def _explain(context: click.Context, left: list[int]) -> None:
    """Say of the named jobs that were left alone why they were, and fail if there are any."""
    with application_of(context).database.transaction(write=False) as session:
        for job_id in left:
            job = find_job(session, job_id)
            if job is None:
                click.echo(f"There is no job {job_id}: done ones are deleted.", err=True)
            else:
                click.echo(f"Job {job_id} is {job.state} and was left alone.", err=True)
    if left:
        context.exit(1)
