"""What streams may take: in number, and of a slow client's patience with us."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.serving.processes import bootstrap, running
from tests.waiting import until

from .conftest import Office
from .reader import Reader

if TYPE_CHECKING:
    from tests.serving.processes import Desk


def resident(desk: Desk) -> int:
    """Return the memory of a process, in bytes."""
    status = Path(f"/proc/{desk.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024


def test_one_stream_too_many_is_refused_with_a_sentence(own_ini: Path) -> None:
    text = own_ini.read_text().replace("streams.per_caller = 20", "streams.per_caller = 3")
    own_ini.write_text(text.replace("streams.max = 20000", "streams.max = 5"))
    made = bootstrap(own_ini)
    with running(own_ini) as desk:
        office = Office(desk, made["token"])
        mine = [office.read() for _ in range(3)]
        with office.client() as caller:
            answer = caller.get("/events/stream")
            assert answer.status_code == 429
            assert answer.json()["error"] == "too_many_requests"
            assert answer.json()["message"] == "You hold 3 streams open already; close one first."
            assert int(answer.headers["Retry-After"]) > 0
        other = office.post("/tokens", {"name": "other"})["token"]
        theirs = [office.read(token=other) for _ in range(2)]
        third = office.post("/tokens", {"name": "third"})["token"]
        with office.client(third) as caller:
            answer = caller.get("/events/stream")
            assert answer.status_code == 503
            assert answer.json()["error"] == "unavailable"
            assert int(answer.headers["Retry-After"]) > 0
        mine[0].cut()
        until(lambda: office.streams() == 4, "one has left")
        again = office.read()
        for reader in [*mine[1:], *theirs, again]:
            reader.cut()
        assert desk.end() == 0


def test_a_slow_reader_delays_nobody_takes_little_and_gets_everything(own_ini: Path) -> None:
    token = bootstrap(own_ini)["token"]
    with running(own_ini) as desk:
        office = Office(desk, token)
        start = office.head()
        for _ in range(300):
            office.customer()
        quick = office.read(last_id=start)
        quick.wait_for(300)
        before = resident(desk)
        slow = [Reader(desk.url, token, last_id=0, paused=True, buffer=4096) for _ in range(15)]
        for reader in slow:
            assert reader.status == 200
        began = time.monotonic()
        for _ in range(300):
            office.customer()
        quick.wait_for(600)
        assert quick.ids == list(range(start + 1, start + 601))
        assert time.monotonic() - began < 60
        assert resident(desk) - before < 24 * 1024 * 1024
        for reader in slow:
            reader.resume()
        wanted = list(range(1, office.head() + 1))
        for reader in slow:
            reader.wait_for(len(wanted))
            assert reader.ids == wanted
            reader.cut()
        quick.cut()
        assert desk.end() == 0
