"""Which addresses count under a WSGI server: those a trusted proxy names, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.proxies import BehindProxies

TRUSTED = ("10.0.0.0/24", "::1")


def seen(trusted: tuple[str, ...] = TRUSTED, **environ: str) -> tuple[str, str]:
    """Return the client's address and the scheme as the application sees them."""
    heard: dict[str, Any] = {}

    def application(environ: dict[str, Any], _start_response: Any) -> list[bytes]:
        heard.update(environ)
        return []

    made = {"REMOTE_ADDR": "10.0.0.7", "wsgi.url_scheme": "http", **environ}
    BehindProxies(application, trusted)(made, lambda *_: None)
    return heard["REMOTE_ADDR"], heard["wsgi.url_scheme"]


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.0.0.8", "203.0.113.7"),
        ("10.0.0.8", "10.0.0.8"),
        (" ,", "10.0.0.7"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_the_last_address_that_is_no_proxy_is_the_client(forwarded: str, client: str) -> None:
    assert seen(HTTP_X_FORWARDED_FOR=forwarded)[0] == client


def test_a_scheme_is_taken_from_a_proxy_only() -> None:
    assert seen(HTTP_X_FORWARDED_PROTO="https")[1] == "https"
    assert seen(HTTP_X_FORWARDED_PROTO="javascript")[1] == "http"
    assert seen(HTTP_X_FORWARDED_PROTO="https", REMOTE_ADDR="203.0.113.7")[1] == "http"


def test_a_stranger_is_not_believed() -> None:
    assert seen(REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR="1.2.3.4")[0] == "203.0.113.7"
    assert seen(trusted=(), HTTP_X_FORWARDED_FOR="1.2.3.4")[0] == "10.0.0.7"
    assert seen(REMOTE_ADDR="", HTTP_X_FORWARDED_FOR="1.2.3.4")[0] == ""
