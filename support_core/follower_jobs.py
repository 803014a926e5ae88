"""The jobs of followers: reading on, and waking those whom nothing else woke."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import bindparam, literal_column, select, update

from .jobs import Schedule, job, keyed_id
from .models import Counter, FollowerPosition, Job

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .desk import Desk
    from .events import DomainEvent
    from .followers import Follower
    from .jobs import JobContext

log = structlog.get_logger(__name__)

#: Seconds after which a follower that has more to read lets other jobs go first.
TURN = 10.0

#: The same for one that has read all there was, again and again, while more was being logged, where
#: another job has waited for as long.
SHORT_TURN = 0.5

#: Seconds between two looks of one that reads on: a look costs as much as some events do.
GATHER = 0.04

#: Seconds between two looks for followers that are behind and have no job.
WAKE_EVERY = 300.0

#: How long a job that carries stays dead before it is tried anew: what is outside may be back.
REST = timedelta(hours=1)

#: Followers that one look wakes at most.
WAKE_AT_ONCE = 1000

ALL_WORKSPACES: dict[str, Any] = {"unscoped": "followers of every workspace"}

_place = FollowerPosition.__table__
_here = _place.c.workspace_id == bindparam("here")
_named = _place.c.name == bindparam("named")
_ADVANCE = (
    update(_place)
    .where(_here, _named, _place.c.last_event_id == bindparam("seen"))
    .values(
        last_event_id=bindparam("reached"),
        missed=_place.c.missed + bindparam("more_missed"),
        updated_at=bindparam("moment", type_=_place.c.updated_at.type),
    )
)
#: One for each state, which has an index of its own.
_WAITING = [
    select(Job.id)
    .where(Job.state == literal_column(state), Job.due_at <= bindparam("since"))
    .limit(1)
    for state in ("'queued'", "'handed'")
]


@job(queue="followers")
def follow(context: JobContext, name: str) -> None:
    """Let a follower read on in its workspace, for a while; then the next job's turn comes."""
    follower = context.application.followers.declared.get(name)
    if follower is None:
        return
    more = _handle(context, follower) if follower.handle is not None else _carry(context, follower)
    if more:
        # On its own, for a handler's transaction may have to wait for whoever holds this job.
        with context.desk() as desk:
            desk.enqueue(follow, name, key=name)


def _handle(context: JobContext, follower: Follower) -> bool:
    """Deal with page after page; tell whether there may be more than there was time for."""
    until = time.monotonic() + TURN
    while _handle_page(context, follower):
        if time.monotonic() > until:
            return True
    return False


def _handle_page(context: JobContext, follower: Follower) -> bool:
    """Deal with one page in one transaction; tell whether there may be more."""
    assert follower.handle is not None  # noqa: S101 - for the type checker
    with context.desk() as desk:
        last = _last_event(desk, follower.name, lock=True)
        events = [] if last is None else desk.events.read(after=last, limit=follower.page)
        if last is None or not events:
            return False
        follower.handle(desk, events)
        _advance(desk, follower.name, last, events)
    return len(events) == follower.page


def _carry(context: JobContext, follower: Follower) -> bool:
    """Deal with page after page outside of any transaction, and note the place after each.

    Reading on in the same transaction, and not ending with a page that is not full, saves a busy
    workspace most of what a job costs beside its work, and the time until it runs again. Tells
    whether there may be more.
    """
    assert follower.carry is not None  # noqa: S101 - for the type checker
    began = asked = look_at = time.monotonic()
    with context.desk(write=False) as desk:
        last = _last_event(desk, follower.name)
        events = [] if last is None else desk.events.read(after=last, limit=follower.page)
    while last is not None and events:
        follower.carry(context.desk, events)
        full = len(events) == follower.page
        if not full:
            time.sleep(max(0.0, look_at - time.monotonic()))
        look_at = time.monotonic() + GATHER
        with context.desk() as desk:
            moved = _advance(desk, follower.name, last, events)
            last = events[-1].id if moved else _last_event(desk, follower.name)
            events = [] if last is None else desk.events.read(after=last, limit=follower.page)
        now = time.monotonic()
        if events and now - began > TURN:
            return True
        if events and not full and now - asked > SHORT_TURN:
            asked = now
            if _others_wait(context):
                return True
    return False


def _others_wait(context: JobContext) -> bool:
    """Tell whether a job of anybody's has waited for a worker as long as a short turn is."""
    since = context.application.clock() - timedelta(seconds=SHORT_TURN)
    with context.application.database.transaction(write=False) as session:
        return any(session.execute(it, {"since": since}).first() for it in _WAITING)


def _last_event(desk: Desk, name: str, *, lock: bool = False) -> int | None:
    statement = select(FollowerPosition.last_event_id).where(FollowerPosition.name == name)
    if lock:
        statement = statement.with_for_update()
    return desk.session.execute(statement).scalar_one_or_none()


def _advance(desk: Desk, name: str, seen: int, events: Sequence[DomainEvent]) -> bool:
    """Note the place; False where somebody else moved it, or ended it, meanwhile."""
    missed = events[0].id - seen - 1  # the log has no gaps but at its old end
    if missed:
        log.warning("follower_missed_events", follower=name, after=seen, missed=missed)
    desk.session.flush()
    moved = desk.session.core(
        _ADVANCE,
        {
            "here": desk.workspace_id,
            "named": name,
            "seen": seen,
            "reached": events[-1].id,
            "more_missed": missed,
            "moment": desk.clock(),
        },
    )
    return moved.rowcount == 1


@job(queue="maintenance")
def wake_followers(context: JobContext) -> None:
    """Wake followers that are behind without a job: their plugin was off, or the job was deleted.

    A dead job stays dead, for somebody to look at, until the next event or a retry. One that
    carries is tried anew after :data:`REST`: what it could not reach may be back, and its
    workspace may be silent for days.
    """
    names = sorted(context.application.followers.declared)
    behind = (
        select(FollowerPosition.workspace_id, FollowerPosition.name)
        .join(Counter, Counter.workspace_id == FollowerPosition.workspace_id)
        .where(
            Counter.name == "events",
            FollowerPosition.name.in_(names),
            FollowerPosition.last_event_id < Counter.value,
        )
        .limit(WAKE_AT_ONCE)
    )
    with context.application.database.transaction(write=False) as session:
        rows = session.execute(behind, execution_options=ALL_WORKSPACES).all()
        keys = {keyed_id(follow, row.name, workspace_id=row.workspace_id): row for row in rows}
        found = select(Job.message_id, Job.state, Job.updated_at).where(Job.message_id.in_(keys))
        jobs = {it.message_id: it for it in session.execute(found)}
    rested = context.application.clock() - REST
    for key, row in keys.items():
        job_ = jobs.get(key)
        carries = context.application.followers.declared[row.name].carry is not None
        if job_ is None or (carries and job_.state == "dead" and job_.updated_at <= rested):
            with context.desk(workspace_id=row.workspace_id) as desk:
                desk.enqueue(follow, row.name, key=row.name)


SCHEDULES = (Schedule("support_core.wake_followers", wake_followers, every=WAKE_EVERY),)
