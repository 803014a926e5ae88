"""Which addresses outgoing connections may reach, when a user has named the host.

A name is resolved once, every address it has is checked, and the connection goes to an address
that was checked, not to the name: a name that changes its answer in between (DNS rebinding)
gains nothing.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import Future, TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from threading import Thread
from typing import TYPE_CHECKING, Literal, TypeAlias

import httpx

if TYPE_CHECKING:
    from collections.abc import Sequence

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Kind: TypeAlias = Literal["resolve", "refused_address", "connect", "tls", "timeout", "protocol"]

# Listed rather than asked from `ipaddress`, whose answers differ between Python releases.
# https://www.iana.org/assignments/iana-ipv4-special-registry
_REFUSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# https://www.iana.org/assignments/iana-ipv6-special-registry
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_REFUSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


class UrlInvalid(ValueError):
    """A URL that can never be called. The message is fit for the user who entered it."""


class AddressNotAllowed(ValueError):
    """A URL with an address that policy refuses. The message is fit for the user."""


class OutgoingError(Exception):
    """An outgoing connection failed; `kind` says where, the message is fit for the user.

    `sent` tells whether something of a request had left before: the server may have acted on it.
    """

    def __init__(self, kind: Kind, message: str, *, sent: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.sent = sent


@dataclass(frozen=True, slots=True)
class OutgoingPolicy:
    """Public addresses, and those of `allowed_networks` whatever they are."""

    allowed_networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> OutgoingPolicy:
        """Read networks in CIDR notation, apart by spaces or commas (`10.1.0.0/16 ::1`).

        Raises `ValueError` on anything else, host bits included.
        """
        return cls(tuple(ip_network(part) for part in text.replace(",", " ").split()))

    def allows(self, address: Address) -> bool:
        """Whether `address`, or the IPv4 address it stands for, may be connected to."""
        meant = _embedded(address) or address
        return any(
            candidate in network
            for network in self.allowed_networks
            for candidate in (address, meant)
        ) or _is_public(meant)

    def check_url(self, url: str) -> None:
        """Judge a URL when it is saved: its form, and its address when that is literal.

        Names are not resolved here, that answer would be old when it matters. Raises
        `UrlInvalid` or `AddressNotAllowed`.
        """
        self.check_host(parse_url(url).raw_host.decode("ascii"))

    def check_host(self, host: str) -> None:
        """Judge a host when it is saved, as :meth:`check_url` does with a URL.

        Raises `AddressNotAllowed`.
        """
        literals = _literals(host)
        if literals and not any(self.allows(address) for address in literals):
            raise AddressNotAllowed(f"The address {host} may not be reached from here.")

    def resolve(self, host: str, port: int, *, timeout: float = 20.0) -> list[Address]:
        """Return the addresses of `host` that may be connected to, preferred ones first.

        Takes `timeout` seconds at most. Raises `OutgoingError`: `resolve`, `timeout`, or
        `refused_address` when there are addresses but none is allowed.
        """
        found = _lookup(host, port, timeout)
        allowed = [address for address in found if self.allows(address)]
        if not allowed:
            raise OutgoingError(
                "refused_address", f"{host} has an address that may not be reached from here."
            )
        return allowed

    def connect(
        self,
        host: str,
        port: int,
        *,
        timeout: float = 20.0,
        addresses: Sequence[Address] | None = None,
    ) -> socket.socket:
        """Return a TCP connection to one of the allowed addresses of `host`.

        Takes `timeout` seconds at most, shared by the addresses that are tried in turn;
        `addresses` are what `resolve` has answered, for those who tell the two steps apart.
        Raises `OutgoingError`: what `resolve` raises, `connect` or `timeout`.
        """
        deadline = time.monotonic() + timeout
        if addresses is None:
            addresses = self.resolve(host, port, timeout=timeout)
        failure: OSError = TimeoutError()
        for tried, address in enumerate(addresses):
            share = (deadline - time.monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            try:
                return _open(address, port, share)
            except OSError as error:
                failure = error
        if isinstance(failure, TimeoutError):
            raise OutgoingError("timeout", f"{host} did not answer on port {port}.") from failure
        raise OutgoingError("connect", f"{host} cannot be reached on port {port}.") from failure


def parse_url(url: str) -> httpx.URL:
    """Return an http or https URL with a host and without credentials. Raises `UrlInvalid`."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise UrlInvalid("This is not a valid URL.") from error
    if parsed.scheme not in {"http", "https"}:
        raise UrlInvalid("The URL must begin with https:// or http://.")
    if parsed.userinfo:
        raise UrlInvalid("The URL must not contain a user name or password.")
    if not parsed.raw_host.strip(b".") or b"%" in parsed.raw_host:
        raise UrlInvalid("The URL has no valid host.")
    if not 1 <= (parsed.port or 443) <= 65535 or parsed.port == 0:
        raise UrlInvalid("The port of the URL must lie between 1 and 65535.")
    return parsed


def _open(address: Address, port: int, timeout: float) -> socket.socket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect((str(address), port))
    except OSError:
        connection.close()
        raise
    return connection


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_IPV4)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _REFUSED_IPV6)


def _embedded(address: Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address is translated or tunnelled to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _literals(host: str) -> list[Address]:
    """Return the addresses that a host means without asking anybody (RFC 6761 §6.3)."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return [IPv4Address("127.0.0.1"), IPv6Address("::1")]
    try:
        return [ip_address(name)]
    except ValueError:
        pass
    try:
        return [IPv4Address(socket.inet_aton(name))]  # 127.1, 0x7f000001, 2130706433
    except OSError:
        return []


def _lookup(host: str, port: int, timeout: float) -> list[Address]:
    # getaddrinfo takes no timeout; a thread that a hostile name server holds up is left to
    # the resolver's own limits, the caller goes on.
    answer: Future[list[Address]] = Future()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(ip_address(entry[4][0]) for entry in found)))
        except (OSError, ValueError) as error:  # ValueError: a label that IDNA cannot encode
            answer.set_exception(error)

    Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        return answer.result(timeout)
    except FutureTimeoutError as error:
        raise OutgoingError("timeout", f"Looking up {host} took too long.") from error
    except (OSError, ValueError) as error:
        raise OutgoingError("resolve", f"The host {host} was not found.") from error
