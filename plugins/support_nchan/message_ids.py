"""nchan's message ids, which browsers send as ``Last-Event-ID`` when they come back.

``1795383522:0,[1],-`` is a second of Redis's clock and, for each channel of the subscription, the
place within that second. The core knows whole numbers only; so they are set aside for this plugin
before the core sees them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.registry import Registry
    from pyramid.request import Request
    from pyramid.response import Response

_ID = re.compile(r"(?P<second>[0-9]{9,11}):(?P<places>[][0-9,-]{1,2000})")
_ENVIRON = "support_nchan.message_id"
_PARAMETER = "last_event_id"


@dataclass(frozen=True)
class MessageId:
    """A position that nchan handed out: ``second`` of Redis's clock, and the whole ``text``."""

    second: int
    places: str

    @property
    def channels(self) -> int:
        """Of how many channels it speaks."""
        return self.places.count(",") + 1

    def __str__(self) -> str:
        return f"{self.second}:{self.places}"


def before(second: int) -> str:
    """Return a position before everything of a second, for any number of channels."""
    return f"{second - 1}:0"


def parse(text: str) -> MessageId | None:
    """Read a message id; None for what is none."""
    match = _ID.fullmatch(text.strip())
    return MessageId(int(match["second"]), match["places"]) if match else None


def given(request: Request) -> MessageId | None:
    """Return the id that came with the request."""
    found: MessageId | None = request.environ.get(_ENVIRON)
    return found


def tween(
    handler: Callable[[Request], Response], _registry: Registry
) -> Callable[[Request], Response]:
    """Set nchan's ids aside."""

    def aside(request: Request) -> Response:
        environ: dict[str, Any] = request.environ
        found = parse(environ.get("HTTP_LAST_EVENT_ID", ""))
        if found is not None:
            environ[_ENVIRON] = found
            del environ["HTTP_LAST_EVENT_ID"]
        elif _PARAMETER in environ.get("QUERY_STRING", ""):
            _take_from_query(environ)
        return handler(request)

    return aside


def _take_from_query(environ: dict[str, Any]) -> None:
    """Set an id aside that stands in the query, where clients put it who set no headers."""
    rest = []
    for part in environ["QUERY_STRING"].split("&"):
        name, _, value = part.partition("=")
        found = parse(unquote_plus(value)) if name == _PARAMETER else None
        if found is None:
            rest.append(part)
        else:
            environ[_ENVIRON] = found
    environ["QUERY_STRING"] = "&".join(rest)
