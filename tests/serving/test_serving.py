"""One process that answers: bodies, headers, proxies, and what it refuses."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import closing
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from .processes import BIN, Desk, bootstrap, running, support_core, write_ini

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def ini(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ini(
        tmp_path_factory.mktemp("serving"),
        databases.create("serving"),
        {
            "support.ratelimit.enabled": "false",
            "trusted_proxies": "127.0.0.1",
            "body_timeout": "1",
            "upload_threads": "2",
        },
    )


@pytest.fixture(scope="module")
def token(ini: Path) -> str:
    made = bootstrap(ini)
    secret: str = made["token"]
    return secret


@pytest.fixture(scope="module")
def desk(ini: Path, token: str) -> Iterator[Desk]:
    with running(ini) as serving:
        yield serving
        assert serving.end() == 0


@pytest.fixture
def client(desk: Desk, token: str) -> Iterator[httpx.Client]:
    with desk.client(token) as caller:
        yield caller


def raw(desk: Desk, *parts: bytes, pause: float = 0.0, close: bool = False) -> bytes:
    """Send bytes as they are and return everything that comes back."""
    host, _, port = desk.url.removeprefix("http://").partition(":")
    with closing(socket.create_connection((host, int(port)), timeout=20)) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        if close:
            return b""
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def head(method: str, path: str, token: str, **headers: str) -> bytes:
    lines = [
        f"{method} /api/support{path} HTTP/1.1",
        "Host: desk",
        f"Authorization: Bearer {token}",
    ]
    lines += ["Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


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


def test_slow_uploads_delay_no_other_request(desk: Desk, client: httpx.Client, token: str) -> None:
    slow = [
        Thread(
            target=raw,
            args=(
                desk,
                head(
                    "POST",
                    "/attachments",
                    token,
                    Content_Type="multipart/form-data; boundary=b",
                    Content_Length="200000",
                ),
                b"--b\r\n",
            ),
        )
        for _ in range(6)
    ]
    for each in slow:
        each.start()
    time.sleep(0.2)
    began = time.monotonic()
    assert client.get("/auth/me").status_code == 200
    assert time.monotonic() - began < 0.8
    for each in slow:
        each.join()


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


def test_an_answer_on_a_kept_connection_waits_for_no_acknowledgement(
    client: httpx.Client,
) -> None:
    def seconds() -> float:
        started = time.perf_counter()
        assert client.get("/healthz").status_code == 200
        return time.perf_counter() - started

    client.get("/healthz")
    assert min(seconds() for _ in range(10)) < 0.035  # a delayed ACK comes after 0.04


def test_a_path_that_is_no_utf8_is_refused_as_such(client: httpx.Client) -> None:
    answer = client.get("/conversations/%FF")
    assert answer.status_code in {400, 404}
    assert answer.json()["error"] in {"invalid_request", "not_found"}


def test_a_header_spelt_with_underscores_is_not_taken_for_one_with_dashes(
    desk: Desk, token: str
) -> None:
    request = head("GET", "/auth/me", token).replace(
        b"\r\n\r\n", b"\r\nX_Request_Id: forged\r\n\r\n"
    )
    answer = raw(desk, request)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"forged" not in answer


def _address_of_the_last_change(client: httpx.Client) -> Any:
    return client.get("/audit").json()["data"][0]["actor"]["address"]


def test_a_trusted_proxy_says_who_calls(client: httpx.Client) -> None:
    body = {"name": "Proxied", "email": "proxied@acme.example"}
    headers = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    assert client.post("/mailboxes", json=body, headers=headers).status_code == 201
    assert _address_of_the_last_change(client) == "203.0.113.7"
    assert client.get("/mailboxes", headers=headers).json()["links"]["first"].startswith("https:")


def test_nobody_is_believed_where_no_proxy_is_trusted(databases: Databases, tmp_path: Path) -> None:
    ini = write_ini(tmp_path, databases.create("untrusting"))
    secret = bootstrap(ini)["token"]
    with running(ini) as desk, desk.client(secret) as caller:
        body = {"name": "Direct", "email": "direct@acme.example"}
        headers = {"X-Forwarded-For": "203.0.113.7"}
        assert caller.post("/mailboxes", json=body, headers=headers).status_code == 201
        assert _address_of_the_last_change(caller) == "127.0.0.1"


def test_every_request_is_one_line_of_ours(desk: Desk, client: httpx.Client) -> None:
    client.get("/auth/me", headers={"X-Request-Id": "one-line-please"}).raise_for_status()
    lines = [line for line in desk.output.splitlines() if "one-line-please" in line]
    assert len(lines) == 1
    assert "support_core.access" in lines[0]


def test_pserve_starts_the_same_desk(ini: Path, token: str, desk: Desk) -> None:
    assert desk.process.poll() is None
    folder = ini.parent / "second"  # its own port, the same database and keys
    folder.mkdir()
    other = write_ini(folder, _url(ini))
    other.write_text(other.read_text().replace("%(here)s/var", "%(here)s/../var"))
    with running(other, BIN / "pserve", other) as served, served.client(token) as caller:
        assert caller.get("/auth/me").status_code == 200
        assert "workers=4" in served.output
        assert served.end() == 0


def _url(ini: Path) -> str:
    lines = ini.read_text().splitlines()
    return next(line for line in lines if line.startswith("sqlalchemy.url")).partition(" = ")[2]


@pytest.mark.parametrize("server", ["support-core", "pserve"])
def test_a_schema_that_is_behind_is_refused_with_one_sentence(
    databases: Databases, tmp_path: Path, server: str
) -> None:
    ini = write_ini(tmp_path, databases.create(f"behind_{server.replace('-', '_')}"))
    assert support_core(ini, "keys", "create").returncode == 0
    command = [BIN / "pserve", ini] if server == "pserve" else []
    refused = Desk(ini, *command)
    assert refused.process.wait(60) == (1 if server == "pserve" else 2)
    assert "run: support-core migrate." in refused.output
    assert "Traceback" not in refused.output


def test_an_address_that_is_taken_is_refused_with_one_sentence(desk: Desk) -> None:
    second = Desk(desk.ini)
    assert second.process.wait(60) == 2
    last = second.output.splitlines()[-1]
    assert last.startswith("support-core: [server:main] listen: 127.0.0.1:")
    assert "choose another port" in last


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
