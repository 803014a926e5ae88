"""A client that follows a stream through everything, as an EventSource does."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import httpx

#: Seconds after which a client comes back.
RETRY = 0.3


@dataclass
class Watching:
    """Counts the events it saw by their id, whatever broke in between."""

    base_url: str
    token: str
    seen: Counter[int] = field(default_factory=Counter)
    connections: int = 0
    resets: int = 0
    last_id: str = ""

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._open = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        assert self._open.wait(30), f"no stream at {self.base_url}"
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(30)

    @property
    def repeated(self) -> int:
        return self.seen.total() - len(self.seen)

    def _watch(self) -> None:
        while not self._ended.is_set():
            # Where it breaks off, it goes on.
            with (
                contextlib.suppress(httpx.TransportError, httpx.StreamError),
                httpx.Client(timeout=httpx.Timeout(5, read=30), trust_env=False) as caller,
            ):
                self._follow(caller)
            self._ended.wait(RETRY)

    def _follow(self, caller: httpx.Client) -> None:
        headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {self.token}"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        url = f"{self.base_url}/api/support/events/stream"
        with caller.stream("GET", url, headers=headers) as answer:
            if answer.status_code != 200:
                return
            self.connections += 1
            event = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = value
                    self._open.set()
                elif name == "event":
                    event = value
                    self.resets += event == "reset"
                elif name == "data" and "id" in (said := json.loads(value)):
                    self.seen[said["id"]] += 1
                if self._ended.is_set():
                    return
