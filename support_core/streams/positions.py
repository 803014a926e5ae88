"""Where a stream begins: the client's last event, held against the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import Invalid
from . import log

if TYPE_CHECKING:
    from pyramid.request import Request

    from ..db import WorkspaceSession

#: Ids are 64-bit.
MOST = 2**63 - 1


@dataclass(frozen=True)
class Positions:
    """``after`` is what the client has, ``head`` the newest; ``reset`` where they do not join."""

    after: int
    head: int
    reset: bool = False


def resume(session: WorkspaceSession, given: int | None) -> Positions:
    """Return where to go on after ``given``, or from now on without it.

    An id that the log does not reach back to, or has not reached yet (a database that was put
    back), is a reset: the client is told to load anew, and goes on from the newest.
    """
    head = log.head(session)
    if given is None or given == head:
        return Positions(head, head)
    if given > head or not log.reaches_back(session, given):
        return Positions(head, head, reset=True)
    return Positions(given, head)


def last_event_id(request: Request, given: int | None) -> int | None:
    """Return the id a client has: the header's, which reconnecting browsers send, else ``given``.

    Raises ``Invalid`` for a header that is no id.
    """
    header = request.headers.get("Last-Event-ID", "").strip()
    if not header:
        return given
    if not header.isascii() or not header.isdigit() or int(header) > MOST:
        raise Invalid({"last_event_id": ["The last event id must be an integer."]})
    return int(header)
