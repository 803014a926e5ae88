"""Reckoning all open conversations anew after a change of policies or calendars."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, func, literal, select, tuple_, update

from support_core.plugin_api import Conversation, NotFound, UTCDateTime, keysets, run_list

from .models import Recomputation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from support_core.plugin_api import Desk, JobContext, ListPage

#: The statuses in which time may count, in the order in which they are gone through.
OPEN = ("active", "pending")
UNDER_WAY = ("queued", "running")

_c = Conversation.__table__.c
_SORTS = keysets({"id": Recomputation.id}, id=Recomputation.id)


def begin(desk: Desk, reason: str) -> Recomputation:
    """Write down that everything open is to be reckoned anew; one that is under way is over.

    In the transaction of the change, so that neither is without the other.
    """
    desk.session.execute(
        update(Recomputation)
        .where(Recomputation.state.in_(UNDER_WAY))
        .values(state="superseded", finished_at=desk.clock(), updated_at=desk.clock()),
        execution_options={"synchronize_session": False},
    )
    now = desk.clock()
    made = Recomputation(reason=reason, created_at=now, updated_at=now, state="queued", done=0)
    desk.session.add(made)
    desk.session.flush()
    return made


def get(desk: Desk, recomputation_id: int) -> Recomputation:
    """Return a recomputation; raises ``NotFound``."""
    found = desk.session.get(Recomputation, recomputation_id)
    if found is None:
        raise NotFound
    return found


def list_recomputations(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the workspace's recomputations."""
    return run_list(
        desk.session, select(Recomputation), keyset=_SORTS[filters["sort"]], filters=filters
    )


def step(context: JobContext, *, batch: int, refresh: Callable[..., None]) -> int | None:
    """Go on with the one under way by one batch; return how many that were, None without one.

    What is to be done is looked up before anything is held, so that nobody waits for that. What
    is touched in between is reckoned by the new rules anyway, wherever it has gone in the order.
    """
    with context.desk(write=False) as desk:
        current = _current(desk)
        if current is None:
            return None
        total = _count(desk) if current.total is None else current.total
        rows = _next(desk, current.position, batch)
    with context.desk() as desk:
        held = desk.session.get(Recomputation, current.id, with_for_update=True)
        if held is None or held.state not in UNDER_WAY or held.position != current.position:
            return 0
        refresh(desk, [row.id for row in rows], told_from=held.created_at)
        held.total = total
        held.done += len(rows)
        held.updated_at = desk.clock()
        held.state = "running"
        if rows:
            last = rows[-1]
            held.position = [last.status, last.last_reply_at.isoformat(), last.id]
        else:
            held.state, held.finished_at = "finished", desk.clock()
        desk.session.flush()
    return len(rows)


def _current(desk: Desk) -> Recomputation | None:
    return desk.session.scalars(
        select(Recomputation)
        .where(Recomputation.state.in_(UNDER_WAY))
        .order_by(Recomputation.id.desc())
        .limit(1)
    ).first()


def _count(desk: Desk) -> int:
    return desk.session.execute(
        select(func.count(_c.id)).where(
            _c.workspace_id == desk.workspace_id, _c.status.in_(OPEN), _c.deleted_at.is_(None)
        )
    ).scalar_one()


def _next(desk: Desk, position: list[Any] | None, limit: int) -> Sequence[Any]:
    """Return the next open conversations in the order of the list of their status."""
    here = OPEN.index(position[0]) if position else 0
    for status in OPEN[here:]:
        statement = (
            select(_c.id, _c.status, _c.last_reply_at)
            .where(
                _c.workspace_id == desk.workspace_id,
                _c.status == status,
                _c.deleted_at.is_(None),
            )
            .order_by(_c.last_reply_at, _c.id)
            .limit(limit)
        )
        if position and position[0] == status:
            moment = literal(datetime.fromisoformat(position[1]), UTCDateTime())
            place = tuple_(moment, literal(position[2], BigInteger()))
            statement = statement.where(tuple_(_c.last_reply_at, _c.id) > place)
        rows = desk.session.core(statement).all()
        if rows:
            return rows
    return []


def open_of_customer(desk: Desk, customer_id: int, *, after: int, limit: int) -> list[int]:
    """Return a customer's open conversations after an id."""
    statement = (
        select(_c.id)
        .where(
            _c.workspace_id == desk.workspace_id,
            _c.customer_id == customer_id,
            _c.status.in_(OPEN),
            _c.deleted_at.is_(None),
            _c.id > after,
        )
        .order_by(_c.id)
        .limit(limit)
    )
    return list(desk.session.core(statement).scalars())
