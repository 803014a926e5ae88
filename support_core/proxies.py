"""Whom to believe about where a request comes from, under a WSGI server that believes nobody.

``support-core serve`` needs none of this: its own server reads ``trusted_proxies`` itself.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .places import WSGIApp

SCHEMES = frozenset({"http", "https"})


class BehindProxies:
    """Sets the client's address and the scheme by what a trusted proxy says of them.

    Of X-Forwarded-For, the last address that is no trusted proxy counts: what stands before it
    is what a client wrote.
    """

    def __init__(self, application: WSGIApp, trusted: Sequence[str]) -> None:
        """Take addresses or CIDR blocks; with none, nothing is changed."""
        self.application = application
        self._trusted = [ipaddress.ip_network(each, strict=False) for each in trusted]

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        if self._trusts(environ.get("REMOTE_ADDR", "")):
            client = self._client(environ.get("HTTP_X_FORWARDED_FOR", ""))
            if client:
                environ["REMOTE_ADDR"] = client
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "")
            if scheme in SCHEMES:
                environ["wsgi.url_scheme"] = scheme
        return self.application(environ, start_response)

    def _client(self, forwarded_for: str) -> str:
        hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
        for hop in reversed(hops):
            if not self._trusts(hop):
                return hop
        return hops[0] if hops else ""

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)
