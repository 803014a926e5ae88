"""Both counters of requests are held to one test; the shared one counts in limits' own memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from limits import RateLimitItemPerSecond

from support_core import ratelimit_stores
from support_core.ratelimit_stores import MemoryCounter, SharedCounter

if TYPE_CHECKING:
    from support_core.ratelimit_stores import Counter

THREE_AN_HOUR = RateLimitItemPerSecond(3, 3600, namespace="general")


@pytest.fixture(params=["memory", "shared"])
def counter(request: pytest.FixtureRequest) -> Counter:
    return MemoryCounter() if request.param == "memory" else SharedCounter("memory://")


def test_requests_are_counted_down_and_the_one_too_many_is_refused(counter: Counter) -> None:
    counts = [counter.count(THREE_AN_HOUR, "token:1") for _ in range(4)]
    assert [it.remaining for it in counts] == [2, 1, 0, 0]
    assert [it.allowed for it in counts] == [True, True, True, False]


def test_a_window_ends_a_whole_period_after_its_first_request(counter: Counter) -> None:
    before = time.time()
    first, second = (counter.count(THREE_AN_HOUR, "token:1") for _ in range(2))
    assert before + 3600 <= first.ends <= time.time() + 3600
    assert second.ends == first.ends


def test_callers_and_limits_are_counted_apart(counter: Counter) -> None:
    other = RateLimitItemPerSecond(3, 3600, namespace="login")
    counter.count(THREE_AN_HOUR, "token:1")
    assert counter.count(THREE_AN_HOUR, "token:2").remaining == 2
    assert counter.count(other, "token:1").remaining == 2


def test_a_new_window_follows_the_one_that_has_ended(counter: Counter) -> None:
    one_a_second = RateLimitItemPerSecond(1, 1, namespace="general")
    assert counter.count(one_a_second, "token:1").allowed
    assert not counter.count(one_a_second, "token:1").allowed
    time.sleep(1.05)
    assert counter.count(one_a_second, "token:1").allowed


def test_no_request_is_lost_between_threads(counter: Counter) -> None:
    many = RateLimitItemPerSecond(1000, 3600, namespace="general")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: counter.count(many, "token:1"), range(400)))
    assert counter.count(many, "token:1").remaining == 1000 - 401


def test_memory_forgets_windows_that_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit_stores, "SWEEP_AT", 10)
    counter = MemoryCounter()
    short = RateLimitItemPerSecond(1, 1, namespace="login")
    for number in range(10):
        counter.count(short, f"address:{number}")
    time.sleep(1.05)
    counter.count(short, "address:new")
    assert len(counter._windows) == 1
