"""Parts that die and come back: nothing that was committed is missing afterwards."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from .test_streams import customer, head_of, publish

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Behind


def test_nginx_dies_and_its_clients_miss_nothing(behind: Behind, shop: TestWorkspace) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        customer(shop, "before")
        publish(behind)
        stream.wait_for(1)
        behind.nginx.kill()
        stream.wait_for_the_end()
    customer(shop, "meanwhile")
    publishing = threading.Thread(target=publish, args=(behind,))
    publishing.start()
    time.sleep(1)
    behind.nginx.restart()
    publishing.join(30)
    with behind.listen(shop, after=stream.last_id) as again:
        again.wait_for(1)
        assert again.stays_quiet()
    assert stream.ids + again.ids == [head_of(shop) - 1, head_of(shop)]


def test_redis_dies_with_all_it_held_and_events_go_on(behind: Behind, shop: TestWorkspace) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        customer(shop, "before")
        publish(behind)
        stream.wait_for(1)
        behind.redis.kill()
        customer(shop, "meanwhile")
        publishing = threading.Thread(target=publish, args=(behind,))
        publishing.start()
        time.sleep(1)
        behind.redis.start()
        publishing.join(30)
        deadline = time.monotonic() + 30
        while head_of(shop) not in stream.ids and time.monotonic() < deadline:
            publish(behind)
            time.sleep(0.2)
    assert head_of(shop) in stream.ids


def test_an_outage_that_lasts_is_told_and_costs_no_event(
    behind: Behind, shop: TestWorkspace
) -> None:
    publisher = behind.engine.publisher
    assert publisher.problem() is None
    behind.nginx.kill()
    publisher._checked_at = float("-inf")
    checks = {it["name"]: it for it in shop.owner.get("/readyz").json["checks"]}
    assert not checks["nchan"]["ok"]
    assert checks["nchan"]["message"].startswith("Streams get nothing new: nginx cannot be reached")
    customer(shop, "unheard")
    publish(behind)  # gives up after some seconds; the job waits
    behind.nginx.restart()
    deadline = time.monotonic() + 20
    while publisher._asked() is not None:  # nchan looks for its Redis first
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        customer(shop, "heard")  # which wakes the follower
        publish(behind)
        stream.wait_for(2)
    assert stream.ids == [head_of(shop) - 1, head_of(shop)]
