"""A client of streams, as an EventSource is one."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 20


@dataclass
class Frame:
    """One event of a stream; ``data`` is what its JSON says."""

    event: str = "message"
    id: str = ""
    data: Any = None


@dataclass
class Listening:
    """Listens on a thread; ``frames`` are those that came so far, without the opening one."""

    url: str
    token: str
    headers: Mapping[str, str] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    opened: Frame | None = None
    last_id: str = ""
    status: int = 0
    answer: httpx.Headers = field(default_factory=httpx.Headers)
    refusal: str = ""
    ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._client = httpx.Client(timeout=httpx.Timeout(SECONDS, read=60), trust_env=False)
        sent = {"Accept": "text/event-stream"}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = self._client.build_request("GET", self.url, headers={**sent, **self.headers})
        self._response = self._client.send(request, stream=True)
        self.status, self.answer = self._response.status_code, self._response.headers
        if self.status != 200:
            self.refusal = self._response.read().decode()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        stream = self._response.extensions["network_stream"]
        with contextlib.suppress(OSError):  # it has ended already
            stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(SECONDS)
        self._response.close()
        self._client.close()

    def wait_for(self, number: int) -> list[Frame]:
        """Return the first ``number`` frames, once they are there."""
        self._until(lambda: len(self.frames) >= number, f"{number} frames")
        return self.frames[:number]

    def wait_until_open(self) -> Self:
        """Wait for the opening frame, which says that nchan serves the stream."""
        self._until(lambda: self.opened is not None, "an opening frame")
        return self

    def wait_for_the_end(self) -> None:
        assert self.ended.wait(SECONDS), "the stream did not end"

    def stays_quiet(self, seconds: float = 0.6) -> bool:
        """Tell whether nothing more came for a while."""
        before = len(self.frames)
        time.sleep(seconds)
        return len(self.frames) == before

    @property
    def ids(self) -> list[int]:
        """The ids of the log, of the events that came."""
        return [frame.data["id"] for frame in self.frames if "id" in frame.data]

    def _until(self, reached: Any, what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not reached():
            assert time.monotonic() < deadline, f"no {what}, but {self.frames}, {self.refusal}"
            time.sleep(0.01)

    def _listen(self) -> None:
        frame = Frame()
        try:
            for line in self._response.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    frame.event = value
                elif name == "id":
                    frame.id = self.last_id = value
                elif name == "data":
                    frame.data = json.loads(value)
                elif not line and frame != Frame():
                    self._took(frame)
                    frame = Frame()
        except (httpx.HTTPError, httpx.StreamError):
            pass  # we left, or nginx did
        self.ended.set()

    def _took(self, frame: Frame) -> None:
        if frame.event == "opened":
            self.opened = frame
        else:
            self.frames.append(frame)
