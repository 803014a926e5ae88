"""A client of Server-Sent Events that knows nothing of the server but its address."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event as Flag, Thread
from typing import TYPE_CHECKING, Any

from tests.waiting import PATIENCE, until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATH = "/api/support/events/stream"


@dataclass
class Received:
    """One event as a browser would dispatch it."""

    name: str
    data: Any
    id: int | None


@dataclass
class Parser:
    """Reads the event stream format (WHATWG HTML, section 9.2.6)."""

    last_id: int | None = None
    events: list[Received] = field(default_factory=list)
    comments: int = 0
    retry: int | None = None
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(default_factory=list)
    _own_id: int | None = None

    def feed(self, received: bytes) -> None:
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            self._line(line.decode())

    def _line(self, line: str) -> None:
        if not line:
            self._dispatch()
            return
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "":
            self.comments += 1
        elif name == "id":
            self.last_id = self._own_id = int(value)
        elif name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "retry":
            self.retry = int(value)

    def _dispatch(self) -> None:
        if self._data:
            data = json.loads("\n".join(self._data))
            self.events.append(Received(self._name, data, self._own_id))
        self._name, self._data, self._own_id = "", [], None


class Reader:
    """One stream, read on a thread until it ends; :meth:`cut` ends it from here."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        query: str = "",
        last_id: int | None = None,
        headers: Mapping[str, str] | None = None,
        path: str = PATH,
        paused: bool = False,
        buffer: int | None = None,
    ) -> None:
        self.parser = Parser(last_id=last_id)
        self.head = b""
        self.ended = Flag()
        self._go = Flag()
        if not paused:
            self._go.set()
        host, _, port = url.removeprefix("http://").partition(":")
        self._socket = socket.socket()
        if buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self._socket.settimeout(PATIENCE * 2)
        sent = {
            "Host": "desk",
            "Accept": "text/event-stream",
            **({"Authorization": f"Bearer {token}"} if token else {}),
            **({"Last-Event-ID": str(last_id)} if last_id is not None else {}),
            **(headers or {}),
        }
        lines = [f"GET {path}{query} HTTP/1.1", *(f"{name}: {it}" for name, it in sent.items())]
        try:
            self._socket.connect((host, int(port)))
            self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        except OSError:
            self._socket.close()
            raise
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def status(self) -> int:
        """The response's status; waits for it."""
        until(lambda: b"\r\n\r\n" in self.head or self.ended.is_set(), "the answer")
        return int(self.head.split(b" ", 2)[1]) if self.head else 0

    @property
    def events(self) -> list[Received]:
        """What was dispatched so far."""
        return self.parser.events

    @property
    def ids(self) -> list[int]:
        """The ids of what was dispatched."""
        return [it.id for it in self.events if it.id is not None]

    @property
    def names(self) -> list[str]:
        """The names of what was dispatched."""
        return [it.name for it in self.events]

    def open(self) -> Reader:
        """Wait until the stream has begun."""
        assert self.status == 200, self.head
        until(lambda: self.parser.retry is not None, "the first frame")
        return self

    def resume(self) -> None:
        """Read on, after having been made ``paused``."""
        self._go.set()

    def wait_for(self, number: int) -> list[Received]:
        """Wait for so many events."""
        until(lambda: len(self.events) >= number, f"{number} events, has {self.names}")
        return self.events

    def wait_for_end(self) -> None:
        """Wait until the server has ended it."""
        assert self.ended.wait(PATIENCE), "the stream goes on"

    def cut(self) -> None:
        """End it from here, without a word."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        try:
            while b"\r\n\r\n" not in self.head:
                received = self._socket.recv(65_536)
                if not received:
                    return
                self.head += received
            self.head, _, rest = self.head.partition(b"\r\n\r\n")
            self.head += b"\r\n\r\n"
            self._go.wait()
            self.parser.feed(rest)
            while received := self._socket.recv(65_536):
                self._go.wait()
                self.parser.feed(received)
        except OSError:
            pass  # cut
        finally:
            self.ended.set()
            self._socket.close()


class Follower:
    """Comes back whenever its stream ends, with the last id it saw, as a browser does."""

    def __init__(self, urls: Callable[[], str], token: str, *, last_id: int) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self._urls = urls
        self._token = token
        self._last_id = last_id
        self._done = Flag()
        self.reader: Reader | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def ids(self) -> list[int]:
        """The ids of all that was received, in order."""
        return [it.id for it in self.received if it.id is not None]

    def stop(self) -> None:
        """Come back no more."""
        self._done.set()
        if self.reader is not None:
            self.reader.cut()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._done.is_set():
            try:
                self.reader = Reader(self._urls(), self._token, last_id=self._last_id)
            except OSError:
                self._done.wait(0.1)  # the server is away
                continue
            self.connections += 1
            seen = 0
            while not self.reader.ended.is_set() and not self._done.is_set():
                seen = self._collect(seen)
                self.reader.ended.wait(0.01)
            self._collect(seen)
            self._last_id = self.reader.parser.last_id or self._last_id
            if not self.reader.head.startswith(b"HTTP/1.1 200"):
                self._done.wait(0.1)

    def _collect(self, seen: int) -> int:
        assert self.reader is not None
        new = self.reader.events[seen:]
        self.received += new
        return seen + len(new)
