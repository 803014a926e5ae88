"""Numbers, ids, booleans and dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from . import characters, messages
from .base import Field, Refused, Shape, or_empty

LARGEST = 2**63 - 1
LARGEST_TEXT = 10**18 - 1  # a query parameter has at most 18 digits
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DIGITS = re.compile(r"-?[0-9]+")
_DATE = r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_OFFSET = r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_MOMENT = rf"{_DATE}[Tt]{_TIME}{_OFFSET}"


class Integer(Field):
    """A whole number from ``min`` to ``max`` inclusive, within 64 bits.

    JSON: a number without a fraction, 1.0 being 1 (JSON Schema 2020-12 §4.2.3); true and "1" are
    refused. Query: up to 18 decimal digits, no plus sign, no leading zeros, no spaces.
    """

    def __init__(
        self,
        *,
        min: int | None = None,  # noqa: A002
        max: int | None = None,  # noqa: A002
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.minimum = -LARGEST - 1 if min is None else min
        self.maximum = LARGEST if max is None else max
        self.between = min is not None and max is not None

    def read(self, value: Any) -> Any:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:  # bool is a subclass of int
            raise self.refused(messages.INTEGER)
        if self.minimum <= value <= self.maximum:
            return value
        raise self.out_of_range(value)

    def read_text(self, text: str) -> Any:
        if _DECIMAL.fullmatch(text) is None:
            raise self.refused(messages.INTEGER)
        return self.read(int(text))

    def out_of_range(self, value: int) -> Refused:
        """Return the error of a number beyond the bounds."""
        if self.between:
            return self.refused(messages.NUMBER_BETWEEN, min=self.minimum, max=self.maximum)
        if value < self.minimum:
            return self.refused(messages.NUMBER_MIN, min=self.minimum)
        return self.refused(messages.NUMBER_MAX, max=self.maximum)

    def shape(self, *, text: bool) -> Shape:
        bound = LARGEST_TEXT if text else LARGEST
        schema: Shape = {
            "type": "integer",
            "format": "int64",
            "minimum": max(self.minimum, -bound),
            "maximum": min(self.maximum, bound),
        }
        return or_empty(schema, empty=text and self.may_be_empty(text=True))


class Id(Integer):
    """The id of something: a positive 64-bit integer.

    A number that can be no id answers like an id that does not exist. ``words`` are texts that
    are taken instead (``assigned_to=unassigned``).
    """

    def __init__(self, *, words: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(min=1, max=LARGEST, **options)
        self.words = words

    def read(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.words:
            return value
        return super().read(value)

    def read_text(self, text: str) -> Any:
        if text in self.words:
            return text
        if len(text) > 18 and _DIGITS.fullmatch(text) is not None:
            raise self.out_of_range(0)
        return super().read_text(text)

    def out_of_range(self, _value: int) -> Refused:
        return self.refused(messages.SELECTED)

    def shape(self, *, text: bool) -> Shape:
        schema = super().shape(text=text)
        if not self.words:
            return schema
        options = schema.get("anyOf", [schema])
        return {"anyOf": [*options, {"type": "string", "enum": list(self.words)}]}


class Page(Field):
    """A page number, from 1; anything that is none counts as 1, as in Laravel."""

    query_only = True
    last = LARGEST // 100  # so that the offset of a page of 100 stays within 64 bits

    def read_text(self, text: str) -> int:
        if _DECIMAL.fullmatch(text) is None:
            return 1
        page = int(text)
        return page if 1 <= page <= self.last else 1

    def shape(self, *, text: bool) -> Shape:  # noqa: ARG002
        return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}


class Boolean(Field):
    """JSON: true or false and nothing else. Query: ``true``, ``false``, ``1`` or ``0``."""

    texts = {"true": True, "false": False, "1": True, "0": False}  # noqa: RUF012

    def read(self, value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        raise self.refused(messages.BOOLEAN)

    def read_text(self, text: str) -> bool:
        value = self.texts.get(text)
        if value is None:
            raise self.refused(messages.BOOLEAN)
        return value

    def shape(self, *, text: bool) -> Shape:
        if not text:
            return {"type": "boolean"}
        empty = [""] if self.may_be_empty(text=True) else []
        return {"type": "string", "enum": [*self.texts, *empty]}


class DateTime(Field):
    """A moment: RFC 3339 with an offset or ``Z``, years 1000 to 2999, as an aware UTC datetime.

    With ``dates`` a bare date is its first moment in UTC. Fractions are cut to microseconds.
    """

    def __init__(self, *, dates: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.dates = dates
        self.matches = re.compile(rf"{_MOMENT}|{_DATE}" if dates else _MOMENT).fullmatch

    def read(self, value: Any) -> datetime | None:
        if not isinstance(value, str):
            raise self.refused(messages.DATE)
        stripped = value.strip(characters.WHITE)
        if not stripped:
            return None
        if self.matches(stripped) is None:
            raise self.refused(messages.DATE)
        try:
            moment = datetime.fromisoformat(stripped.upper())
        except ValueError:  # 30 February
            raise self.refused(messages.DATE) from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    def shape(self, *, text: bool) -> Shape:
        empty = self.may_be_empty(text=text)
        moment: Shape = {"type": "string", "format": "date-time", "pattern": f"^{_MOMENT}$"}
        options = [moment]
        if self.dates:
            options.append({"type": "string", "format": "date", "pattern": f"^{_DATE}$"})
        if empty:
            options.append({"const": ""})
        return {"anyOf": options} if len(options) > 1 else moment
