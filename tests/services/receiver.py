"""A host's end of a webhook: it listens, remembers, and answers as it is told."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


@dataclass(frozen=True)
class Answer:
    """What a request is answered, after how many seconds."""

    status: int = 204
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
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


class Receiver:
    """Listens on a free port of loopback while it is open.

    ``script`` answers the next requests, one each; then ``rule`` answers by what was received.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.script: list[Answer] = []
        self.rule: Callable[[Received], Answer] = lambda _received: Answer()
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def types(self) -> list[str]:
        """The types of what was received, in order."""
        return [it.payload["type"] for it in self.received]

    def _take(self, received: Received) -> Answer:
        with self._lock:
            self.received.append(received)
            return self.script.pop(0) if self.script else self.rule(received)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = receiver._take(Received(self.path, headers, body, time.monotonic()))
                time.sleep(answer.after)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST  # noqa: N815 - the base class's name

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_args: Any) -> None:
        """A client that did not wait for its answer is no error here."""
