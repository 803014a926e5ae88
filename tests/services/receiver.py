"""A host's end of a webhook: it listens, remembers, and answers as it is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support_core.testing import stand_in

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Answer(stand_in.Answer):
    """What a request is answered, after how many seconds."""

    status: int = 204
    body: bytes = b""
    after: float = 0.0


@dataclass(frozen=True)
class Received:
    """A request as it came in, and when (``time.monotonic``)."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        """The ``webhook-id``."""
        return self.headers["webhook-id"]

    @property
    def payload(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def event(self) -> tuple[int | None, int]:
        """The conversation and the event it tells of."""
        data = self.payload["data"]
        return data["conversation_id"], data["event_id"]


class Receiver(stand_in.StandIn):
    """Listens on a free port of loopback while it is open.

    ``script`` answers the next requests, one each; then ``rule`` answers by what was received.
    """

    def __init__(self) -> None:
        super().__init__()
        self.received: list[Received] = []
        self.script: list[Answer] = []
        self.rule: Callable[[Received], Answer] = lambda _received: Answer()

    @property
    def url(self) -> str:
        """Where hosts are to be told of things."""
        return f"{super().url}/hook"

    @property
    def types(self) -> list[str]:
        """The types of what was received, in order."""
        return [it.payload["type"] for it in self.received]

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer by the script, then by the rule."""
        del method
        received = Received(path, headers, body, time.monotonic())
        with self._lock:
            self.received.append(received)
            answer = self.script.pop(0) if self.script else self.rule(received)
        time.sleep(answer.after)
        return answer
