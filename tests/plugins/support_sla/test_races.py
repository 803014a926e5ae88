"""What happens at once, and what is cut short: the history decides, and nothing is told twice."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from support_core.plugin_api import JobContext
from support_core.testing import DeskUnderTest, make_desk, probe
from support_sla import clocks, jobs, recomputing, turning
from tests.concurrency.racing import at_once, copies

from .conftest import minutes, promise, shown, told

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Clock


class Cut(Exception):
    """Stands for a process that dies before its commit."""


def _turn(workspace: TestWorkspace, conversation_id: int) -> None:
    with workspace.desk() as desk:
        jobs.clocks.hold(desk, conversation_id)  # type: ignore[attr-defined]
        jobs.refresh(desk, [conversation_id, *jobs._also_due(desk, conversation_id)])


def test_replies_and_timers_of_one_second_follow_each_other(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = [workspace.conversation()["id"] for _ in range(12)]
    clock.skip(minutes=45)
    calls: list[Any] = [partial(_turn, workspace, it) for it in made]
    calls += [
        partial(client.post, f"/conversations/{it}/reply", {"body": "Just in time"})
        for client, it in zip(copies(workspace.owner, 12), made, strict=True)
    ]
    answers = at_once(*calls)
    assert {it.status_int for it in answers if it is not None} == {201}
    for conversation in made:
        assert shown(workspace, conversation)["status"] == "met"
        states = [state for state, _ in told(workspace, conversation)]
        assert states in (["met"], ["at_risk", "met"])


def test_priorities_that_change_while_all_is_reckoned_anew_are_not_lost(
    workspace: TestWorkspace,
) -> None:
    policy = promise(workspace, {"normal": minutes(60), "high": minutes(30)})
    made = [workspace.conversation()["id"] for _ in range(12)]
    targets = {"normal": minutes(600), "high": minutes(300)}
    workspace.owner.put(f"/sla-policies/{policy}", {"targets": targets})
    calls: list[Any] = [workspace.under_test.run_jobs]
    calls += [
        partial(client.patch, f"/conversations/{it}", {"priority": "high"})
        for client, it in zip(copies(workspace.owner, 6), made[:6], strict=True)
    ]
    at_once(*calls)
    workspace.under_test.run_jobs()
    due = [shown(workspace, it)["first_response_due_at"] for it in made]
    wanted = workspace.conversation(priority="high")["sla_first_response_due_at"]
    assert due[:6] == [wanted] * 6
    assert len(set(due[6:])) == 1
    assert due[6] > wanted
    assert workspace.owner.get("/sla-recomputations").json["data"][0]["state"] == "finished"


def test_what_is_cut_short_leaves_history_clock_and_timer_as_they_were(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    before = shown(workspace, made)

    def close_and_die() -> None:
        with workspace.desk() as desk:
            conversation = desk.conversations.get(made, lock=True)
            desk.conversations.set_status(conversation, "closed")
            raise Cut

    with pytest.raises(Cut):
        close_and_die()
    assert shown(workspace, made) == before
    clock.skip(minutes=60)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == [("breached", "first_response")]


def test_reckoning_anew_goes_on_where_it_was_cut_short(
    workspace: TestWorkspace, desk: DeskUnderTest
) -> None:
    made = [workspace.conversation()["id"] for _ in range(7)]
    targets = {"normal": minutes(60)}
    body = {"name": "Everybody", "is_default": True, "targets": targets}
    workspace.owner.post("/sla-policies", body)

    context: Any = JobContext(desk.application, workspace_id=workspace.id, message_id="none")

    def dies(desk: Any, ids: list[int], **options: Any) -> None:
        jobs.refresh(desk, ids, **options)
        raise Cut

    assert recomputing.step(context, batch=3, refresh=jobs.refresh)
    with pytest.raises(Cut):
        recomputing.step(context, batch=3, refresh=dies)
    found = workspace.owner.get("/sla-recomputations").json["data"][0]
    assert (found["state"], found["done"], found["total"]) == ("running", 3, 7)
    assert sum(shown(workspace, it)["status"] is not None for it in made) == 3
    workspace.under_test.run_jobs()
    found = workspace.owner.get("/sla-recomputations").json["data"][0]
    assert (found["state"], found["done"]) == ("finished", 7)
    assert all(shown(workspace, it)["status"] == "on_track" for it in made)


def test_one_that_cannot_be_told_of_keeps_none_of_the_others_back(
    workspace: TestWorkspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = [workspace.conversation()["id"] for _ in range(8)]
    tell = turning.tell

    def tell_but_one(desk: Any, news: Any) -> None:
        if made[3] in [it.conversation_id for it in news]:
            raise Cut
        tell(desk, news)

    monkeypatch.setattr(clocks, "tell", tell_but_one)
    clock.skip(minutes=60)
    workspace.under_test.run_jobs()
    for conversation in made:
        wanted = [] if conversation == made[3] else [("breached", "first_response")]
        assert told(workspace, conversation) == wanted
    monkeypatch.undo()
    clock.skip(minutes=60)
    workspace.under_test.run_jobs()
    assert told(workspace, made[3]) == [("breached", "first_response")]


def test_a_recomputation_rests_between_batches_and_no_worker_waits(
    workspace: TestWorkspace,
    clock: Clock,
    desk: DeskUnderTest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jobs, "SQLITE_REST", 30.0)
    for _ in range(7):
        workspace.conversation()
    body = {"name": "Everybody", "is_default": True, "targets": {"normal": minutes(60)}}
    workspace.owner.post("/sla-policies", body)
    seen = []
    for _ in range(4):
        workspace.under_test.run_jobs()
        found = workspace.owner.get("/sla-recomputations").json["data"][0]
        seen.append((found["state"], found["done"], found["total"]))
        clock.skip(seconds=30)
    at_once = desk.application.database.dialect != "sqlite"
    assert seen[-1] == ("finished", 7, 7)
    assert seen[0] == (("finished", 7, 7) if at_once else ("running", 3, 7))


def test_without_the_plugin_both_fields_of_the_reference_are_null(
    databases: Any, tmp_path: Any
) -> None:
    plain = make_desk(
        tmp_path, databases.create("sla_off"), plugins=("api",), extra={"probe": probe}
    )
    try:
        made = plain.workspace().conversation()
        assert (made["sla_status"], made["sla_first_response_due_at"]) == (None, None)
        assert "sla_resolution_due_at" not in made
    finally:
        plain.application.close()
