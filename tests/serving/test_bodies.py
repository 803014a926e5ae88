"""Request bodies: large, slow, chunked, broken off."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import ExitStack, closing
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from .processes import bootstrap, running, write_ini
from .wire import connect, head, raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases

    from .processes import Desk

MEGABYTE = 1 << 20


def test_a_body_far_over_the_limit_is_answered_413_at_once(client: httpx.Client) -> None:
    began = time.monotonic()
    answer = client.post("/conversations", content=b"x" * 10 * MEGABYTE)
    assert answer.status_code == 413
    assert answer.json()["error"] == "payload_too_large"
    assert time.monotonic() - began < 2
    assert client.get("/auth/me").status_code == 200, "the connection goes on"


def test_a_large_upload_takes_a_fraction_of_its_size_in_memory(
    desk: Desk, client: httpx.Client
) -> None:
    small = client.post("/attachments", files={"file": ("small.bin", b"x" * 100_000)})
    assert small.status_code == 201, small.text
    before = desk.peak_memory
    content = b"0123456789abcdef" * (24 * MEGABYTE // 16)
    answers: list[httpx.Response] = []

    def upload() -> None:
        answers.append(client.post("/attachments", files={"file": ("large.bin", content)}))

    both = [Thread(target=upload), Thread(target=upload)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert desk.peak_memory - before < 12 * MEGABYTE


class Dribble:
    """A request whose large body comes byte by byte until this ends."""

    def __init__(self, desk: Desk, request: bytes) -> None:
        self._request = request
        self._enough = Event()
        self._connection = connect(desk)
        self._thread = Thread(target=self._send)

    def __enter__(self) -> None:
        self._connection.sendall(self._request)
        self._thread.start()

    def __exit__(self, *_exception: object) -> None:
        self._enough.set()
        self._thread.join()
        self._connection.close()

    def _send(self) -> None:
        while not self._enough.wait(0.1):
            self._connection.sendall(b" ")


@pytest.mark.parametrize("path", ["/attachments", "/customers"])
def test_slow_bodies_keep_no_other_request_waiting(
    desk: Desk, client: httpx.Client, token: str, path: str
) -> None:
    form = path == "/attachments"
    kind = "multipart/form-data; boundary=b" if form else "application/json"
    slow = head("POST", path, token, Content_Type=kind, Content_Length="200000")
    with ExitStack() as all_of_them:
        for _ in range(3):
            all_of_them.enter_context(Dribble(desk, slow + (b"--b\r\n" if form else b"{")))
        time.sleep(0.5)  # for them to get as far as they may
        for number in range(2):
            body = {"email": f"quick{number}{path[1:]}@customers.example"}
            assert client.post("/customers", json=body).status_code == 201
            assert client.get("/auth/me").status_code == 200


def test_a_small_body_that_never_comes_is_answered_408(desk: Desk, token: str) -> None:
    answer = raw(desk, head("POST", "/mailboxes", token, Content_Length="20"), b'{"name"')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "invalid_request"


def test_a_body_that_ends_early_does_nothing_and_alarms_nobody(
    desk: Desk, client: httpx.Client, token: str
) -> None:
    before = client.get("/customers").json()["meta"]["total"]
    body = b'{"email": "half@customers.example"}'
    request = head("POST", "/customers", token, Content_Length=str(len(body) + 100_000))
    raw(desk, request, body, pause=0.3, close=True)
    time.sleep(0.5)
    assert client.get("/customers").json()["meta"]["total"] == before
    assert "unhandled_exception" not in desk.output
    assert "Traceback" not in desk.output


def test_a_chunked_body_is_read(client: httpx.Client) -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"name": "Chunked", '
        yield b'"email": "chunked@acme.example"}'

    answer = client.post(
        "/mailboxes", content=pieces(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 201, answer.text


def test_a_request_that_runs_is_answered_before_the_end(
    databases: Databases, tmp_path: Path
) -> None:
    ini = write_ini(tmp_path, databases.create("graceful"))
    secret = bootstrap(ini)["token"]
    body = b'{"name": "Late", "email": "late@acme.example"}'
    request = head("POST", "/mailboxes", secret, Content_Length=str(len(body)))
    with running(ini) as desk:
        host, _, port = desk.url.removeprefix("http://").partition(":")
        with closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
            connection.sendall(request + body[:10])
            time.sleep(0.3)
            desk.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(body[10:])
            answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 201 ")
        assert desk.process.wait(40) == 0
