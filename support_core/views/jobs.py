"""``/jobs``: the workspace's background jobs, seen and mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import Conflict
from ..presenters.jobs import JOB, SUMMARY, present_job, present_summary
from ..presenters.shapes import COUNT, FLAG, MESSAGE_ONLY, enveloped, obj, paged
from ..rest import ID, Service, path_id
from ..rest.pages import enveloped as envelope
from ..schemas.jobs import DeadJobs, JobFilters
from ..security import Permission
from ..services.job_queries import list_of_jobs, records

if TYPE_CHECKING:
    from pyramid.request import Request

    from ..services.jobs import Batch

TAG = "Jobs"

jobs = Service("jobs", "/jobs", description="Background jobs.", tag=TAG)
summary = Service("job-summary", "/jobs/summary", description="The queues.", tag=TAG)
retries = Service("job-retries", "/jobs/retry", description="Replaying dead jobs.", tag=TAG)
purges = Service("job-purges", "/jobs/purge", description="Deleting dead jobs.", tag=TAG)
job = Service("job", f"/jobs/{ID}", description="One background job.", tag=TAG)
retry = Service("job-retry", f"/jobs/{ID}/retry", description="Trying again.", tag=TAG)

BATCH = obj(data=obj(jobs=COUNT, has_more=FLAG))


@jobs.get(permission=Permission.MANAGE_WORKSPACE, query=JobFilters(), shape=paged(JOB))
def list_(request: Request) -> dict[str, Any]:
    """List background jobs that wait, run or failed for good; a finished one is gone.

    ``state``, ``queue`` and ``name`` take comma-separated lists. The total stops at 10,000;
    pages by ``cursor`` go on.
    """
    page = list_of_jobs(request.desk, request.filters)
    return envelope(request, page, [present_job(request.desk, it) for it in records(page)])


@summary.get(permission=Permission.MANAGE_WORKSPACE, shape=enveloped(SUMMARY))
def show_summary(request: Request) -> dict[str, Any]:
    """Count the workspace's jobs by queue and state, and tell how long the oldest has waited.

    Counting a state of a queue stops at ``most``.
    """
    standing = request.desk.jobs.standing()
    return {"data": present_summary(standing, now=request.desk.clock())}


@retries.post(permission=Permission.MANAGE_WORKSPACE, body=DeadJobs(), shape=BATCH)
def retry_many(request: Request) -> dict[str, Any]:
    """Queue dead jobs anew, as if never tried: a batch of them, the oldest first.

    Say it again while ``has_more`` is true.
    """
    return _batch(request.desk.jobs.retry_many(request.validated))


@purges.post(permission=Permission.MANAGE_WORKSPACE, body=DeadJobs(), shape=BATCH)
def purge_many(request: Request) -> dict[str, Any]:
    """Delete dead jobs for good: a batch of them, the oldest first.

    Say it again while ``has_more`` is true.
    """
    return _batch(request.desk.jobs.purge_many(request.validated))


@job.get(permission=Permission.MANAGE_WORKSPACE, shape=enveloped(JOB))
def show(request: Request) -> dict[str, Any]:
    """Get a background job."""
    return {"data": present_job(request.desk, request.desk.jobs.get(path_id(request)))}


@job.delete(permission=Permission.MANAGE_WORKSPACE, shape=MESSAGE_ONLY, raises=(Conflict,))
def delete(request: Request) -> dict[str, Any]:
    """Cancel a job that waits, or delete a dead one; a running one is 409."""
    request.desk.jobs.remove(path_id(request))
    return {"message": "Job deleted successfully"}


@retry.post(
    permission=Permission.MANAGE_WORKSPACE,
    shape=enveloped(JOB, message=True),
    raises=(Conflict,),
)
def retry_one(request: Request) -> dict[str, Any]:
    """Queue a dead job anew, as if never tried; any other is 409."""
    queued = request.desk.jobs.retry(path_id(request))
    return {"data": present_job(request.desk, queued), "message": "Job queued successfully"}


def _batch(done: Batch) -> dict[str, Any]:
    return {"data": {"jobs": done.jobs, "has_more": done.has_more}}
