"""``/jobs``: a workspace's background jobs, seen and mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, select, update

from support_core.jobs.replay import BATCH
from support_core.models import Job
from support_core.services.delivery_jobs import deliver
from support_core.services.maintenance import delete_blobs
from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace

#: A job that no code declares.
GONE = "plugin.jobs.gone"


@pytest.fixture(autouse=True)
def _leave_nothing(desk: DeskUnderTest) -> Iterator[None]:
    yield
    with desk.application.database.transaction() as session:
        session.execute(delete(Job.__table__).where(Job.name.in_((delete_blobs.name, GONE))))


def put(workspace: TestWorkspace, state: str = "queued", **changes: Any) -> int:
    """Put a job into the workspace, in a state, and return its id."""
    if state in {"running", "handed"}:
        changes |= {"owner": "unknown:1::1", "lease_until": datetime.now(UTC) + timedelta(days=1)}
    with workspace.desk() as desk:
        message_id = desk.enqueue(delete_blobs, f"{workspace.id}/00/{'0' * 64}")
        its = Job.message_id == message_id
        desk.session.execute(update(Job).where(its).values(state=state, **changes))
        found: int = desk.session.execute(select(Job.id).where(its)).scalar_one()
    return found


def ids(answer: Any) -> list[int]:
    assert answer.status_int == 200, answer.text
    return [job["id"] for job in answer.json["data"]]


def trail(workspace: TestWorkspace) -> list[tuple[str, int]]:
    """Return the audit trail of the workspace's jobs, the oldest first."""
    entries = workspace.owner.get("/audit?sort=id&per_page=100").json["data"]
    return [(it["action"], it["target_id"]) for it in entries if it["target_type"] == "job"]


def test_a_job_is_shown_with_its_arguments_by_name(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()
    workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Secret words."})
    answer = workspace.owner.get("/jobs")
    (job,) = [it for it in answer.json["data"] if it["name"] == deliver.name]
    assert job["queue"] == "deliveries"
    assert job["state"] == "queued"
    assert job["args"].keys() == {"delivery_id"}
    assert (job["attempts"], job["max_attempts"], job["last_error"]) == (0, None, None)
    assert 0 <= job["age_seconds"] < 60
    assert "Secret words" not in answer.text
    assert workspace.owner.get(f"/jobs/{job['id']}").json["data"].keys() == job.keys()
    workspace.under_test.run_jobs()
    assert_error(workspace.owner.get(f"/jobs/{job['id']}"), 404, "not_found")


def test_jobs_are_filtered_by_state_queue_and_name(workspace: TestWorkspace) -> None:
    dead = put(workspace, "dead")
    delayed = put(workspace, "delayed", due_at=datetime.now(UTC) + timedelta(hours=1))
    running = put(workspace, "running")
    handed = put(workspace, "handed", queue="elsewhere")
    get = workspace.owner.get
    assert ids(get("/jobs")) == [handed, running, delayed, dead]
    assert ids(get("/jobs?sort=id")) == [dead, delayed, running, handed]
    assert ids(get("/jobs?state=dead")) == [dead]
    assert ids(get("/jobs?state=delayed,running")) == [running, delayed]
    assert ids(get("/jobs?queue=elsewhere")) == [handed]
    assert ids(get("/jobs?queue=maintenance,elsewhere&state=dead,queued")) == [handed, dead]
    assert ids(get(f"/jobs?name={delete_blobs.name}&state=running")) == [running]
    assert ids(get(f"/jobs?name={deliver.name}")) == []
    assert_invalid(get("/jobs?state=handed"), state=["The selected state is invalid."])


def test_what_was_handed_to_a_broker_is_queued_to_people(workspace: TestWorkspace) -> None:
    handed = put(workspace, "handed")
    assert ids(workspace.owner.get("/jobs?state=queued")) == [handed]
    assert workspace.owner.get(f"/jobs/{handed}").json["data"]["state"] == "queued"
    (queue,) = workspace.owner.get("/jobs/summary").json["data"]["queues"]
    assert queue["queued"] == 1
    assert workspace.owner.delete(f"/jobs/{handed}").status_int == 200
    assert ids(workspace.owner.get("/jobs")) == []


def test_lists_go_by_page_and_by_cursor(workspace: TestWorkspace) -> None:
    made = [put(workspace, "dead") for _ in range(5)]
    page = workspace.owner.get("/jobs?per_page=2&page=2&sort=id")
    assert ids(page) == made[2:4]
    assert page.json["meta"]["total"] == 5
    for sort in ("id", "due_at", "updated_at"):
        cursor, seen = "", []
        while cursor is not None:
            answer = workspace.owner.get(f"/jobs?per_page=2&sort={sort}&cursor={cursor}")
            seen += ids(answer)
            cursor = answer.json["meta"]["next_cursor"]
        assert seen == made


def test_a_dead_job_is_retried_and_done(workspace: TestWorkspace, desk: DeskUnderTest) -> None:
    dead = put(workspace, "dead", attempt=11, last_error="GiveUp: it broke")
    shown = workspace.owner.get(f"/jobs/{dead}").json["data"]
    assert (shown["attempts"], shown["max_attempts"]) == (11, 11)
    assert shown["last_error"] == "GiveUp: it broke"
    answer = workspace.owner.post(f"/jobs/{dead}/retry")
    assert answer.status_int == 200
    assert answer.json["message"] == "Job queued successfully"
    assert (answer.json["data"]["state"], answer.json["data"]["attempts"]) == ("queued", 0)
    assert trail(workspace) == [("job.retried", dead)]
    desk.run_jobs()
    assert workspace.owner.get(f"/jobs/{dead}").status_int == 404


@pytest.mark.parametrize("state", ["queued", "delayed", "running"])
def test_only_a_dead_job_is_retried(workspace: TestWorkspace, state: str) -> None:
    alive = put(workspace, state, due_at=datetime.now(UTC) + timedelta(hours=1))
    answer = workspace.owner.post(f"/jobs/{alive}/retry")
    assert_error(answer, 409, "conflict")
    assert state in answer.json["message"]
    assert trail(workspace) == []


def test_a_dead_job_that_cannot_be_read_stays_dead(workspace: TestWorkspace) -> None:
    dead = put(workspace, "dead", message=b"\xff")
    assert workspace.owner.get(f"/jobs/{dead}").json["data"]["args"] == {}
    assert_error(workspace.owner.post(f"/jobs/{dead}/retry"), 409, "conflict")
    answer = workspace.owner.post("/jobs/retry", {})
    assert answer.json["data"] == {"jobs": 0, "has_more": False}
    assert workspace.owner.get(f"/jobs/{dead}").json["data"]["state"] == "dead"


@pytest.mark.parametrize("state", ["queued", "delayed", "handed"])
def test_a_waiting_job_is_cancelled(workspace: TestWorkspace, state: str) -> None:
    waiting = put(workspace, state)
    answer = workspace.owner.delete(f"/jobs/{waiting}")
    assert (answer.status_int, answer.json) == (200, {"message": "Job deleted successfully"})
    assert workspace.owner.get(f"/jobs/{waiting}").status_int == 404
    assert trail(workspace) == [("job.cancelled", waiting)]


def test_a_dead_job_is_purged_and_a_running_one_left_alone(workspace: TestWorkspace) -> None:
    dead, running = put(workspace, "dead"), put(workspace, "running")
    assert workspace.owner.delete(f"/jobs/{dead}").status_int == 200
    assert_error(workspace.owner.delete(f"/jobs/{running}"), 409, "conflict")
    assert ids(workspace.owner.get("/jobs")) == [running]
    assert trail(workspace) == [("job.purged", dead)]


def test_dead_jobs_are_replayed_by_kind_id_and_time(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    old = put(workspace, "dead", updated_at=datetime(2026, 1, 1, tzinfo=UTC))
    named = put(workspace, "dead", name=GONE)
    alive = put(workspace, "running")
    theirs = put(other, "dead")

    def retry(**body: Any) -> int:
        answer = workspace.owner.post("/jobs/retry", body)
        assert answer.status_int == 200, answer.text
        assert answer.json["data"]["has_more"] is False
        changed: int = answer.json["data"]["jobs"]
        return changed

    assert retry(name="plugin.jobs.other") == 0
    assert retry(before="2026-01-01T00:00:00Z") == 0
    assert retry(before="2026-01-02T00:00:00Z", name=delete_blobs.name) == 1
    assert retry(ids=[old, alive]) == 0
    assert retry() == 1
    assert trail(workspace) == [("job.retried", old), ("job.retried", named)]
    assert other.owner.get(f"/jobs/{theirs}").json["data"]["state"] == "dead"
    assert trail(other) == []


def test_an_id_of_another_workspace_or_of_nobody_is_invalid(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    ours, theirs = put(workspace, "dead"), put(other, "dead")
    for foreign in (theirs, 2**62):
        for what in ("retry", "purge"):
            answer = workspace.owner.post(f"/jobs/{what}", {"ids": [ours, foreign]})
            assert_invalid(answer, ids=["The selected ids is invalid."])
    assert ids(workspace.owner.get("/jobs?state=dead")) == [ours]
    assert ids(other.owner.get("/jobs?state=dead")) == [theirs]


def test_dead_jobs_are_purged(workspace: TestWorkspace, other: TestWorkspace) -> None:
    dead, waiting, theirs = put(workspace, "dead"), put(workspace), put(other, "dead")
    answer = workspace.owner.post("/jobs/purge", {"name": delete_blobs.name})
    assert answer.json["data"] == {"jobs": 1, "has_more": False}
    assert trail(workspace) == [("job.purged", dead)]
    assert ids(workspace.owner.get("/jobs")) == [waiting]
    assert ids(other.owner.get("/jobs")) == [theirs]


@pytest.mark.parametrize("what", ["retry", "purge"])
def test_many_are_changed_in_batches(workspace: TestWorkspace, what: str) -> None:
    put(workspace, "dead")
    with workspace.desk() as desk:
        table = Job.__table__
        columns = [it for it in table.c if it.name not in {"id", "message_id"}]
        row = desk.session.execute(
            select(*columns).where(table.c.workspace_id == workspace.id)
        ).one()
        copies = [
            {**row._mapping, "message_id": f"copy-{workspace.id}-{number}"}
            for number in range(BATCH + 9)
        ]
        desk.session.execute(insert(table), copies)
    answers = []
    while not answers or answers[-1]["has_more"]:
        answers.append(workspace.owner.post(f"/jobs/{what}", {}).json["data"])
    assert [it["jobs"] for it in answers] == [BATCH, 10]
    assert ids(workspace.owner.get("/jobs?state=dead")) == []


def test_queues_are_counted_with_the_age_of_the_oldest(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    waited = datetime.now(UTC) - timedelta(minutes=10)
    put(workspace, due_at=waited)
    put(workspace)
    put(workspace, "running")
    put(workspace, "delayed", queue="elsewhere", due_at=datetime.now(UTC) + timedelta(hours=1))
    put(other, "dead")
    first, second = workspace.owner.get("/jobs/summary").json["data"]["queues"]
    assert (first["queue"], second["queue"]) == ("elsewhere", "maintenance")
    assert (first["delayed"], first["oldest_seconds"]) == (1, None)
    assert (second["queued"], second["running"], second["dead"]) == (2, 1, 0)
    assert 595 < second["oldest_seconds"] < 700


def test_jobs_of_no_workspace_and_of_others_do_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    nobodys = put(workspace, "dead", workspace_id=None, lane=0)
    theirs = put(other, "dead")
    for foreign in (nobodys, theirs):
        path = f"/jobs/{foreign}"
        for answer in (
            workspace.owner.get(path),
            workspace.owner.delete(path),
            workspace.owner.post(f"{path}/retry"),
        ):
            assert_error(answer, 404, "not_found")
    assert ids(workspace.owner.get("/jobs")) == []


def test_who_may_not_manage_the_workspace_sees_no_jobs(workspace: TestWorkspace) -> None:
    agent = workspace.client(user_id=workspace.member("agent"))
    assert_error(agent.get("/jobs"), 403, "forbidden", permission="manage_workspace")
    assert_error(agent.post("/jobs/retry", {}), 403, "forbidden", permission="manage_workspace")
