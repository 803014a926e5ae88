"""Pages in the shape of Laravel's LengthAwarePaginator (up to 12.22) and CursorPaginator."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from webob.multidict import MultiDict

from support_core.pagination import cursor_envelope, page_envelope

PATH = "https://example.test/api/tickets"
CORPUS = Path(os.environ.get("SUPPORT_CORPUS", Path(__file__).parents[2] / "../shared/corpus"))
VECTORS = CORPUS / "laravel" / "paginator_vectors.jsonl"


def page_of(count: int, **numbers: int) -> dict[str, Any]:
    return page_envelope(list(range(count)), path=PATH, query={}, **numbers)


def labels(envelope: dict[str, Any]) -> str:
    return " ".join(link["label"] for link in envelope["meta"]["links"][1:-1])


@pytest.mark.skipif(not VECTORS.exists(), reason="the Laravel vectors are not here")
def test_pages_are_those_of_laravel() -> None:
    checked = 0
    for line in VECTORS.read_text().splitlines():
        vector = json.loads(line)
        if vector["laravel"] != "<=12.22":
            continue
        expected = vector["expect"]
        numbers = {name: vector[name] for name in ("total", "page", "per_page")}
        found = page_of(expected.pop("data_count"), **numbers)
        found.pop("data")
        # As text, so that the order of the keys counts too.
        assert json.dumps(found) == json.dumps(expected)
        checked += 1
    assert checked >= 16


def test_a_page_has_laravels_keys_in_laravels_order() -> None:
    envelope = page_of(15, total=31, page=2, per_page=15)
    assert list(envelope) == ["data", "links", "meta"]
    assert list(envelope["links"].items()) == [
        ("first", f"{PATH}?page=1"),
        ("last", f"{PATH}?page=3"),
        ("prev", f"{PATH}?page=1"),
        ("next", f"{PATH}?page=3"),
    ]
    meta = envelope["meta"]
    assert list(meta) == [
        "current_page", "from", "last_page", "links", "path", "per_page", "to", "total",
    ]  # fmt: skip
    assert (meta["from"], meta["to"], meta["last_page"]) == (16, 30, 3)
    assert meta["links"] == [
        {"url": f"{PATH}?page=1", "label": "&laquo; Previous", "active": False},
        {"url": f"{PATH}?page=1", "label": "1", "active": False},
        {"url": f"{PATH}?page=2", "label": "2", "active": True},
        {"url": f"{PATH}?page=3", "label": "3", "active": False},
        {"url": f"{PATH}?page=3", "label": "Next &raquo;", "active": False},
    ]


def test_an_empty_list_has_one_page_without_rows() -> None:
    envelope = page_of(0, total=0, page=1, per_page=25)
    assert envelope["links"]["last"] == f"{PATH}?page=1"
    assert envelope["links"]["prev"] is envelope["links"]["next"] is None
    assert envelope["meta"]["from"] is envelope["meta"]["to"] is None
    assert envelope["meta"]["last_page"] == 1


def test_a_page_past_the_end_is_empty_and_keeps_its_number() -> None:
    envelope = page_of(0, total=31, page=9, per_page=15)
    assert envelope["meta"]["current_page"] == 9
    assert envelope["links"]["prev"] == f"{PATH}?page=8"
    assert envelope["links"]["next"] is None
    assert not any(link["active"] for link in envelope["meta"]["links"])


@pytest.mark.parametrize(
    ("last", "page", "expected"),
    [
        (13, 7, "1 2 3 4 5 6 7 8 9 10 11 12 13"),
        (14, 7, "1 2 3 4 5 6 7 8 9 10 ... 13 14"),
        (14, 8, "1 2 ... 5 6 7 8 9 10 11 12 13 14"),
        (30, 8, "1 2 ... 5 6 7 8 9 10 11 ... 29 30"),
        (30, 23, "1 2 ... 20 21 22 23 24 25 26 ... 29 30"),
        (30, 24, "1 2 ... 21 22 23 24 25 26 27 28 29 30"),
        (30, 99, "1 2 ... 21 22 23 24 25 26 27 28 29 30"),
    ],
)
def test_far_pages_are_left_out(last: int, page: int, expected: str) -> None:
    envelope = page_of(1, total=last * 10, page=page, per_page=10)
    assert labels(envelope) == expected
    for link in envelope["meta"]["links"]:
        if link["label"] == "...":
            assert link == {"url": None, "label": "...", "active": False}


def test_links_keep_the_other_parameters_before_the_page() -> None:
    query = MultiDict([("page", "2"), ("status", "active,closed"), ("search", "a b&c=ü/~")])
    envelope = page_envelope([1], total=3, page=2, per_page=1, path=PATH, query=query)
    assert envelope["links"]["next"] == (
        f"{PATH}?status=active%2Cclosed&search=a%20b%26c%3D%C3%BC%2F~&page=3"
    )


def test_a_keyset_page_has_the_keys_of_laravels_cursor_paginator() -> None:
    envelope = cursor_envelope(
        [1],
        next_cursor="bmV4dA",
        prev_cursor=None,
        per_page=25,
        path=PATH,
        query={"cursor": "", "tag": "x"},
    )
    assert json.dumps(envelope) == json.dumps(
        {
            "data": [1],
            "links": {
                "first": None,
                "last": None,
                "prev": None,
                "next": f"{PATH}?tag=x&cursor=bmV4dA",
            },
            "meta": {
                "path": PATH,
                "per_page": 25,
                "next_cursor": "bmV4dA",
                "prev_cursor": None,
            },
        }
    )
