"""Reports against numbers added up by hand, before and after days were folded."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given, strategies as st

from support_core.testing import assert_invalid
from support_sla.figures import pack, ranked, unpack
from support_sla.folding import fold_day

from .conftest import minutes, promise

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Clock


def fold(workspace: TestWorkspace) -> None:
    """Add up the days on which something has changed, as the job does."""
    while fold_day(workspace.desk):
        pass


def report(workspace: TestWorkspace, path: str, **query: Any) -> Any:
    parameters = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
    answer = workspace.owner.get(f"/reports/{path}?{parameters}")
    assert answer.status_int == 200, answer.text
    return answer.json["data"]


def test_figures_are_those_that_are_counted_by_hand(
    workspace: TestWorkspace, other: TestWorkspace, clock: Clock
) -> None:
    promise(workspace, {"normal": minutes(60, None, 600)}, name="=1+1")
    second = workspace.mailbox(name="@Sales")
    first_day = clock.now.date()
    for number, answered in enumerate((10, 20, 90)):  # the third is late
        made = workspace.conversation(**({"mailbox_id": second} if number == 2 else {}))["id"]
        path = f"/conversations/{made}"
        clock.skip(minutes=answered)
        workspace.under_test.run_jobs()
        workspace.owner.post(f"{path}/reply", {"body": "Well"})
        if number == 0:
            clock.skip(minutes=50)
            workspace.owner.patch(f"{path}/status", {"status": "closed"})
    spam = workspace.conversation()["id"]
    workspace.owner.patch(f"/conversations/{spam}/status", {"status": "spam"})
    gone = workspace.conversation()["id"]
    workspace.owner.delete(f"/conversations/{gone}")
    other.conversation()
    clock.skip(days=1)
    agent = workspace.member()
    late = workspace.conversation(assigned_to=agent)["id"]
    clock.skip(hours=11)
    workspace.under_test.run_jobs()
    last_day = clock.now.date()
    query = {"from": first_day, "to": last_day}
    for _ in range(2):
        sla = report(workspace, "sla", **query)
        assert sla["totals"] == {
            "conversations": 4,
            "breached": 3,
            "first_response": {
                "met": 2,
                "breached": 2,
                "met_percent": 50.0,
                "count": 3,
                "median_seconds": 1200,
                "p90_seconds": 5400,
            },
            "next_response": {"met": 0, "breached": 0, "met_percent": None},
            "resolution": {
                "met": 1,
                "breached": 3,
                "met_percent": 25.0,
                "count": 1,
                "median_seconds": 3600,
                "p90_seconds": 3600,
            },
        }
        talks = report(workspace, "conversations", **query)
        assert talks["totals"]["answered"] == 3
        assert talks["totals"]["closed"] == 1
        assert talks["totals"]["first_response"] == {
            "count": 3,
            "median_seconds": 1200,
            "p90_seconds": 5400,
        }
        assert [it["key"] for it in sla["rows"]] == sorted({it["key"] for it in sla["rows"]})
        by_mailbox = report(workspace, "sla", group_by="mailbox", **query)["rows"]
        assert [(it["label"], it["conversations"]) for it in by_mailbox] == [
            ("@Sales", 1),
            ("Support", 3),
        ]
        by_agent = report(workspace, "sla", group_by="agent", **query)["rows"]
        assert [(it["key"], it["conversations"]) for it in by_agent] == [(None, 3), (agent, 1)]
        by_policy = report(workspace, "conversations", group_by="policy", **query)["rows"]
        assert [(it["label"], it["conversations"]) for it in by_policy] == [("=1+1", 4)]
        by_channel = report(workspace, "conversations", group_by="channel", **query)["rows"]
        assert [(it["key"], it["conversations"]) for it in by_channel] == [("probe", 4)]
        narrowed = report(workspace, "sla", mailbox_id=second, **query)
        assert narrowed["totals"]["conversations"] == 1
        text = workspace.owner.get(
            f"/reports/sla.csv?group_by=policy&from={first_day}&to={last_day}"
        )
        assert text.content_type == "text/csv"
        lines = list(csv.DictReader(io.StringIO(text.text)))
        assert [it["label"] for it in lines] == ["'=1+1", "Total"]
        assert lines[0]["first_response_median_seconds"] == "1200"
        fold(workspace)  # the second time everything is read from what was added up
    workspace.owner.post(f"/conversations/{late}/reply", {"body": "At last"})
    changed = report(workspace, "conversations", **query)["totals"]
    assert changed["answered"] == 4, "what is not folded yet is seen as well"
    assert report(other, "conversations", **query)["totals"]["conversations"] == 1


def test_spans_and_filters_that_cannot_be_are_refused(
    workspace: TestWorkspace, clock: Clock
) -> None:
    get = workspace.owner.get
    assert_invalid(
        get("/reports/sla?from=2026-02-01&to=2026-01-01"),
        to="The to must be a date after or equal to from.",
    )
    assert_invalid(
        get("/reports/sla?from=2001-02-01&to=2026-01-01"),
        to="The to must be within 3660 days of from.",
    )
    assert_invalid(get("/reports/sla?group_by=mood"), group_by="The selected group by is invalid.")
    assert_invalid(
        get("/reports/sla?group_by=agent&mailbox_id=1"),
        mailbox_id="The mailbox id field is prohibited when group by is agent.",
    )
    assert_invalid(
        get("/reports/sla?mailbox_id=1&channel=api"),
        channel="The channel field is prohibited with another filter.",
    )
    empty = report(workspace, "sla")
    assert empty["to"] == clock.now.date().isoformat()
    assert empty["from"] == (clock.now.date() - timedelta(days=29)).isoformat()
    assert empty["rows"] == []
    assert empty["totals"]["first_response"]["median_seconds"] is None


times = st.lists(st.integers(0, 2**32 - 1), max_size=40)


@given(st.lists(times, max_size=8), st.sampled_from((1, 50, 90, 100)))
def test_a_percentile_of_sorted_runs_is_that_of_all(runs: list[list[int]], percent: int) -> None:
    everything = sorted(value for run in runs for value in run)
    rank = max(1, -(-len(everything) * percent // 100))
    expected = everything[rank - 1] if everything else None
    name = "first_response_seconds"
    packed = [unpack(pack({name: run}), [name])[name] for run in runs]
    assert ranked([run for run in packed if run], percent) == expected
