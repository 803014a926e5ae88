"""Places to work in: few at once, but whoever only waits takes none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from support_core.places import GIVE_WAY, Places
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Requests:
    """Requests that end when they are told; of how many are worked on at once."""

    def __init__(self, count: int) -> None:
        self.begun: list[str] = []
        self._places = Places(self._answer, count)
        self._give_way: dict[str, Callable[[], None]] = {}
        self._may_end: dict[str, threading.Event] = {}
        self._threads: dict[str, threading.Thread] = {}

    def come(self, *names: str) -> None:
        for name in names:
            self._may_end[name] = threading.Event()
            arguments = ({"name": name}, None)
            thread = threading.Thread(target=self._places, args=arguments, daemon=True)
            self._threads[name] = thread
            thread.start()

    def _answer(self, environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        name = environ["name"]
        self._give_way[name] = environ[GIVE_WAY]
        self.begun.append(name)
        assert self._may_end[name].wait(60)
        return []

    def give_way(self, name: str) -> None:
        self._give_way[name]()

    def end(self, *names: str) -> None:
        for name in names:
            self._may_end[name].set()
            self._threads[name].join(60)

    def end_all(self) -> None:
        for event in self._may_end.values():
            event.set()

    def have_begun(self, *names: str) -> None:
        until(lambda: len(self.begun) >= len(names), f"{names} have begun")
        assert self.begun == list(names)


@pytest.fixture
def requests() -> Iterator[Requests]:
    of_one_place = Requests(1)
    yield of_one_place
    of_one_place.end_all()


def test_so_many_are_worked_on_at_once(requests: Requests) -> None:
    requests.come("a")
    requests.have_begun("a")
    requests.come("b")
    requests.end("a")
    requests.have_begun("a", "b")


def test_who_gives_way_lets_one_more_work_and_takes_no_place_afterwards(
    requests: Requests,
) -> None:
    requests.come("waits")
    requests.have_begun("waits")
    requests.give_way("waits")
    requests.give_way("waits")  # it had but one place
    requests.come("b")
    requests.have_begun("waits", "b")
    requests.end("waits")  # whose place is b's by now
    requests.come("c")
    requests.have_begun("waits", "b")
    requests.end("b")
    requests.have_begun("waits", "b", "c")


def test_an_application_that_raises_gives_its_place_back() -> None:
    def broken(_environ: Any, _start_response: Any) -> list[bytes]:
        raise ZeroDivisionError

    places = Places(broken, 1)
    for _ in range(2):  # the second would wait for ever
        with pytest.raises(ZeroDivisionError):
            places({}, lambda *_: None)
