"""Somebody's website: pages of another origin than the desk's, under a strict policy."""

from __future__ import annotations

from contextlib import contextmanager
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = """<!doctype html>
<html lang="{lang}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Shop</title></head>
<body>
<main><h1>Shop</h1><p><button>Buy</button> <a href="#">Terms</a></p></main>
{scripts}
</body>
</html>
"""


def policy(desk: str) -> str:
    """Return what docs/chat-widget.md tells a strict page to allow, and Trusted Types."""
    return (
        f"default-src 'none'; script-src {desk}; connect-src {desk}; "
        "base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a page whose tag has the query's attributes."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        desk = query.pop("desk")
        lang = query.pop("lang", "en")
        times = int(query.pop("tags", "1"))
        attributes = " ".join(f'data-{name}="{escape(it)}"' for name, it in query.items())
        source = f"{desk}/api/support/chat/widget.js"
        tag = f'<script src="{source}" {attributes} async></script>'
        body = PAGE.format(lang=escape(lang), scripts="\n".join([tag] * times)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", policy(desk))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Site:
    """The running site; each host below .test is one more origin of it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def origin(self, host: str = "localhost") -> str:
        """Return the origin of a host. Chromium gives localhost alone what it keeps for HTTPS."""
        return f"http://{host}:{self._port}"

    def page(self, desk: str, token: str, host: str = "localhost", **attributes: str) -> str:
        """Return the address of a page with the widget in it."""
        query = {"desk": desk, "token": token}
        query |= {name.replace("_", "-"): it for name, it in attributes.items()}
        return f"{self.origin(host)}/?{urlencode(query)}"


@contextmanager
def serving() -> Iterator[Site]:
    """Serve the site until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Site(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
