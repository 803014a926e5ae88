"""The conversation list: pages, cursors, order and filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from support_core.testing import assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def listed(workspace: TestWorkspace, query: str = "") -> dict[str, Any]:
    answer = workspace.owner.get(f"/conversations{query}")
    assert answer.status_int == 200, answer.text
    shown: dict[str, Any] = answer.json
    return shown


def numbers(workspace: TestWorkspace, query: str = "") -> list[int]:
    return [row["number"] for row in listed(workspace, query)["data"]]


def found(workspace: TestWorkspace, query: str) -> set[int]:
    """Return the numbers a filter lists, and see that the total and the cursor pages agree."""
    page = listed(workspace, f"{query}&per_page=100")
    by_page = {row["number"] for row in page["data"]}
    assert page["meta"]["total"] == len(by_page)
    by_cursor = listed(workspace, f"{query}&per_page=100&cursor=")["data"]
    assert {row["number"] for row in by_cursor} == by_page
    return by_page


def test_a_page_has_laravels_envelope(workspace: TestWorkspace) -> None:
    for _ in range(5):
        workspace.conversation()
    path = "http://localhost/api/support/conversations"
    page = listed(workspace, "?per_page=2&page=2&sort=number")
    assert [row["number"] for row in page["data"]] == [3, 4]
    prefix = f"{path}?per_page=2&sort=number&page="
    assert page["links"] == {
        "first": f"{prefix}1",
        "last": f"{prefix}3",
        "prev": f"{prefix}1",
        "next": f"{prefix}3",
    }
    assert page["meta"] == {
        "current_page": 2,
        "from": 3,
        "last_page": 3,
        "links": [
            {"url": f"{prefix}1", "label": "&laquo; Previous", "active": False},
            {"url": f"{prefix}1", "label": "1", "active": False},
            {"url": f"{prefix}2", "label": "2", "active": True},
            {"url": f"{prefix}3", "label": "3", "active": False},
            {"url": f"{prefix}3", "label": "Next &raquo;", "active": False},
        ],
        "path": path,
        "per_page": 2,
        "to": 4,
        "total": 5,
    }


def test_an_empty_list_is_page_one_of_one(workspace: TestWorkspace) -> None:
    page = listed(workspace)
    assert page["data"] == []
    meta = page["meta"]
    assert (meta["current_page"], meta["last_page"], meta["total"]) == (1, 1, 0)
    assert (meta["from"], meta["to"], meta["per_page"]) == (None, None, 25)
    assert (page["links"]["prev"], page["links"]["next"]) == (None, None)


def test_a_page_past_the_end_is_empty_and_no_error(workspace: TestWorkspace) -> None:
    workspace.conversation()
    page = listed(workspace, "?page=7")
    assert page["data"] == []
    assert page["meta"]["current_page"] == 7
    assert page["meta"]["total"] == 1
    assert listed(workspace, f"?page={10**15}&per_page=100")["data"] == []


@pytest.mark.parametrize("page", ["0", "-1", "abc", "1.5", "", "99999999999999999999"])
def test_a_page_that_is_no_number_is_the_first(workspace: TestWorkspace, page: str) -> None:
    workspace.conversation()
    assert listed(workspace, f"?page={page}")["meta"]["current_page"] == 1


@pytest.mark.parametrize("per_page", ["0", "101", "-5"])
def test_a_page_has_one_to_a_hundred_rows(workspace: TestWorkspace, per_page: str) -> None:
    assert_invalid(
        workspace.owner.get(f"/conversations?per_page={per_page}"),
        per_page="The per page must be between 1 and 100.",
    )


def test_per_page_is_a_whole_number(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.get("/conversations?per_page=ten"),
        per_page="The per page must be an integer.",
    )


def test_who_wrote_last_comes_first(workspace: TestWorkspace) -> None:
    made = [workspace.conversation() for _ in range(3)]
    workspace.owner.post(f"/conversations/{made[0]['id']}/reply", {"body": "Hello"})
    assert numbers(workspace) == [1, 3, 2]


@pytest.mark.parametrize("field", ["last_reply_at", "created_at", "updated_at", "number"])
def test_sort_goes_both_ways(workspace: TestWorkspace, field: str) -> None:
    for _ in range(3):
        workspace.conversation()
    assert numbers(workspace, f"?sort={field}") == [1, 2, 3]
    assert numbers(workspace, f"?sort=-{field}") == [3, 2, 1]


@pytest.mark.parametrize("sort", ["subject", "--number", "+number", "number;drop table x"])
def test_an_unknown_order_is_refused(workspace: TestWorkspace, sort: str) -> None:
    assert_invalid(
        workspace.owner.get(f"/conversations?sort={quote(sort)}"),
        sort="The selected sort is invalid.",
    )


@pytest.mark.parametrize("sort", ["-last_reply_at", "number", "-number", "created_at"])
def test_cursors_walk_the_whole_list_there_and_back(workspace: TestWorkspace, sort: str) -> None:
    for _ in range(7):
        workspace.conversation()
    whole = numbers(workspace, f"?sort={sort}")
    pages, cursor = [], ""
    while cursor is not None:
        page = listed(workspace, f"?sort={sort}&per_page=3&cursor={cursor}")
        assert set(page["meta"]) == {"path", "per_page", "next_cursor", "prev_cursor"}
        pages.append([row["number"] for row in page["data"]])
        cursor, back = page["meta"]["next_cursor"], page["meta"]["prev_cursor"]
    assert list(chain(*pages)) == whole
    assert [len(page) for page in pages] == [3, 3, 1]
    page = listed(workspace, f"?sort={sort}&per_page=3&cursor={back}")
    assert [row["number"] for row in page["data"]] == pages[1]
    page = listed(workspace, f"?sort={sort}&per_page=3&cursor={page['meta']['prev_cursor']}")
    assert [row["number"] for row in page["data"]] == pages[0]
    assert page["meta"]["prev_cursor"] is None


def test_links_of_cursor_pages_can_be_followed(workspace: TestWorkspace) -> None:
    for _ in range(3):
        workspace.conversation(priority="high")
    page = listed(workspace, "?priority=high&per_page=2&cursor=")
    assert page["links"]["first"] is None
    assert page["links"]["prev"] is None
    parts = urlsplit(page["links"]["next"])
    assert parse_qs(parts.query)["priority"] == ["high"]
    following = listed(workspace, f"?{parts.query}")
    assert [row["number"] for row in following["data"]] == [1]
    assert following["links"]["next"] is None


def test_rows_added_meanwhile_neither_repeat_nor_hide_others(workspace: TestWorkspace) -> None:
    for _ in range(4):
        workspace.conversation()
    first = listed(workspace, "?sort=-number&per_page=2&cursor=")
    workspace.conversation()
    cursor = first["meta"]["next_cursor"]
    second = listed(workspace, f"?sort=-number&per_page=2&cursor={cursor}")
    assert [row["number"] for row in first["data"] + second["data"]] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "cursor", ["x", "%00", "bnVsbA", "eyJhIjoxfQ", "W10", "WyJuZXh0Il0", "../..", "é", "x" * 9000]
)
def test_a_cursor_that_is_none_is_refused(workspace: TestWorkspace, cursor: str) -> None:
    answer = workspace.owner.get(f"/conversations?cursor={quote(cursor, safe='%')}")
    assert answer.status_int == 422
    assert list(answer.json["errors"]) == ["cursor"]


def test_a_cursor_belongs_to_its_order(workspace: TestWorkspace) -> None:
    for _ in range(2):
        workspace.conversation()
    cursor = listed(workspace, "?sort=number&per_page=1&cursor=")["meta"]["next_cursor"]
    assert_invalid(
        workspace.owner.get(f"/conversations?sort=-number&cursor={cursor}"),
        cursor="The cursor is invalid.",
    )


@pytest.fixture
def varied(workspace: TestWorkspace) -> TestWorkspace:
    """Conversations 1 to 8, no two alike."""
    agent, second = workspace.member(), workspace.mailbox()
    workspace.conversation()
    workspace.conversation(priority="high", tags=["vip"])
    workspace.conversation(mailbox_id=second)
    workspace.conversation(mailbox_id=second, assigned_to=agent, tags=["vip", "a,b"])
    workspace.conversation(assigned_to=workspace.owner_id, customer_email="b@example.test")
    workspace.conversation(priority="low", customer_email="b@example.test")
    for status in ("closed", "spam"):
        id_ = workspace.conversation(assigned_to=agent)["id"]
        workspace.owner.patch(f"/conversations/{id_}/status", {"status": status})
    return workspace


def test_each_filter_alone(varied: TestWorkspace) -> None:
    rows = {row["number"]: row for row in listed(varied)["data"]}
    agent, second = rows[4]["assignedUser"]["id"], rows[3]["mailbox"]["id"]
    customer = rows[5]["customer"]["id"]
    for query, expected in {
        "?status=active": {1, 2, 3, 4, 5, 6},
        "?status=closed": {7},
        "?status=closed,spam": {7, 8},
        "?status=pending": set(),
        "?channel=probe": {1, 2, 3, 4, 5, 6, 7, 8},
        f"?mailbox_id={second}": {3, 4},
        f"?mailbox_id={varied.a_mailbox},{second}": {1, 2, 3, 4, 5, 6, 7, 8},
        f"?assigned_to={agent}": {4, 7, 8},
        "?assigned_to=unassigned": {1, 2, 3, 6},
        "?assigned_to=me": {5},
        "?assigned_to=me,unassigned": {1, 2, 3, 5, 6},
        f"?assigned_to={agent},me": {4, 5, 7, 8},
        "?priority=high": {2},
        "?priority=high,low": {2, 6},
        "?tag=vip": {2, 4},
        "?tag=a%2Cb": {4},
        "?tag=VIP": set(),
        f"?customer_id={customer}": {5, 6},
        "?search=b%40example": {5, 6},
        "?status=": {1, 2, 3, 4, 5, 6, 7, 8},
    }.items():
        assert found(varied, query) == expected, query


def test_filters_combine(varied: TestWorkspace) -> None:
    rows = {row["number"]: row for row in listed(varied)["data"]}
    agent, second = rows[4]["assignedUser"]["id"], rows[3]["mailbox"]["id"]
    customer = rows[5]["customer"]["id"]
    for query, expected in {
        f"?mailbox_id={second}&assigned_to=unassigned": {3},
        f"?status=active,closed&assigned_to={agent}": {4, 7},
        f"?status=active&assigned_to={agent},unassigned&tag=vip": {2, 4},
        f"?customer_id={customer}&priority=low": {6},
        f"?customer_id={customer}&assigned_to=me&search=account": {5},
        f"?search=example&status=spam,closed&assigned_to={agent}&channel=probe": {7, 8},
        "?search=%237&status=active": set(),
        "?tag=vip&search=%234": {4},
    }.items():
        assert found(varied, query) == expected, query


def test_filters_by_time(workspace: TestWorkspace) -> None:
    made = [workspace.conversation() for _ in range(2)]
    now = datetime.now(UTC)
    before, after = now - timedelta(minutes=5), now + timedelta(minutes=5)
    for query, expected in {
        f"?created_after={before:%Y-%m-%dT%H:%M:%SZ}": {1, 2},
        f"?created_after={after:%Y-%m-%dT%H:%M:%SZ}": set(),
        f"?created_before={after:%Y-%m-%dT%H:%M:%SZ}": {1, 2},
        f"?created_before={before:%Y-%m-%d}": set(),
        f"?created_after={before:%Y-%m-%d}&created_before={after + timedelta(days=1):%Y-%m-%d}": {
            1,
            2,
        },
        f"?updated_after={quote(before.isoformat())}": {1, 2},
        f"?updated_after={after:%Y-%m-%dT%H:%M:%SZ}": set(),
        f"?updated_after={quote((now - timedelta(hours=2)).isoformat()[:19] + '-01:00')}": {1, 2},
    }.items():
        assert found(workspace, query) == expected, query
    assert made[0]["number"] == 1


def test_totals_follow_every_change(workspace: TestWorkspace) -> None:
    made = [workspace.conversation() for _ in range(3)]

    def total(query: str) -> int:
        return int(listed(workspace, query)["meta"]["total"])

    workspace.owner.patch(f"/conversations/{made[0]['id']}/status", {"status": "closed"})
    workspace.owner.patch(f"/conversations/{made[1]['id']}/assign", {"user_id": workspace.owner_id})
    workspace.owner.delete(f"/conversations/{made[2]['id']}")
    assert [total(it) for it in ("", "?status=closed", "?assigned_to=me")] == [2, 1, 1]
    workspace.owner.post(f"/conversations/{made[2]['id']}/restore")
    assert [total(it) for it in ("", "?status=active", "?assigned_to=unassigned")] == [3, 2, 2]


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("status=open", "status", "The selected status is invalid."),
        ("status=active,open", "status", "The selected status is invalid."),
        ("channel=pigeon", "channel", "The selected channel is invalid."),
        ("priority=1", "priority", "The selected priority is invalid."),
        ("mailbox_id=x", "mailbox_id", "The mailbox id must be an integer."),
        ("mailbox_id=1%20OR%201", "mailbox_id", "The mailbox id must be an integer."),
        ("mailbox_id=-1", "mailbox_id", "The selected mailbox id is invalid."),
        ("mailbox_id=99999999999999999999", "mailbox_id", "The selected mailbox id is invalid."),
        ("assigned_to=nobody", "assigned_to", "The assigned to must be an integer."),
        ("customer_id=1,2", "customer_id", "The customer id must be an integer."),
        ("created_after=yesterday", "created_after", "The created after is not a valid date."),
        ("updated_after=2026-02-30", "updated_after", "The updated after is not a valid date."),
        ("status=active&status=spam", "status", "The status field must be given only once."),
        ("stauts=active", "stauts", "The stauts field is prohibited."),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(
    workspace: TestWorkspace, query: str, field: str, sentence: str
) -> None:
    assert_invalid(workspace.owner.get(f"/conversations?{query}"), **{field: sentence})


def test_another_workspaces_ids_filter_to_nothing(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    workspace.conversation()
    theirs = other.conversation(assigned_to=other.owner_id)
    for query in (
        f"?mailbox_id={theirs['mailbox']['id']}",
        f"?customer_id={theirs['customer']['id']}",
        f"?assigned_to={other.owner_id}",
    ):
        assert found(workspace, query) == set()


def test_pages_of_a_moment_shared_by_many_neither_repeat_nor_skip(
    workspace: TestWorkspace,
) -> None:
    for _ in range(6):
        workspace.conversation()
    with workspace.desk() as desk:
        moment = desk.clock()
        for row in listed(workspace)["data"]:
            desk.conversations.get(row["id"]).last_reply_at = moment
    seen = [numbers(workspace, f"?per_page=2&page={page}") for page in (1, 2, 3)]
    assert sorted(chain(*seen)) == [1, 2, 3, 4, 5, 6]
    assert all(set(one).isdisjoint(two) for one, two in pairwise(seen))
