"""Which pages may use a widget: their origin against the widget's allowed domains.

An origin is compared as a browser writes it (RFC 6454 §6.1): by scheme, host and port, never by
how it begins or ends as a text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support_core.plugin_api import ascii_host

if TYPE_CHECKING:
    from collections.abc import Iterable

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_IPV6 = re.compile(r"\[[0-9a-f:.]{2,45}\]")
_PORT = re.compile(r"[0-9]{1,5}")
_STANDARD = {"http": 80, "https": 443}

LONGEST_HOST = 253
LARGEST_PORT = 65535


def normal_domain(text: str) -> str | None:
    """Return a domain of the list in one spelling, None for what is none.

    ``example.com``, ``*.example.com`` for its subdomains, either with a port; an address; or
    ``localhost``. International names become ASCII.
    """
    star, rest = ("*.", text[2:]) if text.startswith("*.") else ("", text)
    host, port = _split(rest)
    name = _host(host)
    if name is None or (star and (name.startswith("[") or "." not in name)):
        return None
    if port is not None and (not _PORT.fullmatch(port) or not 0 < int(port) <= LARGEST_PORT):
        return None
    return f"{star}{name}" + (f":{int(port)}" if port is not None else "")


def allows(domains: Iterable[str], origin: str | None) -> bool:
    """Tell whether pages of this origin may use the widget; an empty list allows all.

    Without an origin nothing is a page: browsers send one with every request to another site.
    """
    listed = list(domains)
    if not listed or origin is None:
        return True
    parsed = _parsed(origin)
    return parsed is not None and any(_matches(domain, *parsed) for domain in listed)


def _parsed(origin: str) -> tuple[str, int] | None:
    """Return host and port of a web page's origin; None for ``null`` and everything else."""
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _STANDARD or parts.username is not None or parts.password is not None:
        return None
    if parts.path or parts.query or parts.fragment or "@" in origin or "\\" in origin:
        return None
    host, _ = _split(parts.netloc)
    name = _host(host)
    if name is None:
        return None
    return name, port if port is not None else _STANDARD[parts.scheme]


def _matches(domain: str, host: str, port: int) -> bool:
    wanted, wanted_port = _split(domain)
    if wanted_port is not None and int(wanted_port) != port:
        return False
    if wanted.startswith("*."):
        return host.endswith(wanted[1:]) and not host.startswith("[")
    return host == wanted


def _split(text: str) -> tuple[str, str | None]:
    """Return (host, port), the port None where there is none."""
    if text.startswith("["):
        end = text.find("]") + 1
        rest = text[end:]
        return (text[:end], rest[1:]) if rest.startswith(":") else (text, None)
    host, colon, port = text.partition(":")
    return host, port if colon else None


def _host(text: str) -> str | None:
    """Return a host in lower case and ASCII, without the full stop that ends a rooted name."""
    lowered = text.lower()
    if lowered.startswith("["):
        return lowered if _IPV6.fullmatch(lowered) else None
    name = ascii_host(lowered.removesuffix(".")).lower()
    if not name or len(name) > LONGEST_HOST or not _NAME.fullmatch(name):
        return None
    return name
