"""Search: subject, number and customer e-mail, by substring, every character an ordinary one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from support_core.services import search
from support_core.testing import assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def found(workspace: TestWorkspace, term: str, more: str = "") -> list[int]:
    """Return the numbers found, by pages and by cursor alike, smallest first."""
    query = f"?search={quote(term, safe='')}&sort=number&per_page=100{more}"
    page = workspace.owner.get(f"/conversations{query}").json
    by_page = [row["number"] for row in page["data"]]
    assert page["meta"]["total"] == len(by_page)
    by_cursor = workspace.owner.get(f"/conversations{query}&cursor=").json["data"]
    assert [row["number"] for row in by_cursor] == by_page
    return by_page


SUBJECTS = (
    "Refund of order 100% late",
    "Order_number missing",
    'She said "hello" to me',
    "It's O'Brien's \\ backslash",
    "C++ AND NOT java OR NEAR(x, y)",
    "ÄÖÜ Straße Ünïcode",
    "日本語の件名です",
    "Email * wildcard? [brackets] ^caret$",
    "col:subject {near} -minus",
    "<script>alert(1)</script>; DROP TABLE x;--",
)


@pytest.fixture
def stocked(workspace: TestWorkspace) -> TestWorkspace:
    """Conversations 1 to 10 with the subjects above."""
    for number, subject in enumerate(SUBJECTS, 1):
        workspace.conversation(subject=subject, customer_email=f"person{number}@shop.example")
    return workspace


CASES = {
    "refund": [1],
    "REFUND OF": [1],
    "order": [1, 2],
    "100%": [1],
    "%": [1],
    "%%%": [],
    "0%_": [],
    "order_number": [2],
    "order number": [],
    "r_n": [2],
    "_": [2],
    "___": [],
    '"hello"': [3],
    '"': [3],
    '"""': [],
    "o'brien": [4],
    "'": [4],
    "\\": [4],
    "\\ back": [4],
    "and not java": [5],
    "NEAR(x": [5],
    "c++": [5],
    "äöü": [6],
    "STRASSE": [6],
    "straße": [6],
    "üNÏ": [6],
    "日本語": [7],
    "件名": [7],
    "本": [7],
    "* wildcard?": [8],
    "[brackets]": [8],
    "^caret$": [8],
    "*": [8],
    "subject": [9],
    "col:": [9],
    "-minus": [9],
    "{near}": [9],
    "near": [5, 9],
    "drop table": [10],
    ";--": [10],
    "<script>": [10],
    "e": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    "person1": [1, 10],
    "PERSON10@SHOP": [10],
    "@shop.example": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    "java person5": [],
    "java\nperson": [],
    "late\nperson1@": [],
}


def test_every_term_finds_what_holds_it_and_nothing_else(stocked: TestWorkspace) -> None:
    for term, expected in CASES.items():
        assert found(stocked, term) == expected, term


def test_terms_that_many_hold_find_the_same(
    stocked: TestWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = {term: found(stocked, term) for term in CASES}
    pages = {term: found(stocked, term, "&status=active&channel=probe") for term in CASES}
    monkeypatch.setattr(search, "RARE", 0)
    for term in CASES:
        assert found(stocked, term) == rare[term], term
        assert found(stocked, term, "&status=active&channel=probe") == pages[term], term
    assert found(stocked, "4") == [4]
    assert found(stocked, "#4", "&status=closed") == []


def test_the_number_is_found_with_and_without_its_sign(stocked: TestWorkspace) -> None:
    assert found(stocked, "#7") == [7]
    assert found(stocked, "7") == [7]
    # The subject of 1 and the address of 10 hold the digits as well.
    assert found(stocked, "10") == [1, 10]
    assert found(stocked, "#10") == [10]
    for term in ("#", "#x", "##7", "7.0", "-7", "#99999999999999999999", "0x7"):
        assert found(stocked, term) == [], term


def test_search_is_trimmed_and_an_empty_one_is_none(stocked: TestWorkspace) -> None:
    assert found(stocked, "  refund  ") == [1]
    assert len(found(stocked, "   ")) == 10
    assert len(found(stocked, "")) == 10


def test_a_search_has_pages_and_an_order(stocked: TestWorkspace) -> None:
    page = stocked.owner.get("/conversations?search=person&per_page=4&page=2&sort=-number").json
    assert [row["number"] for row in page["data"]] == [6, 5, 4, 3]
    assert page["meta"]["total"] == 10
    assert "search=person" in page["links"]["next"]


def test_a_changed_subject_is_found_and_the_old_one_is_not(workspace: TestWorkspace) -> None:
    made = workspace.conversation(subject="Before the change")
    workspace.owner.patch(f"/conversations/{made['id']}", {"subject": "Afterwards"})
    assert found(workspace, "before the") == []
    assert found(workspace, "afterw") == [1]


def test_a_customers_new_address_finds_the_conversations(workspace: TestWorkspace) -> None:
    made = workspace.conversation(customer_email="old@example.test")
    workspace.owner.put(f"/customers/{made['customer']['id']}", {"email": "fresh@example.test"})
    assert found(workspace, "old@") == []
    assert found(workspace, "fresh@") == [1]


def test_the_body_is_not_searched(workspace: TestWorkspace) -> None:
    workspace.conversation(body="a very particular word")
    assert found(workspace, "particular") == []


def test_search_stays_in_the_workspace(workspace: TestWorkspace, other: TestWorkspace) -> None:
    other.conversation(subject="Their secret project")
    for term in ("secret", "se", "#1", "1", "project"):
        assert found(workspace, term) == [], term


def test_a_search_is_short(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.get(f"/conversations?search={'x' * 256}"),
        search="The search must not be greater than 255 characters.",
    )
    assert workspace.owner.get(f"/conversations?search={'x' * 255}").status_int == 200
