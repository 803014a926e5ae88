"""One nginx before what answers in the desk's place: the proxy alone is looked at here."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.services import require_service
from tests.services.nginx import Nginx, NginxMissing
from tests.services.process import free_port

from .site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo(BaseHTTPRequestHandler):
    """Answers what it was asked, as JSON; on a stream's path, a frame each 50 ms."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.partition("?")[0].endswith("/stream"):
            self._stream()
            return
        length = int(self.headers.get("Content-Length") or 0)
        asked = {
            "method": self.command,
            "path": self.path,
            "bytes": len(self.rfile.read(length)),
            "port": self.server.server_address[1],
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }
        body = json.dumps(asked).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(20):
            self.wfile.write(b"data: %d\n\n" % number)
            self.wfile.flush()
            time.sleep(0.05)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    """Answer on loopback; yields ``host:port``."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def nginx_of(site: Site) -> Iterator[Nginx]:
    """Run nginx for a site; skip where there is none."""
    listen = [site.listen, *([site.secure] if site.secure else [])]
    addresses = tuple((it.rpartition(":")[0], int(it.rpartition(":")[2])) for it in listen)
    try:
        server = Nginx(site.files(), addresses=addresses, nchan=site.nchan is not None)
    except (NginxMissing, LookupError) as missing:
        require_service("nginx", str(missing))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def desks() -> Iterator[tuple[str, str, str]]:
    """Two that answer as web processes, and one as the gateway."""
    with answering() as first, answering() as second, answering() as gateway:
        yield first, second, gateway


@pytest.fixture(scope="module")
def site(desks: tuple[str, str, str]) -> Site:
    first, second, gateway = desks
    return Site(f"127.0.0.1:{free_port()}", [first, second], gateway)


@pytest.fixture(scope="module")
def nginx(site: Site) -> Iterator[Nginx]:
    with nginx_of(site) as running:
        yield running
