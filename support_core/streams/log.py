"""Reading the event log in pages, and where it begins and ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from ..events import DomainEvent
from ..models import Counter, Event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..db import WorkspaceSession

#: Events read at a time.
PAGE = 200

#: Workspaces asked after in one statement.
CHUNK = 500

UNSCOPED = {"unscoped": "the heads of the logs of all workspaces that streams follow"}

_event, _counter = Event.__table__.c, Counter.__table__.c
_PAGE = (
    select(
        _event.id,
        _event.type,
        _event.conversation_id,
        _event.mailbox_id,
        _event.payload,
        _event.created_at,
    )
    .where(_event.workspace_id == bindparam("of_workspace"), _event.id > bindparam("after"))
    .order_by(_event.id)
    .limit(PAGE)
)
_HEAD = select(_counter.value).where(
    _counter.workspace_id == bindparam("of_workspace"), _counter.name == "events"
)
_HEADS = select(_counter.workspace_id, _counter.value).where(
    _counter.workspace_id.in_(bindparam("workspaces", expanding=True)), _counter.name == "events"
)
_FIRST = select(func.min(_event.id)).where(_event.workspace_id == bindparam("of_workspace"))


def read_page(session: WorkspaceSession, after: int) -> list[DomainEvent]:
    """Return the next events after an id, at most :data:`PAGE`."""
    workspace_id = session.require_workspace()
    rows = session.core(_PAGE, {"of_workspace": workspace_id, "after": after})
    return [
        DomainEvent(
            type=row.type,
            workspace_id=workspace_id,
            payload=row.payload,
            conversation_id=row.conversation_id,
            mailbox_id=row.mailbox_id,
            id=row.id,
            created_at=row.created_at,
        )
        for row in rows
    ]


def head(session: WorkspaceSession) -> int:
    """Return the id of the newest event, 0 before the first."""
    values = {"of_workspace": session.require_workspace()}
    found: int | None = session.core(_HEAD, values).scalar()
    return found or 0


def reaches_back(session: WorkspaceSession, after: int) -> bool:
    """Tell whether the log still has every event after an id."""
    first = session.core(_FIRST, {"of_workspace": session.require_workspace()}).scalar()
    return after >= (first - 1 if first is not None else head(session))


def heads(session: WorkspaceSession, workspaces: Sequence[int]) -> dict[int, int]:
    """Return the newest ids of these workspaces' logs."""
    found: dict[int, int] = {}
    for start in range(0, len(workspaces), CHUNK):
        chunk = {"workspaces": list(workspaces[start : start + CHUNK])}
        found.update(session.core(_HEADS, chunk, execution_options=UNSCOPED).tuples().all())
    return found
