"""What nginx does before the desk, with the configuration that ``deploy/nginx`` ships."""

from __future__ import annotations

import datetime as dt
import json
import re
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support_core.setting_kinds import size
from support_core.settings import CORE_SETTINGS
from tests.services.process import Account, free_port
from tests.waiting import until

from .conftest import answering, nginx_of
from .site import FOLDER, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.services.nginx import Nginx


@pytest.fixture
def client(site: Site, nginx: Nginx) -> Iterator[httpx.Client]:
    base = f"http://{site.listen}/api/support"
    with httpx.Client(base_url=base, trust_env=False, timeout=20) as made:
        yield made


def asked(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def test_the_desk_hears_who_calls_and_nobody_can_pretend(client: httpx.Client) -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=203.0.113.9",
        "X_Forwarded_For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
    }
    headers = asked(client.get("/auth/me", headers=forged))["headers"]
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert "203.0.113.9" not in str(headers)
    assert "evil.example" not in str(headers)
    assert headers["host"] == "127.0.0.1"


def test_a_request_has_an_id_of_the_callers_or_one_of_ours(client: httpx.Client) -> None:
    headers = asked(client.get("/x", headers={"X-Request-Id": "mine-1"}))["headers"]
    assert headers["x-request-id"] == "mine-1"
    headers = asked(client.get("/x", headers={"X-Request-Id": "no such; id"}))["headers"]
    assert re.fullmatch("[0-9a-f]{32}", headers["x-request-id"])
    assert re.fullmatch("[0-9a-f]{32}", asked(client.get("/x"))["headers"]["x-request-id"])


def test_both_processes_are_asked(client: httpx.Client, desks: tuple[str, str, str]) -> None:
    ports = {asked(client.get("/x"))["port"] for _ in range(10)}
    assert ports == {int(each.rpartition(":")[2]) for each in desks[:2]}


def test_metrics_and_everything_that_is_not_the_desk_are_hidden(client: httpx.Client) -> None:
    for path in (
        "/api/support/metrics",
        "/api//support//metrics",
        "/api/support/./metrics",
        "/api/support/x/../metrics",
        "/api/support/%6detrics",
        "/api/support/metrics?x=1",
        "/",
        "/admin",
    ):
        # As it stands: a client would tidy such a path up.
        raw = client.base_url.copy_with(raw_path=path.encode())
        assert client.get(raw).status_code == 404, path


def test_a_stream_arrives_frame_by_frame_from_the_gateway(
    client: httpx.Client, desks: tuple[str, str, str]
) -> None:
    for path in ("/events/stream", "/chat/stream"):
        started = time.monotonic()
        with client.stream("GET", path) as answer:
            lines = answer.iter_lines()
            assert next(lines) == "data: 0"
            first = time.monotonic() - started
            rest = [line for line in lines if line]
        assert len(rest) == 19
        assert time.monotonic() - started - first > 0.4, "it was held back as a whole"


def test_an_upload_of_the_largest_size_passes_and_a_larger_one_is_refused(
    client: httpx.Client,
) -> None:
    setting = next(it for it in CORE_SETTINGS if it.name == "support.upload.max_bytes")
    largest = size(setting.default, "")
    form = b"x" * 4096  # what stands around the file
    assert asked(client.post("/attachments", content=b"x" * largest + form))["bytes"] == (
        largest + len(form)
    )
    assert client.post("/attachments", content=b"x" * (largest + 2**20 + 1)).status_code == 413


def test_a_process_that_died_costs_no_request(nginx: Nginx) -> None:
    with answering() as alive:
        site = Site(f"127.0.0.1:{free_port()}", [f"127.0.0.1:{free_port()}", alive])
        with nginx_of(site), httpx.Client(trust_env=False) as caller:
            for _ in range(20):
                assert caller.post(f"http://{site.listen}/api/support/x").status_code == 200


def test_a_drained_process_gets_nothing_new_and_comes_back(
    client: httpx.Client, site: Site, nginx: Nginx
) -> None:
    first, second = site.web
    for down in ({first}, {second}):
        site.down = down
        nginx.write("support-core/upstreams.conf", site.upstreams())
        nginx.reload()
        with httpx.Client(trust_env=False) as caller:
            url = f"http://{site.listen}/api/support/x"
            ports = {caller.get(url).json()["port"] for _ in range(10)}
        (left,) = {first, second} - down
        assert ports == {int(left.rpartition(":")[2])}
    site.down = set()
    nginx.write("support-core/upstreams.conf", site.upstreams())
    nginx.reload()


def certificate(folder: Path) -> None:
    """Write a certificate of our own for desk.example.com."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk.example.com")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("desk.example.com")]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)


def test_tls_is_spoken_and_plain_requests_are_sent_there(desks: tuple[str, str, str]) -> None:
    account = Account.unprivileged("nobody")
    folder = account.folder("support-tls-")
    certificate(folder)
    for path in folder.iterdir():
        account.give(path)
    plain, secure = free_port(), free_port()
    site = Site(
        f"127.0.0.1:{plain}", desks[:2], desks[2], secure=f"127.0.0.1:{secure}", tls=str(folder)
    )
    trusted = ssl.create_default_context(cafile=str(folder / "fullchain.pem"))
    with nginx_of(site) as running:
        answer = httpx.get(
            f"http://127.0.0.1:{plain}/api/support/x?y=1", headers={"Host": "desk.example.com"}
        )
        assert answer.status_code == 308
        assert answer.headers["location"] == "https://desk.example.com/api/support/x?y=1"
        with httpx.Client(verify=trusted, trust_env=False) as caller:
            answer = caller.get(
                f"https://127.0.0.1:{secure}/api/support/x?search=secret",
                headers={"Host": "desk.example.com", "X-Request-Id": "tls-1"},
                extensions={"sni_hostname": "desk.example.com"},
            )
        assert asked(answer)["headers"]["x-forwarded-proto"] == "https"
        assert "max-age" in answer.headers["strict-transport-security"]
        # Written after the answer: nginx logs a request when it is done with it.
        log = running.folder / "access.log"
        until(lambda: "tls-1" in log.read_text(), "the request is logged")
        written = log.read_text()
    line = json.loads(next(it for it in written.splitlines() if "tls-1" in it))
    assert line["path"] == "/api/support/x"
    assert "secret" not in written
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_the_limits_of_nginx_are_those_of_the_settings() -> None:
    text = (FOLDER / "support-core" / "desk.conf").read_text()
    limit = re.search(r"client_max_body_size (\d+)m;", text)
    assert limit is not None
    setting = next(it for it in CORE_SETTINGS if it.name == "support.upload.max_bytes")
    assert int(limit[1]) * 2**20 > size(setting.default, "")
