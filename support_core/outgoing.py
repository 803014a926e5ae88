"""HTTP requests to addresses that users gave: webhooks, media.

On httpcore itself, without a client above it: there is then nothing that could follow a
redirect, keep a cookie for the next tenant, or take a proxy or password from the environment.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from support_core.outgoing_policy import (
    Address,
    AddressNotAllowed,
    Kind,
    Network,
    OutgoingError,
    OutgoingPolicy,
    UrlInvalid,
    parse_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = [
    "Address",
    "AddressNotAllowed",
    "Kind",
    "Network",
    "OutgoingClient",
    "OutgoingError",
    "OutgoingPolicy",
    "OutgoingResponse",
    "UrlInvalid",
]

# The moment (time.monotonic) by which the request that this thread is making must be over.
# Connections are pooled and outlive requests, so that the moment cannot be the connection's.
_deadline: ContextVar[float] = ContextVar("support_core.outgoing.deadline")

# Whether this thread's request has begun to leave.
_leaving: ContextVar[bool] = ContextVar("support_core.outgoing.leaving", default=False)


@dataclass(frozen=True, slots=True)
class OutgoingResponse:
    """What a server answered; any status is an answer, a redirect too."""

    status: int
    headers: httpx.Headers
    body_head: bytes
    """The first bytes of the body as sent, at most the client's `max_response_bytes`."""
    truncated: bool
    """Whether the body had more."""
    elapsed: float
    """Seconds from the start of the request until its body was read."""


class OutgoingClient:
    """Makes single HTTP requests within a policy. Safe to share between threads."""

    def __init__(
        self,
        policy: OutgoingPolicy,
        *,
        timeout: float = 20.0,
        max_response_bytes: int = 65_536,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare a pool of connections; none is opened yet.

        `timeout` is the total for a request in seconds: look-up, connection, TLS, sending and
        reading. `ssl_context` replaces the default one (certifi's authorities, or those of
        `SSL_CERT_FILE`).
        """
        self.policy = policy
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or httpx.create_ssl_context(),
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=10.0,
            network_backend=_Backend(policy),
        )

    def request(  # noqa: PLR0913 - of a request, by keyword
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | Iterator[bytes] | None = None,
        timeout: float | None = None,
        sink: Callable[[bytes], object] | None = None,
        max_bytes: int | None = None,
    ) -> OutgoingResponse:
        """Send one request and return its answer. Raises `OutgoingError`, and what `sink` raises.

        `content` in pieces needs a `Content-Length` among the headers. The body of an answer of
        status 200 goes to `sink`, piece by piece, where there is one; not more of it than
        `max_bytes`, after which the answer is `truncated`. `timeout` replaces the client's own.
        """
        started = time.monotonic()
        token = _deadline.set(started + (timeout or self._timeout))
        leaving = _leaving.set(False)
        try:
            with _translated_errors():
                self.policy.check_url(url)
                return self._exchange(
                    method,
                    parse_url(url),
                    headers=headers,
                    content=content,
                    started=started,
                    sink=sink,
                    max_bytes=max_bytes,
                )
        except OutgoingError as error:
            error.sent = _leaving.get()
            raise
        finally:
            _deadline.reset(token)
            _leaving.reset(leaving)

    def close(self) -> None:
        """Close every pooled connection."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(  # noqa: PLR0913 - of a request, by keyword
        self,
        method: str,
        url: httpx.URL,
        *,
        headers: Mapping[str, str] | None,
        content: bytes | Iterator[bytes] | None,
        started: float,
        sink: Callable[[bytes], object] | None,
        max_bytes: int | None,
    ) -> OutgoingResponse:
        sent = httpx.Headers({"Accept": "*/*", "Accept-Encoding": "identity"})
        sent.update(headers)
        sent["Host"] = url.netloc.decode("ascii")
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        with self._pool.stream(
            method,
            target,
            headers=sent.raw,
            content=content,
            extensions={"timeout": {"pool": self._timeout}},
        ) as response:
            body = bytearray()
            if sink is not None and response.status == 200:
                whole = _pour(response.iter_stream(), sink, max_bytes)
                return OutgoingResponse(
                    status=response.status,
                    headers=httpx.Headers(response.headers),
                    body_head=b"",
                    truncated=not whole,
                    elapsed=time.monotonic() - started,
                )
            for chunk in response.iter_stream():
                body += chunk
                if len(body) > self._max_response_bytes:
                    break
            return OutgoingResponse(
                status=response.status,
                headers=httpx.Headers(response.headers),
                body_head=bytes(body[: self._max_response_bytes]),
                truncated=len(body) > self._max_response_bytes,
                elapsed=time.monotonic() - started,
            )


def _pour(chunks: Iterable[bytes], sink: Callable[[bytes], object], max_bytes: int | None) -> bool:
    """Give a body to `sink`; False where it is longer than it may be."""
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if max_bytes is not None and taken > max_bytes:
            return False
        sink(chunk)
    return True


class _Backend(httpcore.NetworkBackend):
    """Opens the pool's connections, to checked addresses only."""

    def __init__(self, policy: OutgoingPolicy) -> None:
        self.policy = policy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline covers it
        local_address: str | None = None,  # noqa: ARG002 - the pool sets none
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        connection = self.policy.connect(host, port, timeout=_remaining())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _Stream(connection)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends by the deadline of the request that takes it.

    httpcore's own stream starts its timeouts anew with each step, so that a server which
    sends a byte now and then holds it for ever.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        with _socket_errors(httpcore.ReadError):
            self._socket.settimeout(_remaining())
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        unsent = memoryview(buffer)
        with _socket_errors(httpcore.WriteError):
            while unsent:
                self._socket.settimeout(_remaining())
                _leaving.set(True)
                unsent = unsent[self._socket.send(unsent) :]

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        try:
            self._socket.settimeout(_remaining())
            return _Stream(ssl_context.wrap_socket(self._socket, server_hostname=server_hostname))
        except TimeoutError as error:
            raise _timeout() from error
        except ssl.SSLCertVerificationError as error:
            raise OutgoingError(
                "tls", f"The certificate of {server_hostname} is not valid: {error.verify_message}."
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a name TLS cannot carry
            raise OutgoingError(
                "tls", f"No secure connection to {server_hostname} could be made."
            ) from error
        finally:
            self.close()  # wrap_socket has taken the connection over, or it has failed

    def get_extra_info(self, info: str) -> Any:
        """Answer the pool's two questions: the TLS object, and whether the peer spoke up."""
        if info == "ssl_object":
            return self._socket if isinstance(self._socket, ssl.SSLSocket) else None
        if info == "is_readable":
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            return bool(poll.poll(0))
        return None


def _timeout() -> OutgoingError:
    return OutgoingError("timeout", "The server did not answer in time.")


def _remaining() -> float:
    """Return the seconds this thread's request has left. Raises `OutgoingError` (timeout)."""
    seconds = _deadline.get() - time.monotonic()
    if seconds <= 0:
        raise _timeout()
    return seconds


@contextmanager
def _socket_errors(broken: type[httpcore.NetworkError]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise _timeout() from error
    except OSError as error:
        raise broken(str(error)) from error


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except AddressNotAllowed as error:
        raise OutgoingError("refused_address", str(error)) from error
    except UrlInvalid as error:
        raise OutgoingError("protocol", str(error)) from error
    except httpcore.TimeoutException as error:
        raise _timeout() from error
    except httpcore.NetworkError as error:
        raise OutgoingError("connect", "The connection broke off.") from error
    except httpcore.LocalProtocolError as error:
        raise OutgoingError("protocol", "The request has a header that HTTP forbids.") from error
    except httpcore.ProtocolError as error:
        raise OutgoingError("protocol", "The server did not answer in valid HTTP.") from error
