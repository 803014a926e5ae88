"""WSGI under ASGI: requests on threads, and their answers back on the event loop.

An answer that is there at once, as nearly all are, crosses from its thread to the loop in one step;
anything else is passed on piece by piece, no faster than the client takes it.
"""

from __future__ import annotations

import asyncio
import io
import sys
from contextvars import copy_context
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from .places import GIVE_WAY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from .places import Place, Places

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    WSGIApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Bridge:
    """Runs a WSGI application in the places of ``places``."""

    def __init__(self, wsgi: WSGIApp, places: Places) -> None:
        self._wsgi = wsgi
        self._places = places

    async def answer(
        self,
        scope: Mapping[str, Any],
        *,
        body: bytes | Receive,
        more: Mapping[str, Any],
        send: Send,
    ) -> None:
        """Answer one request, whose ``body`` is here or still to be received.

        ``more`` is added to its environ. Raises what the application raises.
        """
        loop = asyncio.get_running_loop()
        environ = {**_environ(scope), **more}
        stream = body if isinstance(body, bytes) else io.BufferedReader(_Incoming(loop, body))
        environ["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else stream
        response = _Response(loop, send)
        done: asyncio.Future[bytes] = loop.create_future()
        context = copy_context()
        self._places.run(lambda place: context.run(self._work, environ, response, done, place))
        last = await done
        if not response.begun:
            await send(response.head())
        await send({"type": "http.response.body", "body": last, "more_body": False})

    def _work(
        self,
        environ: dict[str, Any],
        response: _Response,
        done: asyncio.Future[bytes],
        place: Place,
    ) -> None:
        environ[GIVE_WAY] = place.give_way
        try:
            step = partial(_resolve, done, response.take(self._wsgi(environ, response.start)))
        except BaseException as error:  # noqa: BLE001 - the loop raises it
            step = partial(_fail, done, error)
        response.loop.call_soon_threadsafe(step)


def _resolve(done: asyncio.Future[bytes], last: bytes) -> None:
    if not done.done():  # by the end of the server
        done.set_result(last)


def _fail(done: asyncio.Future[bytes], error: BaseException) -> None:
    if isinstance(error, StopIteration):  # which a future cannot raise
        error = RuntimeError("The application raised StopIteration.")
    if not done.done():
        done.set_exception(error)


class _Response:
    """What a WSGI application answers, on its thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send) -> None:
        self.loop = loop
        self.begun = False
        self._send = send
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        """WSGI's ``start_response``."""
        if exc_info is not None and self.begun:
            raise exc_info[1].with_traceback(exc_info[2])
        self._status = int(status.partition(" ")[0])
        self._headers = [
            (name.strip().lower().encode("latin-1"), value.strip().encode("latin-1"))
            for name, value in headers
        ]
        return self._pass_on

    def head(self) -> Message:
        """Return the message that begins the answer."""
        if not self._status:
            raise RuntimeError("The application did not call start_response.")
        return {"type": "http.response.start", "status": self._status, "headers": self._headers}

    def take(self, parts: Iterable[bytes]) -> bytes:
        """Pass the parts on, all but what may be sent with the end; return that."""
        try:
            if isinstance(parts, list) and len(parts) == 1:
                whole: bytes = parts[0]
                return whole
            for part in parts:
                self._pass_on(part)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        return b""

    def _pass_on(self, part: bytes) -> None:
        """Send a part, and wait until the connection has taken it."""
        if part:
            asyncio.run_coroutine_threadsafe(self._sent(part), self.loop).result()

    async def _sent(self, part: bytes) -> None:
        if not self.begun:
            self.begun = True
            await self._send(self.head())
        await self._send({"type": "http.response.body", "body": part, "more_body": True})


class _Incoming(io.RawIOBase):
    """A body that is still on its way, read on a thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        self._loop = loop
        self._receive = receive
        self._left = memoryview(b"")
        self._more = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill some of ``buffer``; 0 at the end."""
        while not self._left and self._more:
            message = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
            self._left = memoryview(message.get("body", b""))
            self._more = message.get("more_body", False)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    async def _next(self) -> Message:
        return await self._receive()


def _environ(scope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the environ of PEP 3333, but for its body."""
    server = scope.get("server") or ("localhost", 80)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        # The path's own bytes: decoded as text, what is no UTF-8 would be silently replaced.
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 0),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    client = scope.get("client")
    if client is not None:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    for name, value in scope["headers"]:
        # To WSGI, X_Name and X-Name are one header; a proxy in front only guards the latter.
        if b"_" in name:
            continue
        key, text = _key(name), value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    if "HTTP_TRANSFER_ENCODING" in environ:
        environ["wsgi.input_terminated"] = True  # a chunked body ends by itself
    return environ


@lru_cache(maxsize=256)
def _key(name: bytes) -> str:
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in {"CONTENT_LENGTH", "CONTENT_TYPE"} else f"HTTP_{key}"
