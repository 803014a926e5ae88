"""Rate limits: per visitor, wide per address, narrow for who guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing.errors import assert_error

from .conftest import REFERENCE
from .visitor import Site, Visitor

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest


def test_the_reference_s_limits_are_the_defaults(desk: DeskUnderTest) -> None:
    for name, most in REFERENCE.items():
        assert desk.application.settings[f"support.ratelimit.chat-{name}"] == (most, 60)


@pytest.fixture
def site(limited: DeskUnderTest) -> Site:
    return Site.of(limited.workspace())


def from_address(visitor_or_site: Visitor | Site, address: str) -> None:
    site = visitor_or_site if isinstance(visitor_or_site, Site) else visitor_or_site.site
    site.client._app.extra_environ["REMOTE_ADDR"] = address


def test_init_is_limited_by_address_and_says_how_much_is_left(site: Site) -> None:
    from_address(site, "192.0.2.1")
    first = site.init()
    assert first.headers["X-RateLimit-Limit"] == "60"
    assert first.headers["X-RateLimit-Remaining"] == "59"
    assert int(first.headers["X-RateLimit-Reset"]) > 1_700_000_000
    known = site.visitor(visitor_id="colleague")
    statuses = [site.init().status_int for _ in range(60)]
    assert statuses.count(200) == 58
    refused = site.init(headers={"Origin": "https://shop.example.com"})
    assert_error(refused, 429, "too_many_requests")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["Access-Control-Allow-Origin"] == "https://shop.example.com"
    assert site.init(visitor_id="colleague").json["contact"]["id"] == known.id
    from_address(site, "192.0.2.2")
    assert site.init().status_int == 200


def test_one_who_writes_too_much_does_not_lock_out_colleagues(site: Site) -> None:
    from_address(site, "192.0.2.10")
    flood, colleague = site.visitor(), site.visitor()
    flood.start("Hello")
    colleague.start("Hello")
    statuses = [flood.say(f"{number}").status_int for number in range(31)]
    assert statuses == [201] * 30 + [429]
    assert colleague.say("Me too").status_int == 201
    starts = [colleague.start(f"{number}").status_int for number in range(10)]
    assert starts == [201] * 9 + [429]
    typing = [
        flood.post("typing", conversation_id=flood.conversation_id).status_int for _ in range(121)
    ]
    assert typing == [200] * 120 + [429]
    assert flood.get("history", conversation_id=flood.conversation_id).status_int == 200


def test_a_new_address_does_not_refill_a_visitors_own_limit(site: Site) -> None:
    flood = site.visitor()
    flood.start("Hello")
    for number in range(30):
        from_address(site, f"198.51.100.{number}")
        assert flood.say("Hello").status_int == 201
    from_address(site, "198.51.100.200")
    assert_error(flood.say("Hello"), 429, "too_many_requests")


def test_thousands_of_wrong_tokens_are_slowed_down_and_nobody_else(site: Site) -> None:
    from_address(site, "192.0.2.20")
    statuses = [
        site.client.post("/chat/init", {"token": f"{number:048x}"}).status_int
        for number in range(200)
    ]
    assert statuses == [404] * 20 + [429] * 180
    assert site.init().status_int == 200


def test_guesses_at_contacts_are_slowed_down_and_nobody_else(site: Site) -> None:
    from_address(site, "192.0.2.30")
    visitor = site.visitor()
    visitor.start("Hello")
    statuses = [
        Visitor(site, guess, "x", visitor.conversation_id)
        .get("history", conversation_id=visitor.conversation_id)
        .status_int
        for guess in range(1, 61)
    ]
    assert statuses == [404] * 20 + [429] * 40
    assert visitor.say("Hello").status_int == 201


def test_an_ipv6_customer_is_one_address(site: Site) -> None:
    for number in range(60):
        from_address(site, f"2001:db8:1:2::{number:x}")
        assert site.init().status_int == 200
    from_address(site, "2001:db8:1:2:ffff::1")
    assert_error(site.init(), 429, "too_many_requests")
    from_address(site, "2001:db8:1:3::1")
    assert site.init().status_int == 200
