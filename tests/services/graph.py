"""The Graph API for tests: a stand-in that fails, throttles and forgets as Meta does."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support_whatsapp.simulator import GraphServer, Reply, Sent, error

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Graph", "Reply", "Sent", "error", "throttled"]


@dataclass(frozen=True)
class Asked:
    """A request, with what it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int


def throttled() -> Reply:
    """Return what Meta answers to too many messages."""
    return error(130429, "Rate limit hit", "Cloud API message throughput has been reached.")


class Graph(GraphServer):
    """``failures`` are answered once each, in order, to the requests that they are about.

    A key is the end of a path: ``/messages``, ``/media``, or a part of one. ``expired`` links
    answer 404. Read receipts never fail.
    """

    def __init__(self, *, heard: Callable[[Sent], None] | None = None) -> None:
        super().__init__(heard=heard)
        self.failures: list[tuple[str, Reply]] = []
        self.asked: list[Asked] = []
        self.expire = 0
        self._asking = threading.Lock()

    def fail(self, path: str, *replies: Reply) -> None:
        """Answer the next requests whose path has ``path`` in it with these."""
        self.failures += [(path, reply) for reply in replies]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        """Answer one request, and note it."""
        receipt = path.endswith("/messages") and b'"status": "read"' in body
        failure = None if receipt else self._failure(path)
        reply = failure or super().answer(method, path, headers, body)
        with self._asking:
            self.asked.append(Asked(method, path, headers, body, reply.status))
        return reply

    def _failure(self, path: str) -> Reply | None:
        with self._asking:
            if self.expire and "/link/" in path:
                self.expire -= 1
                return Reply(404, b"", "text/plain")
            for position, (wanted, reply) in enumerate(self.failures):
                if wanted in path:
                    del self.failures[position]
                    return reply
        return None
