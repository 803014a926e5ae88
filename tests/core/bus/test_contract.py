"""What every bus does, whatever carries it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest
from redis import Redis as RedisClient

from support_core.bus import Notice, Signal
from support_core.bus.messages import decode, encode
from tests.services.postgres import driver_url
from tests.waiting import until

if TYPE_CHECKING:
    from tests.services.redis import Redis

    from .conftest import Sides

SPOKEN = Notice(7, 42, (Signal("agent.typing", 7, 5, 2, {"user_id": 3, "user_name": "Zoë"}),))


def test_a_notice_travels_as_it_is() -> None:
    assert decode(encode(SPOKEN)) == SPOKEN
    assert decode(encode(Notice(1))) == Notice(1)


@pytest.mark.parametrize("message", ["", "{", "[]", "7", "{}", '{"w": "x"}', '{"w": 1, "s": [1]}'])
def test_what_is_no_notice_is_refused(message: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(message)


def test_what_is_committed_is_heard(sides: Sides) -> None:
    ear = sides.listening()
    speaker = sides.one()
    speaker.commit(SPOKEN)
    speaker.commit(Notice(8, 1), Notice(9, 3))
    until(lambda: len(ear.notices) == 3, "three notices")
    assert ear.notices == [SPOKEN, Notice(8, 1), Notice(9, 3)]


def test_what_is_rolled_back_is_not_heard(sides: Sides) -> None:
    ear = sides.listening()
    speaker = sides.one()
    speaker.commit(Notice(1, 1), rollback=True)
    speaker.commit(Notice(2, 1))
    until(lambda: bool(ear.notices), "the second")
    assert ear.notices == [Notice(2, 1)]


def test_many_threads_lose_nothing(sides: Sides) -> None:
    ear = sides.listening()
    speaker = sides.one()

    def speak(workspace: int) -> None:
        for number in range(50):
            speaker.commit(Notice(workspace, number))

    threads = [threading.Thread(target=speak, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: len(ear.notices) == 200, "two hundred notices")
    for workspace in range(1, 5):
        heard = [it.head for it in ear.notices if it.workspace_id == workspace]
        assert heard == list(range(50))


def test_every_listener_hears(shared_sides: Sides) -> None:
    ears = [shared_sides.listening() for _ in range(3)]
    shared_sides.one().commit(SPOKEN)
    for ear in ears:
        until(lambda ear=ear: bool(ear.notices), "each of them")  # type: ignore[misc]
        assert ear.notices == [SPOKEN]


def test_a_bus_that_is_well_has_no_problem(sides: Sides) -> None:
    sides.listening()
    bus = sides.one().bus
    bus.require()
    assert bus.problem() is None


def test_a_signal_too_long_for_postgresql_is_left_out_and_the_look_is_not(
    shared_sides: Sides,
) -> None:
    ear = shared_sides.listening()
    long = Signal("long.signal", 7, None, None, {"text": "x" * 10_000})
    short = Signal("short.signal", 7)
    shared_sides.one().commit(Notice(7, 5, (long, short)))
    until(lambda: any(short in it.signals for it in ear.notices), "the short one")
    assert 5 in [it.head for it in ear.notices]


def test_what_others_say_on_the_channel_harms_nobody(
    shared_sides: Sides, request: pytest.FixtureRequest
) -> None:
    ear = shared_sides.listening()
    if shared_sides.kind == "redis":
        server: Redis = request.getfixturevalue("redis")
        with RedisClient.from_url(server.url) as client:
            client.publish(f"{shared_sides.namespace}:bus", "nonsense")
    else:
        url = shared_sides.database.url.render_as_string(hide_password=False)
        with psycopg.connect(driver_url(url), autocommit=True) as connection:
            connection.execute("NOTIFY support_bus, 'nonsense'")
    shared_sides.one().commit(SPOKEN)
    until(lambda: bool(ear.notices), "ours")
    assert ear.notices == [SPOKEN]


def test_a_listener_that_loses_its_connection_comes_back_and_looks_everywhere(
    shared_sides: Sides, request: pytest.FixtureRequest
) -> None:
    ear = shared_sides.listening()
    if shared_sides.kind == "redis":
        server: Redis = request.getfixturevalue("redis")
        with RedisClient.from_url(server.url) as client:
            client.client_kill_filter(_type="pubsub")
    else:
        url = shared_sides.database.url.render_as_string(hide_password=False)
        with psycopg.connect(driver_url(url), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'support-core bus' AND datname = current_database()"
            )
    until(lambda: ear.times_missed > 1, "it listens again")
    shared_sides.one().commit(SPOKEN)
    until(lambda: bool(ear.notices), "what is said afterwards")
    assert ear.notices == [SPOKEN]


def test_a_redis_that_is_away_is_a_problem_and_delays_nobody(
    redis_sides: Sides, redis: Redis
) -> None:
    sides = redis_sides
    ear = sides.listening()
    speaker = sides.one()
    redis.kill()
    began = time.monotonic()
    for number in range(20):
        speaker.commit(Notice(1, number))
    assert time.monotonic() - began < 2
    until(lambda: speaker.bus.problem() is not None, "the speaker notices")
    listening = sides.made[0].bus
    until(lambda: listening.problem() is not None, "the listener notices")
    assert "away" in (listening.problem() or "")
    redis.start()
    until(lambda: listening.problem() is None and speaker.bus.problem() is None, "both are back")
    until(lambda: ear.times_missed > 1, "what was missed is looked for")
    speaker.commit(SPOKEN)
    until(lambda: SPOKEN in ear.notices, "what is said afterwards")
