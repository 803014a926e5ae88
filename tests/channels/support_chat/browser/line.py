"""A network line between browser and desk that can be cut, and that can go dead."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Line:
    """Forwards connections to an address."""

    def __init__(self, target: str) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._lock = Lock()
        self._open: list[tuple[socket.socket, socket.socket]] = []
        self._dead: set[socket.socket] = set()
        self.refusing = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection, as a restart of the server does."""
        with self._lock:
            pairs, self._open = self._open, []
        for pair in pairs:
            _close(*pair)

    def go_dead(self) -> None:
        """Carry nothing more on the connections that are open, without ending them: a sleep."""
        with self._lock:
            self._dead.update(side for pair in self._open for side in pair)

    def stop(self) -> None:
        """Take no more connections, and end those that are open."""
        self.refusing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.refusing:
                near.close()
                continue
            far = socket.create_connection(self._target)
            with self._lock:
                self._open.append((near, far))
            for source, sink in ((near, far), (far, near)):
                Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65536):
                with self._lock:
                    dead = source in self._dead
                if not dead:
                    sink.sendall(received)
        with self._lock:
            dead = source in self._dead
        if not dead:
            _close(source, sink)


def _close(*sides: socket.socket) -> None:
    for side in sides:
        with suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)
        side.close()


@contextmanager
def line(target: str) -> Iterator[Line]:
    """Lay a line to ``target`` until the block ends."""
    laid = Line(target)
    try:
        yield laid
    finally:
        laid.stop()
