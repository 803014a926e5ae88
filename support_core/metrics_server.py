"""``GET /metrics`` of a process that serves nothing else: a worker."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from socketserver import TCPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from .security.secrets import same
from .settings import ConfigurationError

if TYPE_CHECKING:
    from .application import Application

log = structlog.get_logger(__name__)

#: Seconds that a scraper may be silent.
TIMEOUT = 10


class MetricsServer:
    """Answers ``GET /metrics`` at ``address`` (host:port), or a port after it while it is taken.

    ``count`` ports are tried, for as many processes of one command line.
    Asks for ``support.metrics.token`` where that is set. Raises
    :class:`~support_core.settings.ConfigurationError` when none of the ports can be had.
    """

    def __init__(self, application: Application, address: str, *, count: int = 1) -> None:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not int(port) + count <= 65536:
            raise ConfigurationError(f"--metrics: {address!r} is not host:port.")
        self._server = _listening(_handler(application), host.strip("[]"), int(port), count=count)
        self.port: int = self._server.server_address[1]
        self._thread = Thread(
            target=self._server.serve_forever, name="support-metrics", daemon=True
        )

    def start(self) -> None:
        """Start the thread that answers."""
        self._thread.start()
        log.info("metrics_served", port=self.port)

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A second process must not get a port that another one answers on.
    allow_reuse_port = False

    def server_bind(self) -> None:
        """Bind, without asking DNS for a name as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Log what went wrong, where every other line goes."""
        log.exception("metrics_request_failed")


class _ServerSix(_Server):
    address_family = AF_INET6


def _listening(
    handler: type[BaseHTTPRequestHandler], host: str, port: int, *, count: int
) -> _Server:
    kind = _ServerSix if ":" in host else _Server
    for candidate in range(port, port + count):
        try:
            return kind((host, candidate), handler)
        except OSError as error:
            problem = error
    ports = f"{host}:{port}" if count == 1 else f"{host}:{port}-{port + count - 1}"
    raise ConfigurationError(
        f"--metrics: cannot listen on {ports} ({problem.strerror}); choose another address."
    )


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    token: str = application.settings["support.metrics.token"]

    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(404, b"Only /metrics is here.\n")
            elif token and not same(self.headers.get("Authorization", ""), f"Bearer {token}"):
                self._answer(401, b"Unauthenticated.\n")
            else:
                self._answer(200, generate_latest(application.metrics), CONTENT_TYPE_LATEST)

        def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Log no requests."""

    return Handler
