"""Places to work in: so many requests at once, and further ones while some of these only wait."""

from __future__ import annotations

from threading import Semaphore
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: The WSGI environ's key of :meth:`Place.give_way`.
GIVE_WAY = "support.give_way"

#: Threads that a server has beyond its places, for those who wait without one.
SPARE = 32


class Places:
    """A WSGI application of which ``count`` threads work at once; the others wait their turn.

    Few places are fastest, for threads of Python hinder each other. But a request that waits for
    somebody else, a server far away or a commit that others make, hinders nobody: it may give its
    place away (:meth:`Place.give_way`), and ends without one.
    """

    def __init__(self, wsgi: WSGIApp, count: int) -> None:
        self._wsgi = wsgi
        self._free = Semaphore(count)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer when there is a place."""
        self._free.acquire()
        place = Place(self._free)
        environ[GIVE_WAY] = place.give_way
        try:
            return self._wsgi(environ, start_response)
        finally:
            place.give_way()


class Place:
    """Where one request is worked on."""

    __slots__ = ("_free", "_given")

    def __init__(self, free: Semaphore) -> None:
        self._free = free
        self._given = False

    def give_way(self) -> None:
        """Give the place to somebody else, for the rest of this request."""
        if not self._given:
            self._given = True
            self._free.release()
