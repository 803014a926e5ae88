"""Lists by service level: filter, orders, pages, totals, and the plans of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import assert_invalid

from .conftest import minutes, promise

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Clock

TARGETS = {
    "low": minutes(400),
    "normal": minutes(200, 20, 2000),
    "high": minutes(100),
    "urgent": minutes(50),
}


@pytest.fixture
def stocked(workspace: TestWorkspace, clock: Clock) -> dict[str, int]:
    """One conversation of each state, and one that is deleted."""
    promise(workspace, TARGETS)
    made = {
        "breached": workspace.conversation(priority="urgent")["id"],
        "at_risk": workspace.conversation(priority="high")["id"],
        "on_track": workspace.conversation(priority="normal")["id"],
        "met": workspace.conversation(priority="low")["id"],
        "deleted": workspace.conversation(priority="low")["id"],
    }
    workspace.owner.post(f"/conversations/{made['met']}/reply", {"body": "Done"})
    workspace.owner.delete(f"/conversations/{made['deleted']}")
    clock.skip(minutes=80)
    workspace.under_test.run_jobs()
    return made


def listed(workspace: TestWorkspace, query: str) -> list[int]:
    answer = workspace.owner.get(f"/conversations?{query}")
    assert answer.status_int == 200, answer.text
    found = [it["id"] for it in answer.json["data"]]
    if "total" in answer.json["meta"]:
        assert answer.json["meta"]["total"] == len(found)
    return found


def test_the_filter_takes_one_state_or_several(
    workspace: TestWorkspace, stocked: dict[str, int]
) -> None:
    for state in ("on_track", "at_risk", "breached", "met"):
        assert listed(workspace, f"sla_status={state}") == [stocked[state]]
    both = listed(workspace, "sla_status=breached,met&sort=created_at")
    assert both == [stocked["breached"], stocked["met"]]
    assert listed(workspace, "sla_status=breached&priority=low") == []
    assert listed(workspace, "sla_status=breached&search=account") == [stocked["breached"]]
    assert listed(workspace, "sla_status=breached&cursor=") == [stocked["breached"]]
    assert_invalid(
        workspace.owner.get("/conversations?sla_status=late"),
        sla_status=["The selected sla status is invalid."],
    )


def test_the_order_by_due_time_holds_what_is_due(
    workspace: TestWorkspace, stocked: dict[str, int]
) -> None:
    by_first = ["breached", "at_risk", "on_track", "met"]
    expected = [stocked[name] for name in by_first]
    assert listed(workspace, "sort=sla_first_response_due_at") == expected
    assert listed(workspace, "sort=-sla_first_response_due_at") == expected[::-1]
    assert listed(workspace, "sort=sla_first_response_due_at&cursor=") == expected
    ahead = [stocked["at_risk"], stocked["on_track"]]
    assert listed(workspace, "sort=sla_due_at") == ahead
    assert listed(workspace, "sort=sla_due_at&sla_status=at_risk") == [stocked["at_risk"]]
    assert listed(workspace, "sort=sla_resolution_due_at") == [stocked["on_track"]]


def test_pages_by_cursor_follow_each_other(
    workspace: TestWorkspace, stocked: dict[str, int]
) -> None:
    query = "sort=-sla_first_response_due_at&per_page=1&cursor="
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = workspace.owner.get(f"/conversations?{query}{cursor}").json
        found += [it["id"] for it in answer["data"]]
        cursor = answer["meta"]["next_cursor"]
    assert found == [stocked[it] for it in ("met", "on_track", "at_risk", "breached")]


def test_a_customers_list_knows_them_too(
    workspace: TestWorkspace, other: TestWorkspace, stocked: dict[str, int]
) -> None:
    found = workspace.owner.get(f"/conversations/{stocked['met']}").json["data"]["customer"]["id"]
    answer = workspace.owner.get(f"/customers/{found}/conversations?sla_status=met")
    assert [it["id"] for it in answer.json["data"]] == [stocked["met"]]
    assert answer.json["data"][0]["sla_status"] == "met"
    assert listed(other, "sla_status=met") == []
