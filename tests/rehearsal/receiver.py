"""Where signed replies arrive: the other end of a mailbox's callback."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from standardwebhooks.webhooks import Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDRESS = "127.0.0.6"


class Receiver:
    """Verifies what arrives and counts it by thread; the same message twice is one effect."""

    def __init__(self) -> None:
        self.url = ""
        self.secret = ""
        self.posts: Counter[int] = Counter()
        self.effects: dict[int, str] = {}
        self.refused = 0
        self._lock = threading.Lock()

    @property
    def repeated(self) -> int:
        """Posts that came again; their webhook-id was the same, so they had no effect."""
        return self.posts.total() - len(self.effects)

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        """Take one post; raises for a wrong signature, and for a thread under two message ids."""
        event = Webhook(self.secret).verify(body, headers)
        thread = event["data"]["thread"]["id"]
        message_id = headers["webhook-id"]
        with self._lock:
            self.posts[thread] += 1
            known = self.effects.setdefault(thread, message_id)
        if known != message_id:
            raise AssertionError(f"thread {thread} came as {known} and as {message_id}")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                receiver.take(body, {key.lower(): value for key, value in self.headers.items()})
            except Exception:
                receiver.refused += 1
                self.send_response(400)
                raise
            else:
                self.send_response(204)
            finally:
                self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with _Server((ADDRESS, 0), Handler) as server:
        receiver.url = f"http://{ADDRESS}:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
