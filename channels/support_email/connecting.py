"""Connections to mail servers: to checked addresses only, with TLS, and with an end in time."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from support_core.plugin_api import OutgoingError

from .problems import MailServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.plugin_api import OutgoingPolicy

    from .account import Server


class Deadline:
    """A moment by which everything on a connection has to be over.

    A server that sends a byte now and then passes any time-out of a single read; when the moment
    has come, the connection is cut, and whoever waits on it is woken with an error.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._connection: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.passed = False

    @property
    def remaining(self) -> float:
        """The seconds that are left; never less than a hundredth."""
        return max(0.01, self._end - time.monotonic())

    def hold(self, connection: socket.socket) -> None:
        """Cut this connection when the time is over."""
        self._connection = connection

    @contextmanager
    def running(self) -> Iterator[Deadline]:
        """Let the time run until the block ends."""
        self._timer.start()
        try:
            yield self
        finally:
            self._timer.cancel()

    def _cut(self) -> None:
        self.passed = True
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # closed already
                return


def open_connection(
    server: Server, policy: OutgoingPolicy, *, timeout: float, ca_file: str = ""
) -> socket.socket:
    """Return a connection, with TLS on it where the server is to have it from the start.

    Raises ``MailServerError`` naming the step: resolve, connect or TLS.
    """
    end = time.monotonic() + timeout
    try:
        addresses = policy.resolve(server.host, server.port, timeout=timeout)
    except OutgoingError as error:
        raise MailServerError("resolve", str(error)) from error
    try:
        connection = policy.connect(
            server.host,
            server.port,
            timeout=max(0.01, end - time.monotonic()),
            addresses=addresses,
        )
    except OutgoingError as error:
        raise MailServerError("connect", str(error)) from error
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if server.encryption != "ssl":
        return connection
    with tls_errors(server):
        connection.settimeout(max(0.01, end - time.monotonic()))
        try:
            return tls_context(ca_file, verify=server.verify).wrap_socket(
                connection, server_hostname=server.host
            )
        except BaseException:
            connection.close()
            raise


@contextmanager
def tls_errors(server: Server) -> Iterator[None]:
    """Turn what goes wrong in a TLS handshake into a sentence."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        reason = error.verify_message.rstrip(".")
        raise MailServerError(
            "TLS", f"The certificate of {server.host} is not valid: {reason}."
        ) from error
    except TimeoutError as error:
        raise MailServerError(
            "TLS", f"{server.host} did not complete the TLS handshake."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a name TLS cannot carry
        raise MailServerError(
            "TLS", f"No secure connection to {server.host} could be made on port {server.port}."
        ) from error


def ca_state(ca_file: str) -> float:
    """Return what changes with the file of authorities; 0.0 where there is none to be read."""
    try:
        return Path(ca_file).stat().st_mtime if ca_file else 0.0
    except OSError:
        return 0.0


def tls_context(ca_file: str, *, verify: bool) -> ssl.SSLContext:
    """Return a context that checks certificates against the system's authorities and ours.

    Raises ``OSError`` and ``ValueError`` for a file of authorities that is none.
    """
    return _context(ca_file, ca_state(ca_file), verify)


@lru_cache(maxsize=8)
def _context(ca_file: str, _state: float, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
