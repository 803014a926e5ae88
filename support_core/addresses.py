"""E-mail addresses: when two of them are the same one."""

from __future__ import annotations


def ascii_host(host: str) -> str:
    """Return ``host`` in its ASCII form (IDNA, RFC 3490), or "" where it has none."""
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


def email_key(address: str) -> str:
    """Return what equal addresses have in common: the case folded, the domain in ASCII.

    ``bücher.example`` and ``xn--bcher-kva.example`` are one domain, and so are those that only
    look different to a program: full-width letters, soft hyphens, other full stops.
    """
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{ascii_host(domain) or domain}".casefold()
