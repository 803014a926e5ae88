"""Whose pages may use a widget, and what the answers tell browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_chat.origins import allows, normal_domain
from support_core.testing.errors import assert_error

if TYPE_CHECKING:
    from .visitor import Site

ALLOWED = ["shop.example.com", "*.example.org", "localhost:3000", "xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example.com",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "HTTPS://SHOP.Example.COM",
        "https://shop.example.com.",
        "https://www.example.org",
        "https://a.b.example.org",
        "http://localhost:3000",
        "https://bücher.example",
        "https://xn--bcher-kva.example",
        None,
    ],
)
def test_pages_of_allowed_domains(origin: str | None) -> None:
    assert allows(ALLOWED, origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evilshop.example.com",
        "https://shop.example.com.evil.example",
        "https://shop.example.comevil.example",
        "https://shop-example.com",
        "https://example.com",
        "https://www.shop.example.com",
        "https://example.org",
        "https://evilexample.org",
        "https://example.org.evil.example",
        "http://localhost",
        "http://localhost:30000",
        "http://localhost:3000@evil.example",
        "https://shop.example.com@evil.example",
        "https://evil.example/shop.example.com",
        "https://evil.example?shop.example.com",
        "https://evil.example#shop.example.com",
        "https://evil.example\\shop.example.com",
        "file://shop.example.com",
        "chrome-extension://shop.example.com",
        "javascript:shop.example.com",
        "shop.example.com",
        "https://",
        "https://shop.example.com:99999",
        "https://shop.example.com..",
        "https://[::1]",
        "https://\u200bshop.example.com\u0000",
    ],
)
def test_pages_of_others(origin: str) -> None:
    assert not allows(ALLOWED, origin)


def test_an_empty_list_allows_all() -> None:
    assert allows([], "https://anywhere.example")
    assert allows([], "null")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Shop.Example.COM.", "shop.example.com"),
        ("*.Example.com", "*.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("localhost:3000", "localhost:3000"),
        ("127.0.0.1:08080", "127.0.0.1:8080"),
        ("[::1]:8080", "[::1]:8080"),
        ("*", None),
        ("*.com:99999", None),
        ("*.localhost", None),
        ("shop.*.com", None),
        ("https://shop.example.com", None),
        ("shop.example.com/path", None),
        ("shop example.com", None),
        ("shop.example.com:", None),
        ("..", None),
    ],
)
def test_domains_are_kept_in_one_spelling(given: str, kept: str | None) -> None:
    assert normal_domain(given) == kept


def test_the_answer_carries_the_pages_own_origin_where_it_is_allowed(site: Site) -> None:
    site.set(allowed_domains=["shop.example.com"])
    good, bad = {"Origin": "https://shop.example.com"}, {"Origin": "https://evilshop.example.com"}
    answer = site.init(headers=good)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]
    for wrong in (bad, {"Origin": "null"}):
        refused = site.init(headers=wrong)
        assert_error(refused, 403, "origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in refused.headers["Vary"]
    visitor = site.visitor(headers=good)
    visitor.headers = bad
    assert_error(visitor.start("Hello"), 403, "origin_not_allowed")
    assert_error(visitor.get("stream"), 403, "origin_not_allowed")
    assert_error(visitor.upload("a.png", b"a"), 403, "origin_not_allowed")
    visitor.headers = good
    refused = visitor.start("")
    assert refused.status_int == 422
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"


def test_preflights_are_answered_and_let_nobody_in(site: Site) -> None:
    headers = {
        "Origin": "https://shop.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for call in ("init", "start", "message", "typing", "read", "attachments", "history", "stream"):
        answer = site.client.call("OPTIONS", f"/chat/{call}", headers=headers)
        assert answer.status_int == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "Content-Type" in answer.headers["Access-Control-Allow-Headers"]
        assert answer.body == b""


def test_the_agents_api_says_nothing_to_other_origins(site: Site) -> None:
    answer = site.workspace.owner.get("/widgets", headers={"Origin": "https://shop.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers
