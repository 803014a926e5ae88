"""Business hours and policies by the API: what they take, show and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, assert_invalid

from .conftest import OFFICE, minutes, promise, shown, told

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Clock

POLICY = {"name": "Everybody", "targets": {"normal": minutes(60)}}


def test_business_hours_are_made_shown_changed_and_removed(workspace: TestWorkspace) -> None:
    owner = workspace.owner
    holiday = {"date": "2026-12-24", "name": "Christmas Eve", "yearly": True}
    body = {**OFFICE, "holidays": [holiday], "holiday_country": "DE", "holiday_subdivision": "BE"}
    made = owner.post("/business-hours", body)
    assert made.status_int == 201
    shown = made.json["data"]
    assert {name: shown[name] for name in body} == body
    assert shown["always_open"] is False
    path = f"/business-hours/{shown['id']}"
    assert owner.get(path).json["data"] == shown
    assert owner.get("/business-hours?sort=-name").json["data"] == [shown]
    changed = owner.put(path, {"name": "Bureau"}).json["data"]
    assert {**shown, "name": "Bureau", "updated_at": changed["updated_at"]} == changed
    etag = owner.get(path).headers["ETag"]
    assert owner.get(path, headers={"If-None-Match": etag}).status_int == 304
    owner.put(path, {"name": "Office"})
    stale = owner.put(path, {"name": "Mine"}, headers={"If-Match": etag})
    assert_error(stale, 412, "precondition_failed")
    assert owner.delete(path).status_int == 200
    assert owner.get(path).status_int == 404


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"timezone": "Mars/Olympus"}, {"timezone": "The selected timezone is invalid."}),
        ({"blocks": []}, {"blocks": "The blocks field is required unless always open is true."}),
        (
            {"blocks": [{"weekday": "monday", "start": "9:00", "end": "17:00"}]},
            {"blocks.0.start": "The blocks.0.start format is invalid."},
        ),
        (
            {"blocks": [{"weekday": "monday", "start": "17:00", "end": "09:00"}]},
            {"blocks.0.end": "The blocks.0.end must be a time after start."},
        ),
        (
            {
                "blocks": [
                    {"weekday": "monday", "start": "09:00", "end": "12:00"},
                    {"weekday": "monday", "start": "11:59", "end": "24:00"},
                ]
            },
            {"blocks.1.start": "The blocks.1.start must not lie in another block of the day."},
        ),
        (
            {"holidays": [{"date": "2026-02-29"}]},
            {"holidays.0.date": "The holidays.0.date is not a valid date."},
        ),
        (
            {"holiday_country": "XX"},
            {"holiday_country": "The selected holiday country is invalid."},
        ),
        (
            {"holiday_country": "DE", "holiday_subdivision": "ZZ"},
            {"holiday_subdivision": "The selected holiday subdivision is invalid."},
        ),
    ],
)
def test_business_hours_that_cannot_be_are_refused(
    workspace: TestWorkspace, change: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_invalid(workspace.owner.post("/business-hours", {**OFFICE, **change}), **errors)


def test_blocks_that_touch_are_one_after_the_other(workspace: TestWorkspace) -> None:
    blocks = [
        {"weekday": "monday", "start": "12:00", "end": "24:00"},
        {"weekday": "monday", "start": "00:00", "end": "12:00"},
    ]
    answer = workspace.owner.post("/business-hours", {**OFFICE, "blocks": blocks})
    assert answer.status_int == 201


def test_hours_that_a_policy_goes_by_stay(workspace: TestWorkspace) -> None:
    owner = workspace.owner
    hours = owner.post("/business-hours", OFFICE).json["data"]["id"]
    policy = promise(workspace, {"normal": minutes(60)}, business_hours_id=hours)
    assert_error(owner.delete(f"/business-hours/{hours}"), 409, "conflict")
    owner.delete(f"/sla-policies/{policy}")
    assert owner.delete(f"/business-hours/{hours}").status_int == 200


def test_a_policy_is_shown_with_all_that_it_does_not_say(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/sla-policies", POLICY).json["data"]
    assert made["targets"]["low"] == minutes(None)
    assert made["targets"]["normal"] == minutes(60)
    assert made["conditions"] == {
        "mailbox_ids": [],
        "channels": [],
        "priorities": [],
        "tags": [],
        "customer_attributes": {},
    }
    assert made["on_breached"] == {"add_lineitem": False, "set_priority": None, "assign_to": None}
    assert workspace.owner.get(f"/sla-policies/{made['id']}").json["data"] == made
    assert workspace.owner.get("/sla-policies?is_active=true").json["data"] == [made]


def test_what_another_workspace_has_is_refused_by_name(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    hours = other.owner.post("/business-hours", OFFICE).json["data"]["id"]
    body = {
        **POLICY,
        "business_hours_id": hours,
        "conditions": {"mailbox_ids": [workspace.mailbox(), other.mailbox()]},
        "on_breached": {"assign_to": other.owner_id},
    }
    answer = workspace.owner.post("/sla-policies", body)
    assert answer.status_int == 422
    assert set(answer.json["errors"]) == {
        "business_hours_id",
        "conditions.mailbox_ids.1",
        "on_breached.assign_to",
    }


def test_a_policy_without_a_target_is_refused(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/sla-policies", {"name": "Nothing", "targets": {}})
    assert answer.status_int == 422
    assert set(answer.json["errors"]) == {"targets"}
    low = workspace.owner.post(
        "/sla-policies", {"name": "Zero", "targets": {"low": {"resolution": 0}}}
    )
    assert set(low.json["errors"]) == {"targets.low.resolution"}


def test_a_default_policy_takes_the_place_of_the_one_before(workspace: TestWorkspace) -> None:
    first = promise(workspace, {"normal": minutes(60)})
    second = promise(workspace, {"normal": minutes(120)})
    found = workspace.owner.get("/sla-policies?sort=id").json["data"]
    assert [(it["id"], it["is_default"]) for it in found] == [(first, False), (second, True)]


def test_who_may_not_and_whose_plan_has_it_not_is_refused(
    workspace: TestWorkspace, desk: Any
) -> None:
    agent = workspace.client(user_id=workspace.member())
    assert_error(agent.get("/sla-policies"), 403, "forbidden")
    assert_error(agent.get("/reports/conversations"), 403, "forbidden")
    starter = desk.workspace(plan="starter")
    for path in ("/sla-policies", "/business-hours", "/sla-recomputations", "/reports/sla"):
        assert_error(starter.owner.get(path), 403, "feature_not_available")


def test_a_change_of_rules_reckons_all_that_is_open_and_shows_how_far_it_is(
    workspace: TestWorkspace, clock: Clock
) -> None:
    before = [workspace.conversation()["id"] for _ in range(7)]
    workspace.owner.patch(f"/conversations/{before[1]}/status", {"status": "pending"})
    workspace.owner.patch(f"/conversations/{before[2]}/status", {"status": "closed"})
    clock.skip(hours=3)
    policy = workspace.owner.post("/sla-policies", {**POLICY, "is_default": True}).json["data"]
    waiting = workspace.owner.get("/sla-recomputations").json["data"][0]
    assert (waiting["state"], waiting["total"], waiting["done"]) == ("queued", None, 0)
    assert set(shown(workspace, before[0]).values()) == {None}
    workspace.under_test.run_jobs()
    done = workspace.owner.get(f"/sla-recomputations/{waiting['id']}").json["data"]
    assert (done["state"], done["total"], done["done"]) == ("finished", 6, 6)
    assert done["finished_at"] is not None
    states = [shown(workspace, it)["status"] for it in before]
    assert states == ["breached", "on_track", None, *["breached"] * 4]
    assert [told(workspace, it) for it in before] == [[]] * 7, "a rule tells nothing of the past"
    workspace.owner.put(f"/sla-policies/{policy['id']}", {"targets": {"normal": minutes(600)}})
    workspace.owner.put(f"/sla-policies/{policy['id']}", {"targets": {"normal": minutes(300)}})
    found = workspace.owner.get("/sla-recomputations").json["data"]
    assert [it["state"] for it in found] == ["queued", "superseded", "finished"]
    workspace.under_test.run_jobs()
    assert shown(workspace, before[0])["status"] == "on_track"
    workspace.owner.put(f"/sla-policies/{policy['id']}", {"name": "Renamed"})
    assert len(workspace.owner.get("/sla-recomputations").json["data"]) == 3
    workspace.owner.delete(f"/sla-policies/{policy['id']}")
    workspace.under_test.run_jobs()
    assert set(shown(workspace, before[0]).values()) == {None}


def test_other_business_hours_move_what_is_due(workspace: TestWorkspace, clock: Clock) -> None:
    clock.skip(hours=10)  # 19:00 in Berlin
    hours = workspace.owner.post("/business-hours", OFFICE).json["data"]["id"]
    promise(workspace, {"normal": minutes(60)}, business_hours_id=hours)
    made = workspace.conversation()["id"]
    assert shown(workspace, made)["first_response_due_at"] == "2026-01-08T09:00:00Z"
    workspace.owner.put(f"/business-hours/{hours}", {"always_open": True})
    workspace.under_test.run_jobs()
    assert shown(workspace, made)["first_response_due_at"] == "2026-01-07T19:00:00Z"
    workspace.owner.put(f"/business-hours/{hours}", {"timezone": "Asia/Kathmandu"})
    workspace.owner.put(f"/business-hours/{hours}", {"always_open": False})
    workspace.under_test.run_jobs()
    # 09:00 in Kathmandu is 03:15 in UTC.
    assert shown(workspace, made)["first_response_due_at"] == "2026-01-08T04:15:00Z"
