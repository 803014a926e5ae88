"""Nothing is lost and nothing repeated, whatever happens to connections and servers."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from contextlib import closing
from threading import Thread
from typing import TYPE_CHECKING

import httpx
import psycopg

from tests.services.postgres import driver_url
from tests.serving.processes import bootstrap, running
from tests.waiting import until

from .conftest import Office
from .reader import Follower

if TYPE_CHECKING:
    from pathlib import Path

WRITERS, EACH, FOLLOWERS = 4, 60, 6


def write(office: Office, number: int) -> None:
    """Make events, whether the server is there or not just now."""
    for made in range(EACH):
        while True:
            try:
                with office.client() as caller:
                    body = {"email": f"w{number}-{made}@customers.example"}
                    answer = caller.post("/customers", json=body)
                if answer.status_code in {201, 422}:  # 422: made, and the answer was lost
                    break
            except httpx.TransportError:
                time.sleep(0.05)


def test_cut_connections_lose_and_repeat_nothing_while_many_write(office: Office) -> None:
    chance = random.Random(20261122)  # noqa: S311 - a seed, for the same cuts each time
    start = office.head()
    followers = [
        Follower(lambda: office.desk.url, office.token, last_id=start) for _ in range(FOLLOWERS)
    ]
    writers = [Thread(target=write, args=(office, number)) for number in range(WRITERS)]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        time.sleep(chance.uniform(0.01, 0.1))
        victim = chance.choice(followers)
        if victim.reader is not None:
            victim.reader.cut()
    wanted = list(range(start + 1, office.head() + 1))
    assert len(wanted) >= WRITERS * EACH
    for follower in followers:
        until(lambda f=follower: len(f.ids) >= len(wanted), "all of it")  # type: ignore[misc]
        follower.stop()
        assert follower.ids == wanted
    assert sum(it.connections for it in followers) > 2 * FOLLOWERS


def test_a_server_that_is_restarted_or_killed_loses_and_repeats_nothing(own_ini: Path) -> None:
    token = bootstrap(own_ini)["token"]
    with running(own_ini) as desk:
        office = Office(desk, token)
        start = office.head()
        url = desk.url
        followers = [Follower(lambda: url, token, last_id=start) for _ in range(FOLLOWERS)]
        writers = [Thread(target=write, args=(office, number)) for number in range(2)]
        for thread in writers:
            thread.start()
        time.sleep(0.5)
        assert desk.end() == 0
    with running(own_ini) as desk:
        time.sleep(0.5)
        assert desk.end(signal.SIGKILL) == -signal.SIGKILL
    with running(own_ini) as desk:
        office.desk = desk
        for thread in writers:
            thread.join(60)
        wanted = list(range(start + 1, office.head() + 1))
        for follower in followers:
            until(lambda f=follower: len(f.ids) >= len(wanted), "all of it")  # type: ignore[misc]
            follower.stop()
            assert follower.ids == wanted
            assert follower.connections >= 3
        assert desk.end() == 0


def test_a_restart_waits_for_no_stream(own_ini: Path) -> None:
    token = bootstrap(own_ini)["token"]
    with running(own_ini) as desk:
        office = Office(desk, token)
        readers = [office.read() for _ in range(20)]
        began = time.monotonic()
        assert desk.end() == 0
        assert time.monotonic() - began < 5
        for reader in readers:
            reader.wait_for_end()


def trim(url: str, upto: int) -> None:
    """Remove the log's beginning, as housekeeping does after support.events.days."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("DELETE FROM events WHERE id <= ?", (upto,))
        return
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        connection.execute("DELETE FROM events WHERE id <= %s", (upto,))


def test_an_id_that_the_log_no_longer_reaches_back_to_is_a_reset(own_ini: Path) -> None:
    token = bootstrap(own_ini)["token"]
    with running(own_ini) as desk:
        office = Office(desk, token)
        for _ in range(10):
            office.customer()
        head = office.head()
        line = next(it for it in own_ini.read_text().splitlines() if it.startswith("sqlalchemy."))
        trim(line.partition(" = ")[2].replace("%%", "%"), head - 3)
        kept = office.read(last_id=head - 3)
        kept.wait_for(3)
        assert kept.ids == [head - 2, head - 1, head]
        lost = office.read(last_id=head - 4)
        (reset,) = lost.wait_for(1)
        assert (reset.name, reset.data) == ("reset", {"last_event_id": head})
        office.customer()
        lost.wait_for(2)
        assert lost.events[1].id == head + 1
        assert desk.end() == 0
