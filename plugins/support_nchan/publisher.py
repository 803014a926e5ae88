"""Speaking to nginx's publisher location."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from .channels import joined, turn
from .connections import Call, Connections, Failed
from .flight import ACCEPTED, Flight, NotPublished, Request, require, unreached

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Seconds for which an answer about nginx is believed.
FRESH = 5.0

EVENTS, PASSING = "/publish", "/passing"


class Message(NamedTuple):
    """What is published, and kept, under a name in some channels.

    Messages of one ``line`` are published in their order, each after the one before it was taken:
    those that one stream may show, of one channel or of several.
    """

    line: str
    channels: Sequence[str]
    name: str
    content: bytes


class Cut(NamedTuple):
    """A channel to be deleted, which ends its streams."""

    channel: str


class Publisher:
    """Publishes to nchan by HTTP; safe to use from several threads."""

    def __init__(self, url: str, secret: str) -> None:
        self._connections = Connections(url)
        self._headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._problem: str | None = None

    def publish(self, said: Iterable[Message | Cut]) -> None:
        """Publish messages, each line of them in its order, and cut where it is a cut's turn.

        All before a cut is published by then, and nothing after it. A message is tried for some
        seconds; then raises :class:`NotPublished`, and any number of the others, but none that
        comes after it in its line, have been published.
        """
        requests: list[Request] = []
        for it in said:
            if isinstance(it, Message):
                call = self._message(EVENTS, it.channels, it.name, it.content)
                requests.append(Request(it.line, call))
            else:
                Flight(self._connections, requests).run()
                requests = []
                self.cut(it.channel)
        Flight(self._connections, requests).run()

    def passing(self, channels: Sequence[str], *, name: str, content: bytes) -> int:
        """Publish what is over in seconds, once; returns the second of Redis's clock.

        Raises :class:`NotPublished`.
        """
        sent = self._message(PASSING, channels, name, content)
        answer: dict[str, Any] = orjson.loads(self._ask(sent))
        second = str(answer["last_message_id"]).partition(":")[0]
        return int(second)

    def cut(self, channel: str) -> None:
        """Delete a channel, which ends its streams; raises :class:`NotPublished`."""
        self._ask(self._bare("DELETE", channel), accepted=ACCEPTED | {404})

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    def problem(self) -> str | None:
        """Say in a sentence what keeps nginx from publishing; asked every few seconds at most."""
        with self._lock:
            if time.monotonic() - self._checked_at > FRESH:
                self._problem = self._asked()
                self._checked_at = time.monotonic()
            return self._problem

    def _asked(self) -> str | None:
        try:
            self._ask(self._bare("GET", turn(0, 1)), accepted=ACCEPTED | {404})
        except NotPublished as reason:
            return f"Streams get nothing new: {reason}"
        return None

    def _ask(self, call: Call, *, accepted: frozenset[int] = ACCEPTED) -> bytes:
        try:
            answer = self._connections.ask(call)
        except Failed as error:
            raise unreached(error) from None
        require(answer, accepted)
        return answer.body

    def _message(self, path: str, channels: Sequence[str], name: str, content: bytes) -> Call:
        headers = {
            **self._headers,
            "X-Support-Channels": joined(channels),
            "X-EventSource-Event": name,
            "Content-Type": "application/json",
        }
        return Call("POST", path, headers, content)

    def _bare(self, method: str, channel: str) -> Call:
        headers = {**self._headers, "X-Support-Channels": channel}
        return Call(method, EVENTS, headers)
