"""One process that answers: headers, proxies, its log, and what it refuses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from .processes import BIN, Desk, bootstrap, running, support_core, write_ini
from .wire import head, raw

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases


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
