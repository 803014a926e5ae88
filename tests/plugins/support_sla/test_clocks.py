"""The clock of a conversation, by the API: what moves it, and what is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .conftest import OFFICE, minutes, promise, shown, told

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Clock


def timers(workspace: TestWorkspace) -> list[str]:
    """Return when somebody will look at a conversation of the workspace."""
    jobs = workspace.owner.get("/jobs?name=support_sla.jobs.turn").json["data"]
    return [it["due_at"] for it in jobs]


def test_a_new_conversation_shows_when_it_is_due(workspace: TestWorkspace, clock: Clock) -> None:
    hours = workspace.owner.post("/business-hours", OFFICE).json["data"]["id"]
    promise(workspace, {"normal": minutes(60, 120, 480)}, business_hours_id=hours)
    made = workspace.conversation()
    due = clock.now.replace(hour=clock.now.hour + 1)
    assert made["sla_status"] == "on_track"
    assert made["sla_first_response_due_at"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = workspace.owner.get("/conversations").json["data"][0]
    names = [name for name in made if name.startswith("sla_")]
    assert {name: listed[name] for name in names} == {name: made[name] for name in names}
    assert made["sla_next_response_due_at"] is None
    assert made["sla_resolution_due_at"] is not None


def test_without_a_policy_all_is_null(workspace: TestWorkspace) -> None:
    made = workspace.conversation()
    assert set(shown(workspace, made["id"]).values()) == {None}
    assert timers(workspace) == []


def test_each_turning_point_is_told_once_by_a_timer_that_moves_along(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    risk = clock.now + timedelta(minutes=45)
    assert timers(workspace) == [risk.strftime("%Y-%m-%dT%H:%M:%SZ")]
    clock.skip(minutes=45, microseconds=-1)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == []
    clock.skip(microseconds=1)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == [("at_risk", "first_response")]
    assert shown(workspace, made)["status"] == "at_risk"
    clock.skip(minutes=15)
    workspace.under_test.run_jobs()
    assert told(workspace, made)[1:] == [("breached", "first_response")]
    assert shown(workspace, made)["status"] == "breached"
    assert timers(workspace) == []
    workspace.owner.post(f"/conversations/{made}/reply", {"body": "Sorry"})
    workspace.under_test.run_jobs()
    assert len(told(workspace, made)) == 2
    assert shown(workspace, made)["status"] == "breached"


def test_an_answer_in_time_takes_the_timer_away(workspace: TestWorkspace, clock: Clock) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    clock.skip(minutes=10)
    workspace.owner.post(f"/conversations/{made}/reply", {"body": "Here you are"})
    assert told(workspace, made) == [("met", "first_response")]
    assert shown(workspace, made)["status"] == "met"
    assert timers(workspace) == []


def test_a_note_and_a_cancelled_reply_answer_nobody(workspace: TestWorkspace, clock: Clock) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    path = f"/conversations/{made}"
    workspace.owner.post(f"{path}/reply", {"body": "Who knows?", "type": "note"})
    assert shown(workspace, made)["status"] == "on_track"
    held = workspace.owner.post(f"{path}/reply", {"body": "Wait", "undo_seconds": 60}).json["data"]
    assert shown(workspace, made)["status"] == "on_track"
    assert workspace.owner.delete(f"{path}/threads/{held['id']}").status_int == 200
    clock.skip(minutes=60)
    workspace.under_test.run_jobs()
    assert told(workspace, made)[-1] == ("breached", "first_response")


def test_a_reply_that_is_held_back_answers_when_it_leaves(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    workspace.owner.post(f"/conversations/{made}/reply", {"body": "Later", "undo_seconds": 60})
    clock.skip(seconds=60)
    workspace.under_test.run_jobs()
    assert shown(workspace, made)["status"] == "met"


def test_pending_stops_the_clock_and_the_next_message_starts_it(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation(channel="api")["id"]
    path = f"/conversations/{made}"
    before = shown(workspace, made)["first_response_due_at"]
    clock.skip(minutes=20)
    workspace.owner.patch(f"{path}/status", {"status": "pending"})
    assert shown(workspace, made)["first_response_due_at"] is None
    assert timers(workspace) == []
    clock.skip(hours=30)
    workspace.owner.post(f"{path}/messages", {"body": "Hello?"})
    found = shown(workspace, made)
    assert (found["status"], found["first_response_due_at"] > before) == ("on_track", True)
    clock.skip(minutes=40)
    workspace.under_test.run_jobs()
    assert shown(workspace, made)["status"] == "breached"


def test_a_raised_priority_is_due_sooner_and_may_be_missed_at_once(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(120), "high": minutes(90), "urgent": minutes(30)})
    made = workspace.conversation()["id"]
    clock.skip(minutes=31)
    normal = shown(workspace, made)["first_response_due_at"]
    workspace.owner.patch(f"/conversations/{made}", {"priority": "high"})
    high = shown(workspace, made)["first_response_due_at"]
    assert high < normal
    assert len(timers(workspace)) == 1
    workspace.owner.patch(f"/conversations/{made}", {"priority": "urgent"})
    assert shown(workspace, made)["status"] == "breached"
    assert told(workspace, made) == [("breached", "first_response")]
    workspace.owner.patch(f"/conversations/{made}", {"priority": "normal"})
    assert shown(workspace, made) == {
        "status": "on_track",
        "first_response_due_at": normal,
        "next_response_due_at": None,
        "resolution_due_at": None,
    }


def test_the_first_policy_that_fits_is_taken_else_the_default_one(
    workspace: TestWorkspace,
) -> None:
    second = workspace.mailbox()
    promise(workspace, {"normal": minutes(100)})
    conditions = {"mailbox_ids": [second], "tags": ["vip"]}
    special = {"is_default": False, "conditions": conditions}
    promise(workspace, {"normal": minutes(10)}, **special, position=2)
    promise(workspace, {"normal": minutes(20)}, **special, position=1)
    plain = workspace.conversation(mailbox_id=second)
    vip = workspace.conversation(mailbox_id=second, tags=["vip"])
    assert vip["sla_first_response_due_at"] < plain["sla_first_response_due_at"]
    workspace.owner.patch(f"/conversations/{plain['id']}", {"tags": ["vip", "new"]})
    changed = shown(workspace, plain["id"])["first_response_due_at"]
    assert changed == vip["sla_first_response_due_at"]
    workspace.owner.patch(f"/conversations/{vip['id']}", {"mailbox_id": workspace.mailbox()})
    moved = shown(workspace, vip["id"])["first_response_due_at"]
    assert moved == plain["sla_first_response_due_at"]


def test_a_customers_attributes_may_decide(workspace: TestWorkspace) -> None:
    promise(
        workspace,
        {"normal": minutes(10)},
        is_default=False,
        conditions={"customer_attributes": {"tier": "gold"}},
    )
    made = workspace.conversation()
    assert made["sla_status"] is None
    customer = made["customer"]["id"]
    workspace.owner.put(f"/customers/{customer}", {"attributes": {"tier": "gold"}})
    workspace.under_test.run_jobs()
    assert shown(workspace, made["id"])["status"] == "on_track"


def test_deleting_takes_the_clock_away_and_restoring_brings_it_back(
    workspace: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    before = shown(workspace, made)
    workspace.owner.delete(f"/conversations/{made}")
    assert timers(workspace) == []
    clock.skip(hours=2)
    workspace.under_test.run_jobs()
    assert told(workspace, made) == []
    workspace.owner.post(f"/conversations/{made}/restore")
    assert shown(workspace, made) == {**before, "status": "breached"}


def test_spam_has_no_service_level(workspace: TestWorkspace, clock: Clock) -> None:
    promise(workspace, {"normal": minutes(60)})
    made = workspace.conversation()["id"]
    workspace.owner.patch(f"/conversations/{made}/status", {"status": "spam"})
    clock.skip(hours=2)
    workspace.under_test.run_jobs()
    assert set(shown(workspace, made).values()) == {None}
    assert told(workspace, made) == []
    workspace.owner.patch(f"/conversations/{made}/status", {"status": "active"})
    assert shown(workspace, made)["status"] == "on_track"


def test_what_a_policy_wants_done_is_done_once_and_by_nobody(
    workspace: TestWorkspace, clock: Clock
) -> None:
    rescuer = workspace.member()
    promise(
        workspace,
        {"normal": minutes(60), "urgent": minutes(60)},
        on_at_risk={"add_lineitem": True},
        on_breached={"set_priority": "urgent", "assign_to": rescuer},
    )
    made = workspace.conversation()["id"]
    clock.skip(minutes=45)
    workspace.under_test.run_jobs()
    clock.skip(minutes=15)
    workspace.under_test.run_jobs()
    found = workspace.owner.get(f"/conversations/{made}").json["data"]
    assert (found["priority"], found["assignedUser"]["id"]) == ("urgent", rescuer)
    lines = [it for it in found["threads"] if it["type"] == "lineitem"]
    assert [it["body"] for it in lines] == [
        "The service level for the first response is at risk.",
        "Priority changed from normal to urgent",
        f"Assigned to changed from None to {rescuer}",
    ]
    assert {it["user"] for it in map(dict, lines) if it["user"] is None} == {None}
    clock.skip(hours=1)
    workspace.under_test.run_jobs()
    after = workspace.owner.get(f"/conversations/{made}").json["data"]
    assert after["threads"] == found["threads"]


def test_many_that_fall_together_are_told_each_once(
    workspace: TestWorkspace, other: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60)})
    promise(other, {"normal": minutes(600)})
    made = [workspace.conversation()["id"] for _ in range(60)]
    apart = other.conversation()["id"]
    clock.skip(hours=1)
    workspace.under_test.run_jobs()
    events = [told(workspace, it) for it in made]
    assert all(it == [("breached", "first_response")] for it in events)
    assert told(other, apart) == []
    assert timers(workspace) == []


def test_webhooks_may_choose_the_events(workspace: TestWorkspace) -> None:
    body = {"url": "https://example.com/hook", "event_types": ["sla.breached", "sla.*"]}
    assert workspace.owner.post("/webhooks", body).status_int == 201
