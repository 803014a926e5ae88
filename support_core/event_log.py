"""Reading the event log of one workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from .models import Event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from .db import WorkspaceSession


def rows(
    session: WorkspaceSession, *, after: int, limit: int, until: int | None = None
) -> Sequence[Event]:
    """Return the next rows of the log, oldest first, up to the id ``until``."""
    statement = select(Event).where(Event.id > after).order_by(Event.id).limit(limit)
    if until is not None:
        statement = statement.where(Event.id <= until)
    return session.execute(statement).scalars().all()


def span(session: WorkspaceSession, *, after: datetime, before: datetime) -> tuple[int, int] | None:
    """Return the first and last id of what happened between two moments; None for nothing."""
    bounds = select(func.min(Event.id), func.max(Event.id)).where(
        Event.created_at >= after, Event.created_at < before
    )
    first, last = session.execute(bounds).one()
    return None if first is None else (first, last)
