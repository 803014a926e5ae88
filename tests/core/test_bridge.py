"""WSGI under ASGI: what the application is told, and what becomes of its answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from webob.request import DisconnectionError

from support_core.bridge import Bridge
from support_core.places import GIVE_WAY, Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SCOPE: dict[str, Any] = {
    "method": "POST",
    "raw_path": b"/a%20b/%FF",
    "query_string": b"x=%C3%A9",
    "http_version": "1.1",
    "scheme": "https",
    "server": ("127.0.0.1", 6543),
    "client": ("203.0.113.7", 5000),
    "headers": [
        (b"host", b"desk"),
        (b"content-type", b"text/plain"),
        (b"accept", b"a"),
        (b"accept", b"b"),
        (b"x_forged", b"yes"),
    ],
}


def answer(wsgi: Callable[..., Any], body: Any = b"", **scope: Any) -> list[dict[str, Any]]:
    """Return the messages of one answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def ask() -> None:
        bridge = Bridge(wsgi, Places(1, name="test"))
        await bridge.answer({**SCOPE, **scope}, body=body, more={"support.more": 1}, send=send)

    asyncio.run(asyncio.wait_for(ask(), 60))
    return sent


class Parts:
    """An answer in pieces, of which some may fail; knows whether it was closed."""

    def __init__(self, *parts: bytes | Exception) -> None:
        self._parts = parts
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts:
            if isinstance(part, Exception):
                raise part
            yield part

    def close(self) -> None:
        self.closed = True


def saying(parts: Iterable[bytes], status: str = "200 OK") -> Callable[..., Any]:
    def application(_environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", " text/plain "), ("X-Two", "é")])
        return parts

    return application


def test_the_environ_is_what_pep_3333_describes() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        seen["body"] = environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [b""]

    answer(application, b"all of it")
    assert seen["PATH_INFO"] == "/a b/\xff"
    assert (seen["SCRIPT_NAME"], seen["QUERY_STRING"]) == ("", "x=%C3%A9")
    assert (seen["REQUEST_METHOD"], seen["SERVER_PROTOCOL"]) == ("POST", "HTTP/1.1")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"]) == ("127.0.0.1", "6543")
    assert (seen["REMOTE_ADDR"], seen["wsgi.url_scheme"]) == ("203.0.113.7", "https")
    assert (seen["HTTP_HOST"], seen["CONTENT_TYPE"], seen["HTTP_ACCEPT"]) == (
        "desk",
        "text/plain",
        "a,b",
    )
    assert "HTTP_X_FORGED" not in seen
    assert "wsgi.input_terminated" not in seen
    assert (seen["body"], seen["support.more"]) == (b"all of it", 1)
    assert callable(seen[GIVE_WAY])


def test_an_answer_that_is_there_leaves_in_two_messages() -> None:
    headers = [(b"content-type", b"text/plain"), (b"x-two", "é".encode("latin-1"))]
    assert answer(saying([b"whole"], "201 Created")) == [
        {"type": "http.response.start", "status": 201, "headers": headers},
        {"type": "http.response.body", "body": b"whole", "more_body": False},
    ]
    assert [it.get("body") for it in answer(saying([]))] == [None, b""]


def test_an_answer_in_pieces_is_passed_on_piece_by_piece_and_closed() -> None:
    parts = Parts(b"one", b"", b"two")
    sent = answer(saying(parts))
    assert [(it.get("body"), it.get("more_body")) for it in sent] == [
        (None, None),
        (b"one", True),
        (b"two", True),
        (b"", False),
    ]
    assert parts.closed


@pytest.mark.parametrize("error", [ZeroDivisionError("no"), StopIteration("no")])
def test_what_the_application_raises_is_raised(error: Exception) -> None:
    def application(_environ: Any, _start_response: Any) -> list[bytes]:
        raise error

    with pytest.raises((ZeroDivisionError, RuntimeError)):
        answer(application)
    broken = Parts(b"one", ZeroDivisionError("in the middle"))
    with pytest.raises(ZeroDivisionError):
        answer(saying(broken))
    assert broken.closed


def test_an_application_must_begin_its_answer() -> None:
    with pytest.raises(RuntimeError, match="start_response"):
        answer(lambda _environ, _start_response: [b"body"])


def test_an_error_replaces_an_answer_that_was_not_begun() -> None:
    def application(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        start_response("500 Oh", [], (ValueError, ValueError("oh"), None))
        return [b"sorry"]

    assert answer(application)[0]["status"] == 500


def test_a_body_that_is_still_coming_is_read_as_a_file() -> None:
    coming = [b"first li", b"ne\nsecond", b"", b" line\nthe rest"]
    read: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"body": coming.pop(0), "more_body": bool(coming)}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        stream = environ["wsgi.input"]
        read.extend([stream.readline(), stream.read(6), stream.readline(), stream.read()])
        assert stream.read(10) == b""
        start_response("200 OK", [])
        return [b""]

    answer(application, receive, headers=[(b"transfer-encoding", b"chunked")])
    assert read == [b"first line\n", b"second", b" line\n", b"the rest"]


def test_a_client_that_leaves_in_its_body_is_the_applications_to_know() -> None:
    async def receive() -> dict[str, Any]:
        raise DisconnectionError("gone")

    def application(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        return []

    with pytest.raises(DisconnectionError, match="gone"):
        answer(application, receive)
