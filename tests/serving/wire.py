"""Requests byte by byte."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .processes import Desk


def connect(desk: Desk) -> socket.socket:
    host, _, port = desk.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def raw(desk: Desk, *parts: bytes, pause: float = 0.0, close: bool = False) -> bytes:
    """Send bytes as they are and return everything that comes back."""
    with closing(connect(desk)) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause)
        if close:
            return b""
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


def head(method: str, path: str, token: str, **headers: str) -> bytes:
    lines = [
        f"{method} /api/support{path} HTTP/1.1",
        "Host: desk",
        f"Authorization: Bearer {token}",
    ]
    lines += ["Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
