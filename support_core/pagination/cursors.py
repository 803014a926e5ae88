"""Cursors: where a keyset page starts, as one opaque word of a URL."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import orjson

from support_core.errors import Invalid

LONGEST = 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WORD = re.compile(r"[A-Za-z0-9_-]+")

Value = str | int | float | bool | datetime
Direction = Literal["next", "prev"]


def invalid_cursor() -> Invalid:
    """Return the one error for a cursor that is malformed, foreign or of another sort."""
    return Invalid({"cursor": ["The cursor is invalid."]})


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place in the order ``sort``; the page lies after (``next``) or before it.

    ``values`` are the row's sort values, its id last. A cursor is a place, no permission: it is
    not signed, and whoever forges one sees only what the query's own criteria let through.
    """

    direction: Direction
    sort: str
    values: tuple[Value, ...]

    def encode(self) -> str:
        """Return the cursor as URL-safe base64 (RFC 4648 §5, no padding) of a JSON array."""
        content = [self.direction, self.sort, *map(_pack, self.values)]
        return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode("ascii")

    @classmethod
    def decode(cls, text: str, *, sort: str) -> Cursor:
        """Read a cursor of the order ``sort``.

        Raises ``Invalid`` on the field ``cursor`` for anything else.
        """
        if len(text) > LONGEST or _WORD.fullmatch(text) is None:
            raise invalid_cursor()
        try:
            content = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except ValueError:  # binascii.Error and JSONDecodeError are both ValueErrors
            raise invalid_cursor() from None
        match content:
            case ["next" | "prev" as direction, str() as found, _, *_] if found == sort:
                return cls(direction, found, tuple(map(_unpack, content[2:])))
        raise invalid_cursor()


def _pack(value: Value) -> Any:
    """Return ``value`` as JSON; a datetime as its microseconds since 1970."""
    if isinstance(value, datetime):
        return {"t": (value - _EPOCH) // _MICROSECOND}
    if isinstance(value, str | int | float):
        return value
    raise TypeError(f"A cursor cannot hold {value!r}.")


def _unpack(value: Any) -> Value:
    match value:
        case {"t": int() as microseconds, **rest} if not rest and value["t"] is not True:
            try:
                return _EPOCH + microseconds * _MICROSECOND
            except OverflowError:
                raise invalid_cursor() from None
        case str() | int() | float():
            return value
    raise invalid_cursor()
