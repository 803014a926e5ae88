"""Losing the plan feature and getting it back; clocks for what is older than the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, text

from support_core.plugin_api import JobContext, Workspace
from support_sla import jobs
from support_sla.models import Clock as ClockRow
from support_sla.rebuilding import count, rebuild
from tests.cli.conftest import Shell
from tests.serving.processes import write_ini

from .conftest import minutes, promise, shown, told

if TYPE_CHECKING:
    from pathlib import Path

    from support_core.testing import DeskUnderTest, TestWorkspace

    from .conftest import Clock


_FORGET = text("DELETE FROM plan_overrides WHERE workspace_id = :here AND name = 'sla'")
_OVERRIDE = text(
    "INSERT INTO plan_overrides (workspace_id, kind, name, amount, created_at, updated_at) "
    "VALUES (:here, 'feature', 'sla', :granted, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
)


def _grant(workspace: TestWorkspace, *, granted: bool) -> None:
    """Do what ``support-core plan grant`` does, whose plugin no test of another one imports."""
    values = {"here": workspace.id, "granted": int(granted)}
    with workspace.desk() as desk:
        for statement in (_FORGET, _OVERRIDE):
            desk.session.execute(statement, values, execution_options={"unscoped": "a plan"})


def _watch(workspace: TestWorkspace) -> None:
    """Have the change noted, as the schedule does, and all be reckoned anew."""
    jobs.watch_feature(
        JobContext(workspace.under_test.application, workspace_id=None, message_id="none")
    )
    workspace.under_test.run_jobs()


def _timers(workspace: TestWorkspace) -> int:
    with workspace.under_test.application.database.transaction(write=False) as session:
        return session.execute(
            text("SELECT count(*) FROM jobs WHERE workspace_id = :here AND queue = 'sla'"),
            {"here": workspace.id},
            execution_options={"unscoped": "timers"},
        ).scalar_one()


def _reasons(workspace: TestWorkspace) -> list[str]:
    with workspace.desk(write=False) as desk:
        found = desk.session.execute(
            text("SELECT reason FROM sla_recomputations WHERE workspace_id = :here ORDER BY id"),
            {"here": workspace.id},
            execution_options={"unscoped": "reasons"},
        )
        return list(found.scalars())


def test_without_the_feature_no_timer_tells_anything_from_that_moment_on(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)}, on_breached={"add_lineitem": True})
    made = workspace.conversation()["id"]
    clock.skip(minutes=45)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == [("at_risk", "first_response")]
    _grant(workspace, granted=False)
    clock.skip(minutes=15)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == [("at_risk", "first_response")]
    assert set(shown(workspace, made).values()) == {None}
    assert _timers(workspace) == 0


def test_open_conversations_lose_their_due_times_and_closed_ones_keep_what_they_came_to(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60, None, 600)})
    waiting, done, late = (workspace.conversation()["id"] for _ in range(3))
    clock.skip(minutes=10)
    workspace.owner.post(f"/conversations/{done}/reply", {"body": "Here you are"})
    workspace.owner.patch(f"/conversations/{done}/status", {"status": "closed"})
    before = shown(workspace, done)
    assert before["status"] == "met"
    clock.skip(minutes=1)
    _grant(workspace, granted=False)
    _watch(workspace)
    assert _reasons(workspace)[-1] == "feature_lost"
    assert set(shown(workspace, waiting).values()) == {None}
    workspace.owner.patch(f"/conversations/{done}", {"priority": "high"})
    assert shown(workspace, done) == before
    workspace.owner.post(f"/conversations/{late}/reply", {"body": "Late"})
    workspace.owner.patch(f"/conversations/{late}/status", {"status": "closed"})
    assert set(shown(workspace, late).values()) == {None}
    with workspace.desk(write=False) as desk:
        row = desk.session.get_one(ClockRow, (workspace.id, late))
        assert row.resolution_seconds == 11 * 60
    _watch(workspace)
    assert _reasons(workspace).count("feature_lost") == 1
    assert _timers(workspace) == 0


@pytest.mark.parametrize("noted", [True, False])
def test_back_with_the_feature_all_is_reckoned_and_nothing_of_the_meantime_is_told(
    workspace: TestWorkspace, clock: Clock, noted: bool
) -> None:
    promise(workspace, {"normal": minutes(60)})
    missed, warned, touched = (workspace.conversation()["id"] for _ in range(3))
    _grant(workspace, granted=False)
    _watch(workspace)
    clock.skip(minutes=30)
    later = workspace.conversation()["id"]
    clock.skip(minutes=31)
    _grant(workspace, granted=True)
    if noted:
        jobs.watch_feature(
            JobContext(workspace.under_test.application, workspace_id=None, message_id="none")
        )
        clock.skip(seconds=1)
    # Touched before it is its turn: what is long past is not told then either.
    workspace.owner.patch(f"/conversations/{touched}", {"tags": ["seen"]})
    _watch(workspace)
    assert [shown(workspace, it)["status"] for it in (missed, warned, touched)] == ["breached"] * 3
    assert [told(workspace, it) for it in (missed, warned, touched)] == [[], [], []]
    assert shown(workspace, later)["status"] == "on_track"
    clock.skip(minutes=14)
    workspace.under_test.run_jobs()
    assert told(workspace, later) == [("at_risk", "first_response")]
    assert _reasons(workspace)[-2:] == ["feature_lost", "feature_returned"]


def _forget_clocks(workspace: TestWorkspace) -> None:
    """Make it as if the conversations were older than the plugin."""
    with workspace.desk() as desk:
        mine = ClockRow.__table__.c.workspace_id == workspace.id
        desk.session.core(delete(ClockRow.__table__).where(mine))
        desk.session.execute(
            text("DELETE FROM jobs WHERE workspace_id = :here"),
            {"here": workspace.id},
            execution_options={"unscoped": "timers"},
        )


def _old(workspace: TestWorkspace, clock: Clock) -> tuple[int, int]:
    promise(workspace, {"normal": minutes(60, None, 600)})
    closed, waiting = workspace.conversation()["id"], workspace.conversation()["id"]
    clock.skip(minutes=90)
    workspace.owner.post(f"/conversations/{closed}/reply", {"body": "Here you are"})
    clock.skip(minutes=10)
    workspace.owner.patch(f"/conversations/{closed}/status", {"status": "closed"})
    _forget_clocks(workspace)
    return closed, waiting


def test_conversations_older_than_the_plugin_are_reckoned_from_their_history(
    workspace: TestWorkspace, clock: Clock
) -> None:
    closed, waiting = _old(workspace, clock)
    events = told(workspace, closed) + told(workspace, waiting)
    done = list(rebuild(workspace.desk, jobs.refresh, batch=1))
    assert done == [1, 1]
    assert told(workspace, closed) + told(workspace, waiting) == events
    assert shown(workspace, closed)["status"] is None
    assert shown(workspace, waiting)["status"] == "breached"
    with workspace.desk(write=False) as desk:
        row = desk.session.get_one(ClockRow, (workspace.id, closed))
        assert (row.first_response_seconds, row.resolution_seconds) == (90 * 60, 100 * 60)
        assert (row.policy_id, row.first_response_met) == (None, None)
        assert count(desk, everything=False) == 0
        assert count(desk, everything=True) == 2
    list(rebuild(workspace.desk, jobs.refresh, batch=10, everything=True, judge_closed=True))
    assert shown(workspace, closed)["status"] == "breached"
    # What lies ahead of one that is open is told of, once it comes.
    clock.skip(minutes=600)
    workspace.under_test.run_jobs()
    assert ("breached", "resolution") in told(workspace, waiting)


def test_a_rebuild_that_was_cut_short_goes_on_with_the_others(
    workspace: TestWorkspace, clock: Clock
) -> None:
    _old(workspace, clock)
    assert next(rebuild(workspace.desk, jobs.refresh, batch=1)) == 1
    with workspace.desk(write=False) as desk:
        assert count(desk, everything=False) == 1
    assert list(rebuild(workspace.desk, jobs.refresh, batch=10)) == [1]
    assert list(rebuild(workspace.desk, jobs.refresh, batch=10)) == []
    figures = workspace.owner.get("/reports/conversations?from=2026-01-01&to=2026-01-31")
    assert figures.json["data"]["totals"]["first_response"]["median_seconds"] == 90 * 60


def test_the_command_says_how_many_it_has_reckoned(
    workspace: TestWorkspace, desk: DeskUnderTest, clock: Clock, database_url: str, tmp_path: Path
) -> None:
    _old(workspace, clock)

    ini = write_ini(tmp_path, str(database_url), {"support.plugins": "api plans webhooks sla"})
    shell = Shell(desk, ini)
    with desk.application.database.transaction(write=False) as session:
        name = session.get_one(Workspace, workspace.id).slug
    said = shell.json("sla", "rebuild", "--workspace", name)
    assert said["reckoned"] == 2
    assert [it["reckoned"] for it in said["workspaces"]] == [2]
    said = shell.said("sla", "rebuild", "--workspace", name)
    assert said.endswith(": 0 conversations reckoned.\n")
    assert workspace.id in [it["id"] for it in shell.json("sla", "rebuild")["workspaces"]]
