"""Texts: free ones, choices, addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any, Literal

from support_core.addresses import ascii_host

from . import characters, messages
from .base import Field, Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = rf"{_ATOM}(?:\.{_ATOM})*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
# U-labels (RFC 5890) are checked by IDNA when read; a pattern can only say "not ASCII".
_ANY_LABEL = r"(?:[A-Za-z0-9]|[^\u0000-\u00bf])(?:(?:[A-Za-z0-9-]|[^\u0000-\u00bf]){0,61}(?:[A-Za-z0-9]|[^\u0000-\u00bf]))?"  # noqa: E501
_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST = rf"{_HOST_LABEL}(?:\.{_HOST_LABEL})*"
#: Before a host: no more than 253 characters of it (RFC 1035 §2.3.4).
_NOT_TOO_LONG = "(?![^:/?#]{254})"
_PORT = "(?::(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_TAIL = rf'(?:[/?#][^\u0000-\u001f<>"{characters.WHITE_CLASS}]*)?'

_LOCAL_PART = re.compile(_LOCAL)
_DOMAIN_NAME = re.compile(_DOMAIN)
_HOST_NAME = re.compile(_HOST)
_AUTHORITY = re.compile(rf"(\[[0-9A-Fa-f:.]+\]|[^\[\]:@/?#\\]+){_PORT}{_TAIL}")


class String(Field):
    """A text of ``min`` to ``max`` characters, counted after stripping.

    White space at both ends is stripped (Laravel's TrimStrings) unless ``strip=False``: bodies
    and passwords. Nothing but white space counts as null (ConvertEmptyStringsToNull);
    ``empty="keep"`` takes it as "". Refused: lone surrogates and C0 controls other than tab, LF
    and CR. ``single_line`` also refuses line breaks inside: whatever ends up in a mail or HTTP
    header. ``pattern`` is a regular expression the whole text has to match, written so that
    Python and ECMA-262 read it alike.
    """

    def __init__(  # noqa: PLR0913 - the options of a declaration
        self,
        *,
        min: int = 0,  # noqa: A002
        max: int | None = None,  # noqa: A002
        strip: bool = True,
        empty: Literal["null", "keep"] = "null",
        single_line: bool = False,
        pattern: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.minimum = min
        self.maximum = max
        self.strip = strip
        self.keep = empty == "keep"
        self.single_line = single_line
        self.pattern = pattern
        self.matches = None if pattern is None else re.compile(pattern).fullmatch

    def read(self, value: Any) -> str | None:
        if not isinstance(value, str):
            raise self.refused(messages.STRING)
        if not value.isprintable() and not characters.is_clean(value):
            raise self.refused(messages.CHARACTERS)
        stripped = value.strip(characters.WHITE)
        if not stripped and not self.keep:
            return None
        content: str = stripped if self.strip else value
        length = len(content)
        if length < self.minimum:
            raise self.refused(messages.STRING_MIN, min=self.minimum)
        if self.maximum is not None and length > self.maximum:
            raise self.refused(messages.STRING_MAX, max=self.maximum)
        if self.single_line and characters.has_line_break(content):
            raise self.refused(messages.CHARACTERS)
        if self.matches is not None and self.matches(content) is None:
            raise self.refused(messages.FORMAT)
        return content

    def shape(self, *, text: bool) -> Shape:
        empty = self.may_be_empty(text=text) or (self.keep and self.minimum == 0)
        schema: Shape = {"type": "string"}
        if self.minimum and not empty:
            schema["minLength"] = self.minimum
        if self.maximum is not None:
            schema["maxLength"] = self.maximum
        schema["pattern"] = self._pattern(empty=empty)
        return schema

    def _pattern(self, *, empty: bool) -> str:
        if self.pattern is not None:
            inner = f"(?:{self.pattern})" + ("?" if empty else "")
            white = f"[{characters.WHITE_CLASS}]*" if self.strip else ""
            return f"^{white}{inner}{white}$"
        if self.keep and not self.strip:
            return characters.anything(single_line=self.single_line)
        return characters.pattern(
            minimum=self.minimum, strip=self.strip, single_line=self.single_line, empty=empty
        )


class Choice(Field):
    """One of ``values``: texts, a StrEnum, or a callable for what is known only at start-up."""

    def __init__(
        self, values: Iterable[str] | Callable[[], Collection[str]], **options: Any
    ) -> None:
        super().__init__(**options)
        self.source = values if callable(values) and not isinstance(values, type) else None
        self.fixed = () if self.source is not None else tuple(str(value) for value in values)  # type: ignore[union-attr]

    @property
    def values(self) -> Collection[str]:
        """The values accepted now."""
        return self.fixed if self.source is None else self.source()

    def read(self, value: Any) -> str | None:
        if not isinstance(value, str):
            raise self.refused(messages.SELECTED)
        values = self.values
        choice: str = value if value in values else value.strip(characters.WHITE)
        if not choice:
            return None
        if choice not in values:
            raise self.refused(messages.SELECTED)
        return choice

    def shape(self, *, text: bool) -> Shape:
        empty = [""] if self.may_be_empty(text=text) and "" not in self.values else []
        return {"type": "string", "enum": [*self.values, *empty]}


class Sort(Choice):
    """The order of a list: one of ``names``, with ``-`` in front for descending."""

    query_only = True

    def __init__(self, names: Iterable[str], **options: Any) -> None:
        super().__init__([sign + name for name in names for sign in ("", "-")], **options)


class Email(String):
    """An addr-spec of RFC 5321 §4.1.2: dot-atom ``@`` domain, 64 and 253 octets at most.

    The domain may be international (IDNA) and of a single label. Quoted local parts, comments,
    address literals and display names are refused. The text is kept as it was written;
    :func:`support_core.addresses.email_key` tells whether two are one.
    """

    def __init__(self, *, max: int = 255, **options: Any) -> None:  # noqa: A002
        super().__init__(max=max, single_line=True, **options)

    def read(self, value: Any) -> str | None:
        address = super().read(value)
        if address is None:
            return None
        local, _, domain = address.rpartition("@")
        if len(local) > 64 or _LOCAL_PART.fullmatch(local) is None:
            raise self.refused(messages.EMAIL)
        host = ascii_host(domain)
        if len(host) > 253 or _DOMAIN_NAME.fullmatch(host) is None:
            raise self.refused(messages.EMAIL)
        # The ASCII form, which is what mail is sent to, has to fit as well.
        if self.maximum is not None and len(local) + 1 + len(host) > self.maximum:
            raise self.refused(messages.EMAIL)
        return address

    def shape(self, *, text: bool) -> Shape:
        schema = super().shape(text=text)
        if self.may_be_empty(text=text):
            return schema  # an empty text is no address, so the format would not be true
        return {**schema, "format": "email"}

    def _pattern(self, *, empty: bool) -> str:
        address = f"(?:{_LOCAL}@{_ANY_LABEL}(?:\\.{_ANY_LABEL})*)" + ("?" if empty else "")
        return f"^[{characters.WHITE_CLASS}]*{address}[{characters.WHITE_CLASS}]*$"


class Url(String):
    """An absolute URL of one of ``schemes`` (RFC 3986), without user information.

    It is only read here: whether it may be called is the business of ``support_core.outgoing``.
    """

    def __init__(
        self,
        *,
        max: int = 2048,  # noqa: A002
        schemes: tuple[str, ...] = ("http", "https"),
        **options: Any,
    ) -> None:
        super().__init__(max=max, single_line=True, **options)
        self.schemes = schemes

    def read(self, value: Any) -> str | None:
        url = super().read(value)
        if url is None:
            return None
        scheme, _, rest = url.partition("://")
        found = _AUTHORITY.fullmatch(rest)
        if found is None or scheme.lower() not in self.schemes or not _is_host(found[1]):
            raise self.refused(messages.URL)
        return url

    def shape(self, *, text: bool) -> Shape:
        schema = super().shape(text=text)
        return schema if self.may_be_empty(text=text) else {**schema, "format": "uri"}

    def _pattern(self, *, empty: bool) -> str:
        # Narrower than what is read: international hosts and IPv6 literals have no exact pattern.
        schemes = "|".join(re.escape(scheme) for scheme in self.schemes)
        url = f"(?:(?:{schemes})://{_NOT_TOO_LONG}{_HOST}{_PORT}{_TAIL})" + ("?" if empty else "")
        return f"^[{characters.WHITE_CLASS}]*{url}[{characters.WHITE_CLASS}]*$"


def _is_host(host: str) -> bool:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            return False
        return True
    name = ascii_host(host)
    return len(name) <= 253 and _HOST_NAME.fullmatch(name) is not None
