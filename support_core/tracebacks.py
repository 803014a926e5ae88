"""Tracebacks for the log, without what databases quote of the rows that they refuse.

SQLAlchemy leaves the parameters out (``hide_parameters``), but the driver's own text has values:
PostgreSQL's ``DETAIL: Key (email)=(…) already exists`` or ``Failing row contains (…)``.
"""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING, Any, TextIO

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

#: SQLSTATE classes whose messages quote data: data exceptions, and what functions raise.
_QUOTING = ("22", "P0")

_WORDS = re.compile(r'"[^"]*"|\'[^\']*\'')


def formatted(exc_info: ExcInfo) -> str:
    """Return an exception's traceback, its causes included, as it may stand in a log."""
    text = "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    for error in _chain(exc_info[1]):
        said, kept = str(error), _kept(error)
        if kept is not None and said:
            text = text.replace(said, kept)
    return text


def print_formatted(stream: TextIO, exc_info: ExcInfo) -> None:
    """Write :func:`formatted` to a console, as structlog's renderers ask for it."""
    stream.write("\n" + formatted(exc_info))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception with its causes and contexts, and what groups hold."""
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions


def _kept(error: BaseException) -> str | None:
    """Return what may be said of a database's error; None for another exception."""
    if isinstance(error, DBAPIError):
        return f"{_of_driver(error.orig)} [SQL: {error.statement}]"
    module = type(error).__module__.partition(".")[0]
    return _of_driver(error) if module in {"psycopg", "sqlite3"} else None


def _of_driver(error: BaseException | None) -> str:
    diagnosis: Any = getattr(error, "diag", None)
    state = getattr(error, "sqlstate", None)
    if diagnosis is None or state is None:
        return _WORDS.sub("…", str(error).partition("\n")[0])
    message = diagnosis.message_primary or ""
    if state.startswith(_QUOTING):
        message = _WORDS.sub("…", message)
    return f"{message} ({state})"
