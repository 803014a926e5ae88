"""Speaking to nginx's publisher location."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import orjson

from .channels import joined, turn
from .connections import Connections, Failed

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds.
PATIENCE, PAUSE, FRESH = 8.0, 0.25, 5.0

EVENTS, PASSING = "/publish", "/passing"

ACCEPTED = frozenset({200, 201, 202})


class NotPublished(Exception):
    """nginx did not take it; the message says why, without the secret."""


class Publisher:
    """Publishes to nchan by HTTP; safe to use from several threads."""

    def __init__(self, url: str, secret: str) -> None:
        self._connections = Connections(url)
        self._headers = {"Authorization": f"Bearer {secret}", "Accept": "application/json"}
        self._lock = threading.Lock()
        self._checked_at = float("-inf")
        self._problem: str | None = None

    def event(self, channels: Sequence[str], *, name: str, content: bytes) -> None:
        """Publish what is kept; tries for some seconds, then raises :class:`NotPublished`."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._post(EVENTS, channels, name=name, content=content)
            except NotPublished:
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE)
            else:
                return

    def passing(self, channels: Sequence[str], *, name: str, content: bytes) -> int:
        """Publish what is over in seconds, once; returns the second of Redis's clock.

        Raises :class:`NotPublished`.
        """
        answer: dict[str, Any] = orjson.loads(
            self._post(PASSING, channels, name=name, content=content)
        )
        second = str(answer["last_message_id"]).partition(":")[0]
        return int(second)

    def cut(self, channel: str) -> None:
        """Delete a channel, which ends its streams; raises :class:`NotPublished`."""
        self._ask("DELETE", EVENTS, (channel,), accepted=ACCEPTED | {404})

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
            self._ask("GET", EVENTS, (turn(0, 1),), accepted=ACCEPTED | {404})
        except NotPublished as reason:
            return f"Streams get nothing new: {reason}"
        return None

    def _post(self, path: str, channels: Sequence[str], *, name: str, content: bytes) -> bytes:
        headers = {"X-EventSource-Event": name, "Content-Type": "application/json"}
        return self._ask("POST", path, channels, headers=headers, content=content)

    def _ask(  # noqa: PLR0913 - by keyword
        self,
        method: str,
        path: str,
        channels: Sequence[str],
        *,
        headers: dict[str, str] | None = None,
        content: bytes = b"",
        accepted: frozenset[int] = ACCEPTED,
    ) -> bytes:
        sent = {**self._headers, "X-Support-Channels": joined(channels), **(headers or {})}
        try:
            status, body = self._connections.ask(method, path, sent, content)
        except Failed as error:
            raise NotPublished(f"nginx cannot be reached ({type(error).__name__}).") from None
        if status not in accepted:
            raise NotPublished(f"nginx's publisher answered {status}.")
        return body
