"""HTTP to addresses a user gave."""

from __future__ import annotations

import datetime
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support_core.outgoing import OutgoingClient, OutgoingError, OutgoingPolicy
from tests.core.tcp_server import Handler, answering, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOPBACK = OutgoingPolicy.parse("127.0.0.0/8 ::1")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def client(**options: Any) -> Iterator[OutgoingClient]:
    with OutgoingClient(options.pop("policy", LOOPBACK), **options) as opened:
        yield opened


def failure(opened: OutgoingClient, url: str, **options: Any) -> OutgoingError:
    with pytest.raises(OutgoingError) as caught:
        opened.request("POST", url, **options)
    return caught.value


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for hooks.example, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.example")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and the addresses they have; each look-up uses up one while there are several."""
    known: dict[str, list[str]] = {}

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        addresses = known[host]
        address = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *args, **options: (
            getaddrinfo(host, port) if host in known else real(host, port, *args, **options)
        ),
    )
    return known


def test_a_request_is_sent_as_given_and_its_answer_returned() -> None:
    with serving(answering(OK)) as server, client() as opened:
        response = opened.request(
            "POST", server.url, headers={"webhook-id": "msg_1"}, content=b'{"a":1}'
        )
    sent = server.requests[0]
    assert sent.startswith(b"POST /hook?x=1 HTTP/1.1\r\n")
    assert b"webhook-id: msg_1\r\n" in sent
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in sent
    assert b"Content-Length: 7\r\n" in sent
    assert sent.endswith(b'\r\n\r\n{"a":1}')
    assert (response.status, response.body_head, response.truncated) == (200, b"ok", False)
    assert response.headers["content-length"] == "2"
    assert 0 < response.elapsed < 5


def test_loopback_is_refused_unless_configured() -> None:
    with serving(answering(OK)) as server, client(policy=OutgoingPolicy()) as opened:
        for host in ("127.0.0.1", "localhost", "2130706433"):
            error = failure(opened, f"http://{host}:{server.port}/")
            assert error.kind == "refused_address"
    assert server.connections == 0


def test_a_name_that_resolves_to_a_private_address_is_refused(
    names: dict[str, list[str]],
) -> None:
    names["innocent.example"] = ["127.0.0.1"]
    with serving(answering(OK)) as server, client(policy=OutgoingPolicy()) as opened:
        error = failure(opened, f"http://innocent.example:{server.port}/")
    assert error.kind == "refused_address"
    assert server.connections == 0


def test_a_name_that_changes_its_answer_is_connected_where_it_was_checked(
    names: dict[str, list[str]],
) -> None:
    names["rebinding.example"] = ["127.0.0.2", "127.0.0.1"]
    policy = OutgoingPolicy.parse("127.0.0.2/32")
    with (
        serving(answering(OK), address="127.0.0.2") as server,
        client(policy=policy) as opened,
    ):
        url = f"http://rebinding.example:{server.port}/"
        assert opened.request("GET", url).status == 200
    assert f"Host: rebinding.example:{server.port}\r\n".encode() in server.requests[0]


def test_the_second_answer_of_a_name_is_checked_as_well(names: dict[str, list[str]]) -> None:
    names["rebinding.example"] = ["127.0.0.2", "127.0.0.1"]
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    policy = OutgoingPolicy.parse("127.0.0.2/32")
    with (
        serving(answering(closing), address="127.0.0.2") as server,
        client(policy=policy) as opened,
    ):
        url = f"http://rebinding.example:{server.port}/"
        assert opened.request("GET", url).status == 200
        assert failure(opened, url).kind == "refused_address"


def test_tls_checks_the_certificate_against_the_name_not_the_address(
    names: dict[str, list[str]], certificate: Path, server_tls: ssl.SSLContext
) -> None:
    names["hooks.example"] = ["127.0.0.1"]
    asked: list[str | None] = []
    server_tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with (
        serving(answering(OK), tls=server_tls) as server,
        client(ssl_context=trusting) as opened,
    ):
        assert opened.request("GET", f"https://hooks.example:{server.port}/").status == 200
    assert asked == ["hooks.example"]


def test_a_certificate_for_another_name_is_refused(
    names: dict[str, list[str]], certificate: Path, server_tls: ssl.SSLContext
) -> None:
    names["other.example"] = ["127.0.0.1"]
    trusting = ssl.create_default_context(cafile=str(certificate))
    with (
        serving(answering(OK), tls=server_tls) as server,
        client(ssl_context=trusting) as opened,
    ):
        error = failure(opened, f"https://other.example:{server.port}/")
    assert error.kind == "tls"
    assert "other.example" in error.message
    assert not server.requests


def test_an_unknown_authority_is_refused(
    names: dict[str, list[str]], server_tls: ssl.SSLContext
) -> None:
    names["hooks.example"] = ["127.0.0.1"]
    with serving(answering(OK), tls=server_tls) as server, client() as opened:
        assert failure(opened, f"https://hooks.example:{server.port}/").kind == "tls"


def test_a_server_without_tls_is_a_tls_failure() -> None:
    with serving(answering(OK), speaks_first=True) as server, client(timeout=5) as opened:
        assert failure(opened, f"https://127.0.0.1:{server.port}/").kind == "tls"


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/x\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(moved)) as server, client() as opened:
        response = opened.request("POST", server.url)
    assert response.status == 302
    assert len(server.requests) == 1


def test_a_body_is_read_up_to_the_limit_only() -> None:
    def endless(stream: socket.socket, _request: bytes) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            stream.sendall(b"x" * 65_536)

    with serving(endless) as server, client(max_response_bytes=1000) as opened:
        response = opened.request("GET", server.url)
    assert response.body_head == b"x" * 1000
    assert response.truncated


def test_a_body_of_exactly_the_limit_is_whole() -> None:
    with serving(answering(OK)) as server, client(max_response_bytes=2) as opened:
        response = opened.request("GET", server.url)
    assert (response.body_head, response.truncated) == (b"ok", False)


def drip(head: bytes) -> Handler:
    def handler(stream: socket.socket, _request: bytes) -> None:
        stream.sendall(head)
        for _ in range(100):
            stream.sendall(b"x")
            time.sleep(0.05)

    return handler


@pytest.mark.parametrize(
    "handler",
    [
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b""),
        lambda _stream, _request: time.sleep(1.5),
    ],
    ids=["body", "header", "status line", "silence"],
)
def test_a_slow_server_cannot_hold_a_request_beyond_its_deadline(handler: Handler) -> None:
    with serving(handler) as server, client(timeout=0.4) as opened:
        started = time.monotonic()
        assert failure(opened, server.url).kind == "timeout"
        assert time.monotonic() - started < 1.2


def test_a_server_that_never_reads_cannot_hold_a_request() -> None:
    with (
        serving(lambda _stream, _request: time.sleep(1.5), speaks_first=True) as server,
        client(timeout=0.4) as opened,
    ):
        started = time.monotonic()
        assert failure(opened, server.url, content=b"x" * 50_000_000).kind == "timeout"
        assert time.monotonic() - started < 1.2


def test_a_silent_tls_handshake_cannot_hold_a_request() -> None:
    with (
        serving(lambda _stream, _request: time.sleep(1), speaks_first=True) as server,
        client(timeout=0.4) as opened,
    ):
        assert failure(opened, f"https://127.0.0.1:{server.port}/").kind == "timeout"


def test_something_that_is_not_http_is_a_protocol_failure() -> None:
    with serving(answering(b"220 smtp.example ESMTP\r\n\r\n")) as server, client() as opened:
        assert failure(opened, server.url).kind == "protocol"


def test_a_connection_that_breaks_off_is_a_failure() -> None:
    def cut(stream: socket.socket, _request: bytes) -> None:
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        stream.shutdown(socket.SHUT_RDWR)

    with serving(cut) as server, client() as opened:
        assert failure(opened, server.url).kind == "protocol"


def test_a_closed_port_is_a_failed_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with client() as opened:
        assert failure(opened, f"http://127.0.0.1:{port}/").kind == "connect"


@pytest.mark.parametrize("url", ["ftp://example.com/", "https://a:b@example.com/", "nonsense"])
def test_an_invalid_url_is_a_protocol_failure(url: str) -> None:
    with client() as opened:
        assert failure(opened, url).kind == "protocol"


def test_a_header_cannot_smuggle_another() -> None:
    with serving(answering(OK)) as server, client() as opened:
        error = failure(opened, server.url, headers={"x": "a\r\nhost: evil"})
    assert error.kind == "protocol"
    assert not server.requests


def test_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with serving(answering(OK)) as server, client() as opened:
        assert opened.request("GET", server.url).status == 200
    assert b"authorization" not in server.requests[0].lower()


def test_cookies_are_not_kept_for_the_next_request() -> None:
    baked = b"HTTP/1.1 200 OK\r\nSet-Cookie: tenant=1\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(baked)) as server, client() as opened:
        opened.request("GET", server.url)
        opened.request("GET", server.url)
    assert not any(b"cookie" in request.lower() for request in server.requests)


def test_a_connection_is_used_again_and_the_deadline_starts_anew() -> None:
    def unhurried(stream: socket.socket, _request: bytes) -> None:
        time.sleep(0.3)
        stream.sendall(OK)

    with serving(unhurried) as server, client(timeout=0.8) as opened:
        for _ in range(4):
            assert opened.request("GET", server.url).status == 200
    assert server.connections == 1
    assert len(server.requests) == 4


def test_a_kept_connection_that_the_server_closed_is_replaced() -> None:
    def once(stream: socket.socket, _request: bytes) -> None:
        stream.sendall(OK)
        stream.shutdown(socket.SHUT_RDWR)

    with serving(once) as server, client() as opened:
        assert opened.request("GET", server.url).status == 200
        time.sleep(0.1)
        assert opened.request("GET", server.url).status == 200
    assert server.connections == 2


def test_threads_share_a_client() -> None:
    with serving(answering(OK)) as server, client() as opened, ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: opened.request("GET", server.url).status, range(40)))
    assert statuses == [200] * 40
    assert len(server.requests) == 40


def test_an_answer_goes_to_a_sink_as_far_as_it_may() -> None:
    body = b"x" * 200_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"
    with serving(answering(head + body)) as server, client() as opened:
        whole, part = bytearray(), bytearray()
        answer = opened.request("GET", server.url, sink=whole.extend)
        assert (bytes(whole), answer.truncated, answer.body_head) == (body, False, b"")
        answer = opened.request("GET", server.url, sink=part.extend, max_bytes=100_000)
        assert answer.truncated
        assert len(part) <= 100_000


def test_what_is_no_success_is_kept_from_the_sink() -> None:
    refused = b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"
    with serving(answering(refused)) as server, client() as opened:
        taken = bytearray()
        answer = opened.request("GET", server.url, sink=taken.extend)
        assert (answer.status, answer.body_head, bytes(taken)) == (404, b"gone", b"")


def test_a_body_is_sent_in_pieces() -> None:
    with serving(answering(OK)) as server, client() as opened:
        answer = opened.request(
            "POST",
            server.url,
            content=iter([b"a" * 10, b"b" * 10]),
            headers={"Content-Length": "20"},
        )
        assert answer.status == 200


def test_a_failure_tells_whether_something_had_left() -> None:
    with client() as opened:
        assert failure(opened, "http://127.0.0.1:9").sent is False
    with serving(lambda connection, _: connection.close()) as server, client() as opened:
        assert failure(opened, server.url, content=b"x").sent is True
