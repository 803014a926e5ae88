"""``support-core jobs``: filters, repairs, schedules, and what it says when something is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, insert, select, update

from support_core.jobs.replay import BATCH
from support_core.models import Job
from support_core.services.maintenance import delete_blobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support_core.testing import TestWorkspace

    from .conftest import Shell

    Put = Callable[..., int]


@pytest.fixture
def put(workspace: TestWorkspace) -> Iterator[Put]:
    """Put a job into a state; what is left of them at the end is removed."""
    made: list[int] = []

    def put(state: str, **changes: Any) -> int:
        with workspace.desk() as desk:
            message_id = desk.enqueue(delete_blobs, f"{workspace.id}/00/{'0' * 64}")
            its = Job.message_id == message_id
            values = {"owner": "unknown:1::1", "lease_until": datetime.now(UTC) + timedelta(days=1)}
            desk.session.execute(update(Job).where(its).values(state=state, **values, **changes))
            made.append(desk.session.execute(select(Job.id).where(its)).scalar_one())
        return made[-1]

    yield put
    with workspace.desk() as desk:
        desk.session.execute(delete(Job).where(Job.id.in_(made)))


def listed(shell: Shell, *arguments: str) -> list[int]:
    return [job["id"] for job in shell.json("jobs", "list", *arguments)["jobs"]]


def state(shell: Shell, job_id: int) -> str:
    shown: str = shell.json("jobs", "show", str(job_id))["state"]
    return shown


def actions(workspace: TestWorkspace) -> list[tuple[str, int]]:
    entries = workspace.owner.get("/audit?sort=id&per_page=100").json["data"]
    return [(it["action"], it["target_id"]) for it in entries if it["target_type"] == "job"]


def test_jobs_are_filtered(shell: Shell, workspace: TestWorkspace, put: Put) -> None:
    here = ("--workspace", workspace.slug)
    dead, handed = put("dead"), put("handed", queue="elsewhere")
    renamed = put("running", name="plugin.jobs.gone")
    assert listed(shell, *here) == [dead, handed, renamed]
    assert listed(shell, *here, "--state", "queued") == [handed]
    assert listed(shell, *here, "--queue", "elsewhere") == [handed]
    assert listed(shell, *here, "--name", "plugin.jobs.gone") == [renamed]
    assert listed(shell, *here, "--after", str(dead), "--limit", "1") == [handed]
    assert shell.json("jobs", "list", *here)["counts"] == {
        "elsewhere": {"queued": 1},
        "maintenance": {"dead": 1, "running": 1},
    }
    said = shell.said("jobs", "list", *here)
    assert "elsewhere: 1 queued" in said
    assert f"key={workspace.id}/00/" in said


def test_a_job_is_shown_with_its_arguments(
    shell: Shell, workspace: TestWorkspace, put: Put
) -> None:
    shown = shell.json("jobs", "show", str(put("dead", attempt=3)))
    assert shown["args"] == {"key": f"{workspace.id}/00/{'0' * 64}"}
    assert (shown["attempt"], shown["max_attempts"]) == (3, 11)
    assert (shown["schedule"], shown["keyed"]) == (None, False)
    gone = shell.json("jobs", "show", str(put("dead", name="plugin.jobs.gone")))
    assert gone["args"] == {"1": f"{workspace.id}/00/{'0' * 64}"}
    assert gone["max_attempts"] is None


def test_a_filter_is_choice_enough(shell: Shell, workspace: TestWorkspace, put: Put) -> None:
    here = ("--workspace", workspace.slug)
    old = put("dead", updated_at=datetime.now(UTC) - timedelta(days=40))
    new = put("dead")
    assert shell.json("jobs", "purge", *here, "--days", "30") == {"purged": 1}
    assert listed(shell, *here) == [new]
    assert shell.json("jobs", "retry", *here, "--queue", "elsewhere") == {"retried": 0}
    assert shell.json("jobs", "retry", *here, "--name", delete_blobs.name) == {"retried": 1}
    assert state(shell, new) == "queued"
    assert actions(workspace) == [("job.purged", old), ("job.retried", new)]


def test_waiting_jobs_are_cancelled_and_running_ones_are_not(
    shell: Shell, workspace: TestWorkspace, put: Put
) -> None:
    here = ("--workspace", workspace.slug)
    queued, delayed, handed = put("queued"), put("delayed"), put("handed")
    running, dead = put("running"), put("dead")
    assert shell.json("jobs", "cancel", *here, "--state", "delayed") == {"cancelled": 1}
    assert listed(shell, *here) == [queued, handed, running, dead]
    assert shell.json("jobs", "cancel", *here, "--all") == {"cancelled": 2}
    assert listed(shell, *here) == [running, dead]
    cancelled = {job_id for action, job_id in actions(workspace) if action == "job.cancelled"}
    assert cancelled == {queued, delayed, handed}


def test_named_jobs_that_do_not_fit_are_explained(shell: Shell, put: Put) -> None:
    dead, running = put("dead"), put("running")
    result = shell("jobs", "retry", str(dead), str(running), "999999999")
    assert result.exit_code == 1
    assert "Queued 1 of the dead jobs anew." in result.stdout
    assert f"Job {running} is running and was left alone." in result.stderr
    assert "There is no job 999999999: done ones are deleted." in result.stderr
    result = shell("jobs", "cancel", str(running))
    assert result.exit_code == 1
    assert f"Job {running} is running" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("retry", "1", "--all"), "not both"),
        (("cancel",), "by a filter, or say --all"),
        (("purge", "--workspace", "nosuch"), "there is no workspace 'nosuch'"),
        (("cancel", "--all", "--state", "dead"), "'dead' is not one of"),
        (("list", "--state", "handed"), "'handed' is not one of"),
        (("retry", "0"), "0 is not in the range"),
    ],
)
def test_a_wrong_use_is_refused_with_a_sentence(
    shell: Shell, arguments: tuple[str, ...], message: str
) -> None:
    refused = shell("jobs", *arguments)
    assert refused.exit_code == 2
    assert message in refused.stderr


def test_jobs_of_no_workspace_are_mended_without_a_trail(
    shell: Shell, workspace: TestWorkspace, put: Put
) -> None:
    nobodys = put("dead", workspace_id=None, lane=0)
    gone = put("dead", workspace_id=2**40)
    assert shell.json("jobs", "retry", str(nobodys), str(gone)) == {"retried": 2}
    assert shell.json("jobs", "show", str(nobodys))["workspace_id"] is None
    assert actions(workspace) == []


@pytest.mark.parametrize(("command", "word"), [("retry", "retried"), ("purge", "purged")])
def test_more_than_a_batch_is_gone_through(
    shell: Shell, workspace: TestWorkspace, put: Put, command: str, word: str
) -> None:
    first = put("dead", message=b"unreadable") if command == "retry" else put("dead")
    copied = put("dead")
    table = Job.__table__
    columns = [it for it in table.c if it.name not in {"id", "message_id"}]
    number = 2 * BATCH + 3
    with workspace.desk() as desk:
        row = desk.session.execute(select(*columns).where(table.c.id == copied)).one()
        ids = [f"copy-{workspace.id}-{n}" for n in range(number)]
        rows = [{**row._mapping, "message_id": message_id} for message_id in ids]
        desk.session.execute(insert(table), rows)
    here = ("--workspace", workspace.slug)
    changed = shell.json("jobs", command, *here, "--all")[word]
    # One that cannot be read stands in nobody's way, and stays what it is.
    assert changed == number + (1 if command == "retry" else 2)
    assert listed(shell, *here, "--state", "dead") == ([first] if command == "retry" else [])
    with workspace.desk() as desk:
        desk.session.execute(delete(Job).where(Job.message_id.in_(ids)))


def test_schedules_are_listed_with_their_times(shell: Shell) -> None:
    shell.desk.application.jobs.scheduler.tick()
    rows = {row["name"]: row for row in shell.json("jobs", "schedules")}
    row = rows["support_core.remove_expired"]
    assert row["when"] == "every 3600 s"
    assert row["job"] == "support_core.services.maintenance.remove_expired"
    assert row["next_at"] > datetime.now(UTC).isoformat()[:19]
    assert "every 300 s" in shell.said("jobs", "schedules")
