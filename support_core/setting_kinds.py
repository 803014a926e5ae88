"""How a setting's text becomes a value; each parser raises ``ValueError`` with what it expects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class ConfigurationError(Exception):
    """The configuration cannot be used; the message is one sentence that says what to do."""


def text(value: str, _argument: str) -> str:
    return value


def words(value: str, _argument: str) -> tuple[str, ...]:
    return tuple(value.replace(",", " ").split())


def flag(value: str, _argument: str = "") -> bool:
    """Read true/false in any of the spellings an ini uses."""
    lowered = value.lower()
    if lowered in {"true", "yes", "on", "1"}:
        return True
    if lowered in {"false", "no", "off", "0"}:
        return False
    raise ValueError("say true or false")


def count0(value: str, _argument: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise ValueError("say a whole number")
    return int(value)


def count(value: str, argument: str) -> int:
    number = count0(value, argument)
    if number == 0:
        raise ValueError("say a whole number above 0")
    return number


def seconds(value: str, _argument: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", value) or float(value) == 0:
        raise ValueError("say a number of seconds above 0")
    return float(value)


_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


def size(value: str, _argument: str) -> int:
    match = re.fullmatch(r"([0-9]{1,12})\s*([A-Za-z]*)", value)
    if not match or match[2].upper() not in _UNITS or int(match[1]) == 0:
        raise ValueError("say a size such as 500KiB or 25MiB")
    return int(match[1]) * _UNITS[match[2].upper()]


def choice(value: str, argument: str) -> str:
    allowed = argument.split(",")
    if value not in allowed:
        raise ValueError("say one of: " + ", ".join(allowed))
    return value


def broker(value: str, _argument: str) -> str:
    """Return ``embedded``, or the URL of a server that carries jobs."""
    expected = "say embedded, amqp://user:password@host/vhost or redis://:password@host/number"
    if value == "embedded":
        return value
    parts = urlsplit(value)
    if parts.scheme not in {"amqp", "amqps", "redis", "rediss"}:
        raise ValueError(expected)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(f"its port is not a number; {expected}") from None
    if not parts.hostname or port == 0:
        raise ValueError(f"it names no host; {expected}")
    return value


def rate(value: str, _argument: str) -> tuple[int, int] | None:
    """Return (requests, seconds), or None for ``off``."""
    if value.lower() == "off":
        return None
    match = re.fullmatch(r"([0-9]{1,9})\s*/\s*(second|minute|hour|day)", value.lower())
    if not match or int(match[1]) == 0:
        raise ValueError("say a rate such as 60/minute, or off")
    return int(match[1]), {"second": 1, "minute": 60, "hour": 3600, "day": 86400}[match[2]]


def limit(value: str, argument: str) -> int | None:
    """Return a whole number, or None for ``unlimited``."""
    if value.lower() == "unlimited":
        return None
    try:
        return count0(value, argument)
    except ValueError:
        raise ValueError("say a whole number, or unlimited") from None


KINDS: dict[str, Callable[[str, str], Any]] = {
    "text": text,
    "words": words,
    "flag": flag,
    "count0": count0,
    "count": count,
    "seconds": seconds,
    "bytes": size,
    "choice": choice,
    "broker": broker,
    "rate": rate,
    "limit": limit,
}
