"""Places to work in: so many requests at once, and further ones while some of these only wait."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Work = Callable[["Place"], None]

#: The WSGI environ's key of :meth:`Place.give_way`.
GIVE_WAY = "support.give_way"

#: Threads that may wait without a place, by one.
SPARE = 32


class Places:
    """Runs work on threads, at ``count`` places; what finds none free waits for its turn.

    Few places are fastest, for threads of Python hinder each other. But work that waits for
    somebody else, a server far away or a commit that others make, hinders nobody: it may give its
    place away (:meth:`Place.give_way`), and ends without one. Up to ``spare`` do so at once.
    """

    def __init__(self, count: int, *, name: str, spare: int = SPARE) -> None:
        self._threads = ThreadPoolExecutor(count + spare, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._queue: deque[Work] = deque()
        self._free = count
        self._spare = spare

    def run(self, work: Work) -> None:
        """Run ``work``, which raises nothing, as soon as there is a place."""
        with self._lock:
            if not self._free:
                self._queue.append(work)
                return
            self._free -= 1
        self._threads.submit(self._run, work)

    def _run(self, first: Work) -> None:
        work: Work | None = first
        while work is not None:
            place = Place(self)
            work(place)
            work = self._leave(place)

    def _leave(self, place: Place) -> Work | None:
        """Return who has the place next."""
        with self._lock:
            if place.given:
                self._spare += 1
                return None
            if self._queue:
                return self._queue.popleft()
            self._free += 1
            return None

    def give_away(self, place: Place) -> None:
        """Let another work in this place from now on; without a spare thread, nothing happens."""
        with self._lock:
            if place.given or not self._spare:
                return
            place.given = True
            self._spare -= 1
            if not self._queue:
                self._free += 1
                return
            following = self._queue.popleft()
        self._threads.submit(self._run, following)


class Place:
    """Where one piece of work is done."""

    __slots__ = ("_places", "given")

    def __init__(self, places: Places) -> None:
        self._places = places
        self.given = False

    def give_way(self) -> None:
        """Give the place to somebody else, before a wait; for the rest of this work."""
        self._places.give_away(self)
