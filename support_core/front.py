"""The ASGI front: Pyramid under WSGI on threads, and what it answers by a stream on the event loop.

A WSGI thread is worth waiting for nobody: small bodies are here before a thread is taken, and
large ones are streamed on threads of their own, so that slow uploads keep only uploads waiting.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import orjson
import structlog
from a2wsgi import WSGIMiddleware
from webob.request import DisconnectionError

from .places import SPARE, Places
from .rest.bodies import BODY_IS_HERE
from .streams.slot import ENVIRON, StreamSlot
from .streams.takeover import CONNECTION, take_over

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    from .places import WSGIApp
    from .streams.hub import Hub

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

log = structlog.get_logger(__name__)

#: Bodies up to so many bytes are read before a thread is taken; larger ones are streamed.
SMALL_BODY = 64 * 1024


class BodyLate(Exception):
    """The client sent nothing of its announced body for too long."""


class Front:
    """The ASGI application of the embedded server.

    ``threads`` answer requests, ``upload_threads`` those with bodies over :data:`SMALL_BODY`. A
    request whose view opened a stream goes on in ``hub``. ``body_timeout`` is in seconds. ``start``
    and ``stop`` run in a thread with the server's start and end.
    """

    def __init__(  # noqa: PLR0913 - options, by keyword
        self,
        wsgi: WSGIApp,
        *,
        hub: Hub,
        threads: int,
        upload_threads: int,
        body_timeout: float,
        start: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._requests = _bridge(wsgi, threads)
        self._uploads = _bridge(wsgi, upload_threads)
        self._body_timeout = body_timeout
        self._start = start
        self._stop = stop

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one connection event, as ASGI 3 has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        # To WSGI, X_Name and X-Name are one header; a proxy in front only guards the latter.
        scope["headers"] = [header for header in scope["headers"] if b"_" not in header[0]]
        body = _Body(receive, self._body_timeout)
        try:
            complete = await body.read_ahead(scope["headers"])
        except BodyLate:
            await _refuse(send)
            return
        except DisconnectionError:
            return  # nobody is left to be answered
        pool = self._requests if complete else self._uploads
        slot = scope[ENVIRON] = StreamSlot(self._hub)
        scope[BODY_IS_HERE] = complete
        held = _Held(send, slot)
        await pool(scope, body.receive, held)
        if slot.subscription is not None and held.headers is not None:
            take_over(scope[CONNECTION], held.headers, slot.subscription, self._hub)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await asyncio.to_thread(self._start)
            await self._hub.start()
        except Exception:
            log.exception("start_failed")
            await send({"type": "lifespan.startup.failed"})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.stop()
        await asyncio.to_thread(self._stop)
        await send({"type": "lifespan.shutdown.complete"})


class _Held:
    """Passes a response on, unless its view opened a stream: then its headers are kept."""

    def __init__(self, send: Send, slot: StreamSlot) -> None:
        self._send = send
        self._slot = slot
        self.headers: list[tuple[bytes, bytes]] | None = None

    async def __call__(self, message: Message) -> None:
        opened = self._slot.subscription is not None
        if opened and message["type"] == "http.response.start" and message["status"] == 200:
            self.headers = message["headers"]
        if self.headers is None:
            await self._send(message)


class _Body:
    """A request's body: what was read ahead, then what is still to come."""

    def __init__(self, receive: Receive, timeout: float) -> None:
        self._receive = receive
        self._timeout = timeout
        self._ahead: deque[Message] = deque()

    async def read_ahead(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Read a small body whole; return whether that is all of it.

        Nothing is read of a body that announces itself as larger: who refuses it need not have
        it sent first.
        """
        announced = False
        for name, value in headers:
            if name == b"content-length" and int(value) > SMALL_BODY:
                return False
            announced = announced or name in (b"content-length", b"transfer-encoding")
        if not announced:
            return True
        size = 0
        while size <= SMALL_BODY:
            message = await self._next()
            self._ahead.append(message)
            size += len(message.get("body", b""))
            if not message.get("more_body", False):
                return True
        return False

    async def receive(self) -> Message:
        """Return the next part; raises ``DisconnectionError`` where it will never come."""
        if self._ahead:
            return self._ahead.popleft()
        try:
            return await self._next()
        except BodyLate:
            raise DisconnectionError("The client stopped sending its request body.") from None

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout(self._timeout):
                message = await self._receive()
        except TimeoutError:
            raise BodyLate from None
        if message["type"] == "http.disconnect":
            raise DisconnectionError("The client disconnected while it sent its request body.")
        return message


async def _refuse(send: Send) -> None:
    body = {"error": "invalid_request", "message": "The request body did not arrive in time."}
    content = orjson.dumps(body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 408, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def _bridge(wsgi: WSGIApp, places: int) -> Any:
    corrected: Any = Places(_corrected(wsgi), places)
    return WSGIMiddleware(corrected, workers=places + SPARE)


def _corrected(wsgi: WSGIApp) -> WSGIApp:
    """Give ``wsgi`` the environ that PEP 3333 describes, where a2wsgi's differs."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        # The path's own bytes: decoded as text, what is no UTF-8 would be silently replaced.
        raw_path: bytes = environ["asgi.scope"]["raw_path"]
        environ["PATH_INFO"] = unquote_to_bytes(raw_path).decode("latin-1")
        environ["wsgi.errors"] = sys.stderr
        environ["wsgi.multiprocess"] = False
        for name in (ENVIRON, BODY_IS_HERE):
            environ[name] = environ["asgi.scope"][name]
        if "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input_terminated"] = True  # a chunked body ends by itself
        return wsgi(environ, start_response)

    return application
