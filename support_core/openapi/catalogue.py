"""Every error code a caller can meet: one list, read off the classes that raise them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Invalid, SupportError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..application import Application

CORE = "support_core"


@dataclass(frozen=True)
class ErrorCode:
    """A code with its status, the text that comes with it unless the view says better, and when.

    ``sent`` is false for validation errors, whose answer names fields instead of a code.
    """

    code: str
    status: int
    message: str
    meaning: str
    sent: bool = True


def error_catalogue(application: Application) -> list[ErrorCode]:
    """Return the codes of the core and of the enabled plugins, by status and code."""
    plugins = application.plugins.modules.values()
    packages = {CORE, *(it.__package__ or it.__name__ for it in plugins)}
    found: dict[str, ErrorCode] = {}
    for kind in kinds():
        if _belongs(kind, packages):
            found.setdefault(kind.code, describe(kind))
    return sorted(found.values(), key=lambda it: (it.status, it.code))


def describe(kind: type[SupportError]) -> ErrorCode:
    """Return the catalogue's entry of an error class."""
    meaning = " ".join((kind.__doc__ or "").split()).replace("``", "`")
    return ErrorCode(
        kind.code, kind.status, kind.message, meaning, sent=not issubclass(kind, Invalid)
    )


def kinds(base: type[SupportError] = SupportError) -> Iterator[type[SupportError]]:
    """Yield every subclass of ``base``, parents first."""
    children = base.__subclasses__()
    yield from children
    for child in children:
        yield from kinds(child)


def _belongs(kind: type[SupportError], packages: set[str]) -> bool:
    return any(
        kind.__module__ == package or kind.__module__.startswith(f"{package}.")
        for package in packages
    )
