"""A workspace's background jobs: looked at, tried again, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import insert, select

from ..errors import Conflict, Invalid, NotFound
from ..jobs import (
    SHOWN_STATES,
    Choice,
    count_jobs,
    counts,
    find_job,
    oldest_due,
    remove_jobs,
    retry_dead,
)
from ..jobs.inspection import WAITING
from ..jobs.tallies import MOST
from ..models import AuditEntry, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from ..desk import Desk
    from ..identity import Actor
    from ..jobs import JobRecord
    from ..jobs.replay import Changed

REMOVABLE = (*WAITING, "dead")


class Batch(NamedTuple):
    """How many jobs a call changed, and whether there are more of the kind."""

    jobs: int
    has_more: bool


class Standing(NamedTuple):
    """Jobs by queue and state, counted up to ``most``; since when each queue's oldest is due."""

    counts: dict[str, dict[str, int]]
    oldest: dict[str, datetime]
    most: int


class JobService:
    """The jobs of one workspace; those of none (schedules') are for the command line."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, job_id: int) -> JobRecord:
        """Return a job; raises ``NotFound``, for a finished one too: it is deleted."""
        found = find_job(self._desk.session, job_id, workspace_id=self._desk.workspace_id)
        if found is None:
            raise NotFound
        return found

    def retry(self, job_id: int) -> JobRecord:
        """Queue a dead job anew, as if never tried; raises ``NotFound`` and ``Conflict``."""
        changed = retry_dead(
            self._desk.session, self._choice([job_id]), clock=self._desk.clock
        ).jobs
        found = self.get(job_id)
        if not changed:
            raise Conflict(
                "The job cannot be read any more."
                if found.state == "dead"
                else f"Only a dead job can be retried; this one is {found.state}."
            )
        self._record("job.retried", changed)
        return found

    def remove(self, job_id: int) -> None:
        """Delete a job that waits or is dead; raises ``NotFound``, ``Conflict`` for a running one.

        A job that a worker begins at the same moment is either deleted before it began, or runs.
        """
        found = self.get(job_id)
        action = "job.purged" if found.state == "dead" else "job.cancelled"
        choice = self._choice([job_id], states=REMOVABLE)
        changed = remove_jobs(self._desk.session, choice).jobs
        if not changed:
            self.get(job_id)
            raise Conflict("The job is running; it cannot be taken back.")
        self._record(action, changed)

    def standing(self) -> Standing:
        """Count the queues' jobs by state, and tell since when the oldest has been due."""
        session, here = self._desk.session, self._desk.workspace_id
        return Standing(
            counts(session, workspace_id=here), oldest_due(session, workspace_id=here), MOST
        )

    def retry_many(self, values: Mapping[str, Any]) -> Batch:
        """Queue the next batch of dead jobs anew: these ``ids``, of this ``name``, or all."""
        choice = self._chosen(values)
        changed = retry_dead(self._desk.session, choice, clock=self._desk.clock)
        return self._done("job.retried", changed)

    def purge_many(self, values: Mapping[str, Any]) -> Batch:
        """Delete the next batch of dead jobs."""
        changed = remove_jobs(self._desk.session, self._chosen(values))
        return self._done("job.purged", changed)

    def _chosen(self, values: Mapping[str, Any]) -> Choice:
        """Return what a body means; raises ``Invalid`` for an id that no job here has."""
        session, ids = self._desk.session, values.get("ids")
        if ids is not None:
            here = Choice(ids=ids, workspace_id=self._desk.workspace_id, states=SHOWN_STATES)
            if count_jobs(session, here) < len(ids):
                raise Invalid({"ids": ["The selected ids is invalid."]})
        return self._choice(ids, name=values.get("name"), before=values.get("before"))

    def _choice(self, ids: Sequence[int] | None, **criteria: Any) -> Choice:
        return Choice(ids=ids, workspace_id=self._desk.workspace_id, **criteria)

    def _done(self, action: str, changed: Changed) -> Batch:
        self._record(action, changed.jobs)
        return Batch(len(changed.jobs), has_more=changed.after is not None)

    def _record(self, action: str, changed: Sequence[tuple[int, int | None]]) -> None:
        record_changes(
            self._desk.session, action, changed, actor=self._desk.actor, moment=self._desk.clock()
        )


def record_changes(
    session: Session,
    action: str,
    changed: Sequence[tuple[int, int | None]],
    *,
    actor: Actor,
    moment: datetime,
) -> None:
    """Add an audit entry for each of the (id, workspace) of changed jobs, in their transaction.

    Jobs of no workspace have no trail; nor have those of one that was deleted.
    """
    of_jobs = {workspace_id for _, workspace_id in changed if workspace_id is not None}
    if not of_jobs:
        return
    known = session.execute(select(Workspace.id).where(Workspace.id.in_(of_jobs))).scalars().all()
    entries: list[dict[str, Any]] = [
        {
            "workspace_id": workspace_id,
            "action": action,
            "target_type": "job",
            "target_id": job_id,
            "fields": [],
            "user_id": actor.user_id,
            "actor": actor.shown(),
            "created_at": moment,
        }
        for job_id, workspace_id in changed
        if workspace_id in known
    ]
    if entries:
        session.execute(insert(AuditEntry.__table__), entries, execution_options=_EVERY_WORKSPACE)


_EVERY_WORKSPACE = {"unscoped": "a command changes the jobs of several workspaces"}
