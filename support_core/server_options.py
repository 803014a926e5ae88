"""The options of ``[server:main]``, checked like every other setting."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn

from .setting_kinds import count, seconds
from .settings import ConfigurationError, Setting
from .streams.takeover import Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER_OPTIONS: tuple[Setting, ...] = (
    Setting(
        "listen",
        "addresses",
        "127.0.0.1:6543",
        "Where to listen, host:port, several with spaces between; [::1]:6543 for IPv6.",
    ),
    Setting(
        "threads",
        "count",
        "4",
        "Threads that answer requests. SQLite is fastest with few.",
    ),
    Setting(
        "upload_threads",
        "count",
        "4",
        "Threads for requests with bodies over 64 KiB, so that slow uploads delay nothing else.",
    ),
    Setting(
        "trusted_proxies",
        "proxies",
        "",
        "Addresses or CIDR blocks of proxies whose X-Forwarded-For and X-Forwarded-Proto are "
        "believed; empty believes nobody.",
    ),
    Setting(
        "body_timeout",
        "seconds",
        "30",
        "Seconds a client may send nothing of a body it announced.",
    ),
    Setting(
        "keep_alive",
        "seconds",
        "5",
        "Seconds an idle connection is kept open; more than the proxy's, where one is in front.",
    ),
    Setting(
        "shutdown_timeout",
        "seconds",
        "30",
        "Seconds that running requests, and then running jobs, get to end at shutdown.",
    ),
)

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\s]+)):(?P<port>[0-9]{1,5})")
BACKLOG = 2048


def _addresses(value: str, _argument: str) -> tuple[str, ...]:
    found = tuple(value.split())
    for address in found:
        match = _ADDRESS.fullmatch(address)
        if not match or int(match["port"]) > 65535:
            raise ValueError(f"{address!r} is not host:port")
    if not found:
        raise ValueError("say host:port")
    return found


def _proxies(value: str, _argument: str) -> tuple[str, ...]:
    return tuple(
        str(ipaddress.ip_network(word, strict=False)) for word in value.replace(",", " ").split()
    )


_KINDS: dict[str, Any] = {
    "addresses": _addresses,
    "proxies": _proxies,
    "count": count,
    "seconds": seconds,
}


@dataclass(frozen=True)
class ServerOptions:
    """The parsed options; see :data:`SERVER_OPTIONS`."""

    listen: tuple[str, ...]
    threads: int
    upload_threads: int
    trusted_proxies: tuple[str, ...]
    body_timeout: float
    keep_alive: float
    shutdown_timeout: float

    @classmethod
    def parse(cls, raw: Mapping[str, str]) -> ServerOptions:
        """Read the options; raises :class:`ConfigurationError` naming the one that is wrong."""
        declared = {setting.name: setting for setting in SERVER_OPTIONS}
        unknown = sorted(raw.keys() - declared.keys())
        if unknown:
            raise ConfigurationError(
                f"[server:main] {unknown[0]} is not an option of egg:support-core#serve; "
                f"it knows {', '.join(declared)}."
            )
        values: dict[str, Any] = {}
        for name, setting in declared.items():
            text = raw.get(name, setting.default)
            try:
                values[name] = _KINDS[setting.kind](text.strip(), "")
            except ValueError as error:
                raise ConfigurationError(
                    f"[server:main] {name}: {text!r} cannot be used; {error}."
                ) from None
        return cls(**values)

    def bind(self) -> list[socket.socket]:
        """Return listening sockets; raises :class:`ConfigurationError` for a taken address."""
        sockets: list[socket.socket] = []
        try:
            for address in self.listen:
                sockets.append(_bound(address))  # noqa: PERF401 - those before it must be closed
        except BaseException:
            for each in sockets:
                each.close()
            raise
        return sockets

    def urls(self) -> list[str]:
        """Return the addresses as a browser on this machine reaches them."""
        return [
            "http://" + re.sub(r"^(0\.0\.0\.0|\[::\])", "127.0.0.1", address)
            for address in self.listen
        ]

    def uvicorn(self, front: Any) -> uvicorn.Config:
        """Return uvicorn's configuration: our own access line, and no other's."""
        return uvicorn.Config(
            front,
            loop="auto",
            http=Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=bool(self.trusted_proxies),
            forwarded_allow_ips=",".join(self.trusted_proxies),
            timeout_keep_alive=max(1, round(self.keep_alive)),
            timeout_graceful_shutdown=max(1, round(self.shutdown_timeout)),
            backlog=BACKLOG,
        )


def _reason(error: OSError) -> str:
    """Return the system's own words; asyncio and socket add their own to them."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _bound(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    try:
        family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, int(port)), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"[server:main] listen: {address} cannot be used ({_reason(error)}); stop "
            "what listens there, or choose another port."
        ) from None
    # Accepted connections inherit it. asyncio sets it only on sockets made for TCP by name, and
    # without it each answer on a kept connection waits 40 ms for the client's delayed ACK.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound
