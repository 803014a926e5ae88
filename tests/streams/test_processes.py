"""Several processes: each bus between them, the gateway, and a bus that goes away."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.serving.processes import BIN, Desk, bootstrap, running, write_ini
from tests.waiting import until

from .conftest import QUIET, Office, _numbers
from .reader import Follower, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.databases import Databases
    from tests.services.redis import Redis

#: Without the bus nobody would hear within this time; see ``support.streams.poll`` below.
AT_ONCE = 10.0


@pytest.fixture(params=["postgresql", "redis"])
def bus(request: pytest.FixtureRequest, databases: Databases) -> str:
    """A bus that processes share."""
    if request.param == "postgresql":
        if databases.dialect != "postgresql":
            pytest.skip("runs with SUPPORT_TEST_DATABASE=postgresql")
        return "postgresql"
    server: Redis = request.getfixturevalue("redis")
    return f"{server.url}/0"


def beside(ini: Path, name: str) -> Path:
    """Return an ini of another process of the same desk, with a port of its own."""
    folder = ini.parent / name
    folder.mkdir()
    line = next(it for it in ini.read_text().splitlines() if it.startswith("sqlalchemy.url"))
    other = write_ini(folder, line.partition(" = ")[2].replace("%%", "%"), QUIET)
    port = next(it for it in other.read_text().splitlines() if it.startswith("listen = "))
    own = next(it for it in ini.read_text().splitlines() if it.startswith("listen = "))
    other.write_text(ini.read_text().replace(own, port).replace("%(here)s/", "%(here)s/../"))
    return other


@contextmanager
def two(ini: Path, bus: str, *, poll: str, command: tuple[str, ...] = ()) -> Iterator[Offices]:
    """Serve one desk by two processes; the second runs ``command``."""
    text = ini.read_text().replace("support.bus = memory", f"support.bus = {bus}")
    text = text.replace("bus.namespace = support", f"bus.namespace = test{next(_numbers)}")
    ini.write_text(text.replace("streams.poll = 1", f"streams.poll = {poll}"))
    token = bootstrap(ini)["token"]
    second = beside(ini, "second")
    line = (BIN / "support-core", "-c", second, *command) if command else ()
    with running(ini) as one, running(second, *line) as other:
        yield Offices(Office(one, token), Office(other, token))


class Offices:
    """One desk, by its two processes."""

    def __init__(self, first: Office, second: Office) -> None:
        self.first = first
        self.second = second


def test_what_one_process_commits_the_streams_of_another_have_at_once(
    own_ini: Path, bus: str
) -> None:
    with two(own_ini, bus, poll="3600") as offices:
        reader = offices.second.read()
        time.sleep(0.5)  # the process has found out that nothing came since
        id_ = offices.first.conversation(offices.first.mailbox())
        until(lambda: len(reader.events) >= 4, "four events", patience=AT_ONCE)
        offices.first.post(f"/conversations/{id_}/typing")
        until(lambda: "agent.typing" in reader.names, "the signal", patience=AT_ONCE)
        made = offices.first.post("/tokens", {"name": "short-lived"})
        theirs = offices.second.read(token=made["token"])
        offices.first.call("DELETE", f"/tokens/{made['id']}")
        theirs.wait_for_end()
        reader.cut()


def test_streams_that_wander_between_processes_lose_and_repeat_nothing(
    own_ini: Path, bus: str
) -> None:
    with two(own_ini, bus, poll="3600") as offices:
        urls = [offices.first.desk.url, offices.second.desk.url]
        start = offices.first.head()
        turns = iter(range(10**6))
        followers = [
            Follower(lambda: urls[next(turns) % 2], offices.first.token, last_id=start)
            for _ in range(4)
        ]
        for number in range(80):
            (offices.first if number % 3 else offices.second).customer()
            if number % 5 == 0 and (reader := followers[number % 4].reader) is not None:
                reader.cut()
        wanted = list(range(start + 1, offices.first.head() + 1))
        assert len(wanted) == 80
        for follower in followers:
            until(lambda f=follower: len(f.ids) >= 80, "all of it")  # type: ignore[misc]
            follower.stop()
            assert follower.ids == wanted


def test_without_a_shared_bus_another_process_finds_out_by_polling(own_ini: Path) -> None:
    with two(own_ini, "memory", poll="1") as offices:
        reader = offices.second.read()
        offices.first.customer()
        offices.first.customer()
        reader.wait_for(2)
        assert reader.names == ["customer.created"] * 2
        reader.cut()


def test_a_bus_that_is_lost_shows_and_streams_go_on_by_polling(own_ini: Path, redis: Redis) -> None:
    with two(own_ini, f"{redis.url}/0", poll="1") as offices:
        reader = offices.second.read()
        redis.kill()
        try:
            began = time.monotonic()
            for _ in range(5):
                offices.first.customer()
            assert time.monotonic() - began < 5
            reader.wait_for(5)
            with offices.second.client() as caller:
                until(lambda: caller.get("/readyz").status_code == 503, "readyz is red")
                checks = caller.get("/readyz").json()["checks"]
                (bus,) = [it for it in checks if it["name"] == "bus"]
                assert bus["message"] == ("The bus (Redis) is away; live events come by polling.")
                assert "support_bus_up 0.0" in caller.get("/metrics").text
        finally:
            redis.start()
        with offices.second.client() as caller:
            until(lambda: caller.get("/readyz").status_code == 200, "readyz is green again")
            assert "support_bus_up 1.0" in caller.get("/metrics").text
        offices.first.customer()
        reader.wait_for(6)
        assert reader.ids == list(range(reader.ids[0], reader.ids[0] + 6))
        reader.cut()


@pytest.mark.parametrize("command", ["serve", "gateway", "worker"])
def test_a_bus_that_cannot_be_reached_stops_the_start(own_ini: Path, command: str) -> None:
    bootstrap(own_ini)
    text = own_ini.read_text()
    own_ini.write_text(text.replace("support.bus = memory", "support.bus = redis://127.0.0.1:1/0"))
    refused = Desk(own_ini, BIN / "support-core", "-c", own_ini, command)
    assert refused.process.wait(60) == 2
    last = refused.output.splitlines()[-1]
    assert last.startswith("support-core: support.bus: Redis at 127.0.0.1:1/0 does not answer")
    assert "Traceback" not in refused.output


def test_a_gateway_holds_streams_and_answers_nothing_else(own_ini: Path, bus: str) -> None:
    with two(own_ini, bus, poll="3600", command=("gateway",)) as offices:
        reader = offices.second.read()
        offices.first.customer()
        until(lambda: bool(reader.events), "the event", patience=AT_ONCE)
        with offices.second.client() as caller:
            assert caller.get("/readyz").status_code == 200
            assert "support_streams_open 1.0" in caller.get("/metrics").text
            for path in ("/conversations", "/events", "/auth/me", "/docs", "/nothing", "/%FF"):
                answer = caller.get(path)
                assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
            assert caller.post("/customers", json={"email": "a@b.example"}).status_code == 404
        refused = Reader(offices.second.desk.url, "sct_nobody-has-this-one")
        assert refused.status == 401
        refused.cut()
        assert offices.second.desk.end() == 0
        reader.wait_for_end()


def test_a_gateway_listens_where_it_is_told_to(own_ini: Path) -> None:
    token = bootstrap(own_ini)["token"]
    url = beside(own_ini, "port").read_text()
    address = next(it for it in url.splitlines() if it.startswith("listen = ")).split()[-1]
    command = (BIN / "support-core", "-c", own_ini, "gateway", "--listen", address)
    with running(own_ini, *command, ready="serving") as gateway:
        until(lambda: _answers(f"http://{address}/api/support/healthz"), "it answers")
        reader = Reader(f"http://{address}", token).open()
        assert gateway.end() == 0
        reader.wait_for_end()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
