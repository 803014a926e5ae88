"""The jobs: a conversation's next turning point, reckoning anew, and adding up figures."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Conversation, job

from . import clocks, folding, recomputing
from .models import Clock
from .settings import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from support_core.plugin_api import Desk, JobContext

#: Conversations whose turning points one job may tell of, when many fall together.
TOGETHER = 50

#: Seconds after which a job that has more to do lets others go first.
TURN = 5.0

#: Seconds between two batches on SQLite, which has one writer at a time.
SQLITE_REST = 0.12

_clock, _conversation = Clock.__table__.c, Conversation.__table__.c


def arm(desk: Desk, conversation_id: int, moment: datetime | None) -> None:
    """Have a conversation looked at when its next turning point comes, and at no other time."""
    if moment is None:
        desk.cancel_job(turn, key=str(conversation_id))
    else:
        desk.enqueue(turn, conversation_id, key=str(conversation_id), due_at=moment, move=True)


def refresh(desk: Desk, ids: Iterable[int], *, told_from: datetime | None = None) -> None:
    """Reckon conversations anew; see :func:`clocks.refresh`."""
    clocks.refresh(desk, ids, arm=arm, told_from=told_from)


@job(queue="sla", max_retries=None)
def turn(context: JobContext, conversation_id: int) -> None:
    """Tell of a turning point that has come, and of others that have come with it.

    One that was moved while this job was on its way is left to the job of its new time.
    """
    with context.desk(write=False) as desk:
        if not _is_due(desk, conversation_id):
            return
    with context.desk() as desk:
        clocks.hold(desk, conversation_id)
        refresh(desk, [conversation_id, *_also_due(desk, conversation_id)])


def _is_due(desk: Desk, conversation_id: int) -> bool:
    found = desk.session.core(
        select(_clock.fires_at).where(
            _clock.workspace_id == desk.workspace_id, _clock.conversation_id == conversation_id
        )
    ).scalar()
    return found is not None and found <= desk.clock()


def _also_due(desk: Desk, conversation_id: int) -> list[int]:
    """Return others that are due, and hold them; who is held by somebody else is left to them."""
    statement = (
        select(_conversation.id)
        .join(
            Clock.__table__,
            (_clock.workspace_id == _conversation.workspace_id)
            & (_clock.conversation_id == _conversation.id),
        )
        .where(
            _conversation.workspace_id == desk.workspace_id,
            _clock.fires_at <= desk.clock(),
            _clock.conversation_id != conversation_id,
        )
        .order_by(_clock.fires_at, _clock.conversation_id)
        .limit(TOGETHER)
        .with_for_update(of=Conversation.__table__, skip_locked=True)
    )
    return list(desk.session.core(statement).scalars())


@job(queue="maintenance", max_retries=None)
def recompute(context: JobContext) -> None:
    """Reckon the workspace's open conversations anew, a batch in each transaction."""
    until = time.monotonic() + TURN
    batch: int = context.application.settings[BATCH]
    # SQLite's waiters look ten times a second: who goes on at once would keep them all out.
    rest = SQLITE_REST if context.application.database.dialect == "sqlite" else 0.0
    while recomputing.step(context, batch=batch, refresh=refresh):
        time.sleep(rest)
        if time.monotonic() > until:
            with context.desk() as desk:
                desk.enqueue(recompute, key="recompute")
            return


@job(queue="maintenance")
def refresh_customer(context: JobContext, customer_id: int) -> None:
    """Reckon a customer's open conversations anew, whose policy may be another now."""
    after = 0
    while True:
        with context.desk() as desk:
            ids = recomputing.open_of_customer(
                desk, customer_id, after=after, limit=desk.settings[BATCH]
            )
            refresh(desk, ids)
        if not ids:
            return
        after = ids[-1]


@job(queue="maintenance")
def fold(context: JobContext) -> None:
    """Add up the figures of days on which something has changed, of every workspace."""
    for workspace_id in folding.workspaces(context.application.database):
        open_desk = partial(context.desk, workspace_id=workspace_id)
        until = time.monotonic() + TURN
        while folding.fold_day(open_desk) and time.monotonic() < until:
            pass
