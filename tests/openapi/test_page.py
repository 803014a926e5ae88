"""The readable page."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from support_core.openapi.page import render_page

if TYPE_CHECKING:
    from support_core.testing import Client

Document = dict[str, Any]


@pytest.fixture(scope="module")
def page(document: Document) -> LexborHTMLParser:
    return LexborHTMLParser(render_page(document))


def article(page: LexborHTMLParser, name: str) -> Any:
    found = page.css_first(f"article#{name}")
    assert found is not None, name
    return found


def test_it_is_served_to_anybody(anybody: Client) -> None:
    answer = anybody.get("/docs", headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.status_int == 200
    assert answer.content_type == "text/html"
    again = anybody.get("/docs", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_int == 304


def test_it_runs_nothing_and_loads_nothing(anybody: Client) -> None:
    answer = anybody.get("/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    tree = LexborHTMLParser(answer.text)
    assert tree.css("script, img, iframe, object, embed, form, [style]") == []
    assert tree.css("link, [src]") == []
    addresses = [it.attributes["href"] or "" for it in tree.css("[href]")]
    assert [it for it in addresses if not it.startswith("#")] == ["openapi.json"]


def test_the_style_is_the_one_its_policy_names(anybody: Client) -> None:
    answer = anybody.get("/docs")
    found = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert found is not None
    digest = b64encode(sha256(found[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_every_operation_has_its_article_and_its_line_in_the_contents(
    document: Document, page: LexborHTMLParser
) -> None:
    linked = {it.attributes["href"] for it in page.css("nav li a")}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            shown = article(page, operation["operationId"])
            assert path in shown.css_first(".line").text()
            assert shown.css_first(".method").text() == method.upper()
            assert f"#{operation['operationId']}" in linked


def test_every_link_on_it_leads_somewhere(page: LexborHTMLParser) -> None:
    there = {it.attributes["id"] for it in page.css("[id]")}
    links = {it.attributes["href"] or "" for it in page.css('a[href^="#"]')}
    assert {it.removeprefix("#") for it in links} <= there


def test_no_id_stands_on_it_twice(page: LexborHTMLParser) -> None:
    ids = [it.attributes["id"] for it in page.css("[id]")]
    assert len(ids) == len(set(ids))


def test_it_can_be_walked_by_landmarks_and_headings(page: LexborHTMLParser) -> None:
    assert page.css_first("html").attributes["lang"] == "en"
    assert [len(page.css(it)) for it in ("h1", "header", "nav[aria-label]", "main")] == [1] * 4
    first = page.css_first("body a")
    assert (first.attributes["class"], first.attributes["href"]) == ("skip", "#content")
    levels = [int((it.tag or "h0")[1]) for it in page.css("h1, h2, h3, h4")]
    steps = [after - before for before, after in pairwise(levels)]
    assert max(steps) == 1


def test_an_operation_says_what_it_asks_for(page: LexborHTMLParser) -> None:
    gates = article(page, "postMailboxes").css_first(".gates").text(separator=" ")
    assert "manage_mailboxes" in gates
    assert "api_access" in gates
    assert "Plan limit" in gates


def test_a_field_is_shown_with_its_limits(page: LexborHTMLParser) -> None:
    fields = {
        (line.css_first("dt").text() or ""): line.css_first("dd").text()
        for line in article(page, "postConversations").css(".fields > div")
    }
    assert "3 to 500 characters" in fields["subject required"]
    assert "low, normal, high or urgent; default normal" in fields["priority"]


def test_errors_are_linked_to_what_they_mean(page: LexborHTMLParser) -> None:
    errors = article(page, "postMailboxes").css_first(".errors")
    assert "#error-limit_exceeded" in {it.attributes["href"] for it in errors.css("a")}
    assert "plan's limit" in page.css_first("#error-limit_exceeded").text()


def test_an_example_is_ready_to_be_pasted(page: LexborHTMLParser) -> None:
    example = article(page, "postConversationReply").css_first("pre").text()
    assert example.startswith("curl -X POST https://desk.example.com/api/support/conversations/1/")
    assert "Bearer $TOKEN" in example


EVIL = "<script>alert(1)</script>\"'&"


def poison(value: Any) -> Any:
    """Return a copy of a document whose every text that is prose ends in markup."""
    if isinstance(value, dict):
        return {
            key: text + EVIL
            if key in ("title", "version", "description", "summary", "meaning", "message")
            and isinstance(text := item, str)
            else poison(item)
            for key, item in value.items()
        }
    return [poison(item) for item in value] if isinstance(value, list) else value


def test_whatever_the_document_says_is_text_on_the_page(document: Document) -> None:
    poisoned = poison(document)
    poisoned["paths"]["/x/<b>"] = {
        "get": {
            "operationId": 'getX"><b>',
            "tags": ["Conversations"],
            "summary": EVIL,
            "x-permission": EVIL,
            "responses": {},
            "parameters": [
                {"name": EVIL, "in": "query", "schema": {"type": "string", "enum": [EVIL]}}
            ],
        }
    }
    page = render_page(poisoned)
    assert "<script" not in page
    assert "alert(1)" in page
    assert LexborHTMLParser(page).css("main b b, h2 b, h3 b, .line b") == []
