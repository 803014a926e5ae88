"""The jobs: a conversation's next turning point, reckoning anew, and adding up figures."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import bindparam, select

from support_core.plugin_api import Conversation, JobCall, Prepared, job

from . import clocks, folding, recomputing
from .models import Clock
from .settings import BATCH
from .standing import note_change, standing, with_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from support_core.plugin_api import Desk, JobContext

log = structlog.get_logger(__name__)

#: Seconds after which a job that has more to do lets others go first.
TURN = 5.0

#: Seconds between two batches on SQLite, whose waiters in other processes look ten times a second:
#: who goes on at once would keep them all out.
SQLITE_REST = 0.12

_clock, _conversation = Clock.__table__.c, Conversation.__table__.c

_FIRES_AT = Prepared(
    select(_clock.fires_at).where(
        _clock.workspace_id == bindparam("workspace_id"),
        _clock.conversation_id == bindparam("conversation_id"),
    )
)
_ALSO_DUE = (
    select(_conversation.id)
    .join(
        Clock.__table__,
        (_clock.workspace_id == _conversation.workspace_id)
        & (_clock.conversation_id == _conversation.id),
    )
    .where(
        _conversation.workspace_id == bindparam("here"),
        _clock.fires_at <= bindparam("now"),
        _clock.conversation_id != bindparam("own"),
    )
    .order_by(_clock.fires_at, _clock.conversation_id)
    .limit(bindparam("most"))
    .with_for_update(of=Conversation.__table__, skip_locked=True)
)


def arm(desk: Desk, moments: Mapping[int, datetime | None]) -> None:
    """Have conversations looked at when their next turning points come, and at no other time."""
    calls = [
        JobCall((conversation_id,), due_at=moment, key=str(conversation_id))
        for conversation_id, moment in moments.items()
        if moment is not None
    ]
    done = [str(conversation_id) for conversation_id, moment in moments.items() if moment is None]
    if calls:
        desk.enqueue_many(turn, calls, move=True)
    if done:
        desk.cancel_jobs(turn, done)


def refresh(
    desk: Desk,
    ids: Iterable[int],
    *,
    told_from: datetime | None = None,
    judge_closed: bool = True,
) -> None:
    """Reckon conversations anew; see :func:`clocks.refresh`."""
    clocks.refresh(desk, ids, arm=arm, told_from=told_from, judge_closed=judge_closed)


@job(queue="sla", max_retries=None)
def turn(context: JobContext, conversation_id: int) -> None:
    """Tell of a turning point that has come, and of others that have come with it.

    One that was moved while this job was on its way is left to the job of its new time. When many
    fall together, the first few jobs tell of all of them, in one transaction each, and those of
    the others are taken back before they begin. One that cannot be told of is no reason not to
    tell of the others: then each job looks after its own.
    """
    with context.desk(write=False) as desk:
        if not _is_due(desk, conversation_id):
            return
    if context.attempt == 1:
        try:
            _tell_of(context, conversation_id, together=True)
        except Exception:
            log.exception("sla_turning_alone", conversation_id=conversation_id)
        else:
            return
    _tell_of(context, conversation_id, together=False)


def _tell_of(context: JobContext, conversation_id: int, *, together: bool) -> None:
    with context.desk() as desk:
        clocks.hold(desk, conversation_id)
        others = _also_due(desk, conversation_id) if together else []
        refresh(desk, [conversation_id, *others])


def _is_due(desk: Desk, conversation_id: int) -> bool:
    found = desk.session.fetch(_FIRES_AT, {"conversation_id": conversation_id})
    moment = found[0].fires_at if found else None
    return moment is not None and moment <= desk.clock()


def _also_due(desk: Desk, conversation_id: int) -> list[int]:
    """Return others that are due, and hold them; who is held by somebody else is left to them."""
    values = {
        "here": desk.workspace_id,
        "now": desk.clock(),
        "own": conversation_id,
        "most": desk.settings[BATCH] - 1,
    }
    return list(desk.session.core(_ALSO_DUE, values).scalars())


@job(queue="maintenance", max_retries=None)
def recompute(context: JobContext) -> None:
    """Reckon the workspace's open conversations anew, a batch in each transaction.

    On SQLite each batch is a job of its own, with a pause between two in which no worker waits.
    """
    until = time.monotonic() + TURN
    batch: int = context.application.settings[BATCH]
    alone = context.application.database.dialect == "sqlite"
    while (done := recomputing.step(context, batch=batch, refresh=refresh)) is not None:
        if (alone and done == batch) or time.monotonic() > until:
            with context.desk() as desk:
                rest = SQLITE_REST if alone else None
                desk.enqueue(recompute, key="recompute", delay=rest)
            return


@job(queue="maintenance")
def watch_feature(context: JobContext) -> None:
    """Note which workspaces have lost the feature or have it again, and reckon theirs anew."""
    for workspace_id in with_policies(context.application):
        with context.desk(workspace_id=workspace_id, write=False) as desk:
            if standing(desk).noted:
                continue
        with context.desk(workspace_id=workspace_id) as desk:
            note_change(desk, lambda it: it.enqueue(recompute, key="recompute"))


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
