"""What agents and customers do meanwhile: requests through nginx, each counted."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds between two requests of one thread.
PAUSE = 0.1

#: Where callers sit: another address than the desk's own machines.
CALLERS = "127.0.0.7"


def client(base_url: str, token: str) -> httpx.Client:
    """Return a caller that opens a connection for each request, as many callers would."""
    return httpx.Client(
        base_url=f"{base_url}/api/support",
        headers={"Authorization": f"Bearer {token}"},
        transport=httpx.HTTPTransport(
            local_address=CALLERS, limits=httpx.Limits(max_keepalive_connections=0)
        ),
        timeout=30,
        trust_env=False,
    )


@dataclass
class Traffic:
    """Replies, notes and lists, by several threads; ``replies`` are the threads answered 201."""

    base_url: str
    token: str
    conversations: list[int]
    replies: set[int] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._ended = threading.Event()
        self._numbers = itertools.count(1)
        work = (self._reply, self._reply, self._list)
        self._threads = [threading.Thread(target=self._go, args=(each,)) for each in work]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def failed(self) -> str:
        """How many requests failed, and how."""
        kinds = Counter(self.failures).most_common(3)
        shown = ", ".join(f"{number} × {kind}" for kind, number in kinds)
        return f"{len(self.failures)} failed{f' ({shown})' if shown else ''}"

    @property
    def slowest(self) -> str:
        """The time that 99 of 100 requests stayed below, in milliseconds."""
        found = statistics.quantiles(self.seconds, n=100)[98] if len(self.seconds) > 1 else 0.0
        return f"{found * 1000:.0f} ms"

    def _go(self, work: Callable[[httpx.Client, int], httpx.Response]) -> None:
        with client(self.base_url, self.token) as caller:
            while not self._ended.wait(PAUSE):
                began = time.monotonic()
                try:
                    answer = work(caller, next(self._numbers))
                except httpx.TransportError as error:
                    self.failures.append(type(error).__name__)
                    continue
                self.seconds.append(time.monotonic() - began)
                if answer.status_code >= 400:
                    self.failures.append(f"{answer.request.method} {answer.status_code}")

    def _reply(self, caller: httpx.Client, number: int) -> httpx.Response:
        conversation = self.conversations[number % len(self.conversations)]
        path = f"/conversations/{conversation}/reply"
        answer = caller.post(path, json={"body": f"Answer {number}"})
        if answer.status_code == 201:
            made: dict[str, Any] = answer.json()["data"]
            self.replies.add(made["id"])
        return answer

    def _list(self, caller: httpx.Client, number: int) -> httpx.Response:
        return caller.get("/conversations", params={"page": 1 + number % 3, "per_page": 10})
