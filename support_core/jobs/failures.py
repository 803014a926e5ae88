"""What is kept and shown of a job's failure: never what somebody wrote, nor a secret.

The text of an exception may quote anything: a row (PostgreSQL's DETAIL), an address, a body. Only
the reasons of exceptions that are written for people to read are kept; of any other its kind, and
where in the job it was raised. The log has the traceback.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from dramatiq.errors import ActorNotFound, Retry

from ..errors import SupportError
from .declaration import GiveUp

if TYPE_CHECKING:
    from types import TracebackType

MAX_ERROR = 500

#: Whose text its author knows to be shown.
_WRITTEN = (GiveUp, Retry, SupportError, ActorNotFound)

#: Where the job's own function is called.
_CALLER = "support_core.jobs.declaration"


def describe(error: BaseException | None) -> str | None:
    """Return a failure in one line that may be shown to the workspace it happened in."""
    if error is None:
        return None
    kind = type(error).__name__
    if isinstance(error, _WRITTEN):
        reason = " ".join(str(error).split())
        return _storable(f"{kind}: {reason}" if reason else kind)
    place = _place(error.__traceback__)
    return _storable(f"{kind} in {place}; see the log." if place else f"{kind}; see the log.")


def _place(raised: TracebackType | None) -> str | None:
    """Return the innermost line of the job's own distribution, or of the core."""
    packages: set[str] = set()
    place = None
    called = False
    for frame, line in traceback.walk_tb(raised):
        module = str(frame.f_globals.get("__name__", ""))
        if called and not packages:
            packages = {module.partition(".")[0], "support_core"}
        if packages and module.partition(".")[0] in packages:
            place = f"{module}.{frame.f_code.co_name}, line {line}"
        called = called or module == _CALLER
    return place


def _storable(text: str) -> str:
    """Return what every database takes in a text: no NUL and no lone surrogate."""
    return text[:MAX_ERROR].replace("\0", "").encode(errors="replace").decode()
