"""Places to work in: few at once, but whoever only waits takes none."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from support_core.places import Places
from tests.waiting import until

if TYPE_CHECKING:
    from support_core.places import Place


class Workers:
    """Pieces of work that begin when it is their turn, and end when they are told."""

    def __init__(self, places: Places) -> None:
        self.begun: list[str] = []
        self._places = places
        self._at: dict[str, Place] = {}
        self._may_end: dict[str, threading.Event] = {}

    def come(self, *names: str) -> None:
        for name in names:
            self._may_end[name] = threading.Event()
            self._places.run(lambda place, name=name: self._work(name, place))  # type: ignore[misc]

    def _work(self, name: str, place: Place) -> None:
        self._at[name] = place
        self.begun.append(name)
        assert self._may_end[name].wait(60)

    def give_way(self, name: str) -> None:
        self._at[name].give_way()

    def end(self, *names: str) -> None:
        for name in names:
            self._may_end[name].set()

    def have_begun(self, *names: str) -> None:
        until(lambda: len(self.begun) >= len(names), f"{names} have begun")
        assert self.begun == list(names)


def test_so_many_work_at_once_and_the_others_in_their_order() -> None:
    workers = Workers(Places(1, name="test"))
    workers.come("a", "b", "c")
    workers.have_begun("a")
    workers.end("a")
    workers.have_begun("a", "b")
    workers.end("b", "c")
    workers.have_begun("a", "b", "c")
    workers.come("d")
    workers.have_begun("a", "b", "c", "d")
    workers.end("d")


def test_who_gives_way_lets_one_more_work_and_takes_no_place_afterwards() -> None:
    workers = Workers(Places(1, name="test"))
    workers.come("waits", "b", "c")
    workers.have_begun("waits")
    workers.give_way("waits")
    workers.give_way("waits")  # it had but one place
    workers.have_begun("waits", "b")
    workers.end("waits")  # whose place is b's by now
    workers.come("d")
    workers.have_begun("waits", "b")
    workers.end("b", "c")
    workers.have_begun("waits", "b", "c", "d")
    workers.end("d")


def test_a_place_that_was_given_away_while_nobody_waited_is_free() -> None:
    workers = Workers(Places(1, name="test"))
    workers.come("waits")
    workers.have_begun("waits")
    workers.give_way("waits")
    workers.come("b")
    workers.have_begun("waits", "b")
    workers.end("waits", "b")


def test_only_so_many_wait_without_a_place() -> None:
    workers = Workers(Places(1, name="test", spare=1))
    workers.come("a", "b", "c")
    workers.have_begun("a")
    workers.give_way("a")
    workers.have_begun("a", "b")
    workers.give_way("b")
    workers.come("d")
    workers.have_begun("a", "b")
    workers.end("a", "b")
    workers.have_begun("a", "b", "c")
    workers.end("c", "d")
    workers.have_begun("a", "b", "c", "d")
