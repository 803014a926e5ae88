"""Clocks for conversations that have none: those that are older than the plugin.

All of a clock is reckoned from the conversation's threads, so that it can be made at any time. Who
has one already is passed over, so that it can be interrupted and begun anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from support_core.plugin_api import Conversation

from .models import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Select

    from support_core.plugin_api import Desk

_c, _k = Conversation.__table__.c, Clock.__table__.c


def count(desk: Desk, *, everything: bool) -> int:
    """Return how many conversations are to be reckoned."""
    chosen = _chosen(desk, everything=everything).with_only_columns(func.count(_c.id))
    found: int = desk.session.core(chosen.order_by(None)).scalar_one()
    return found


def rebuild(
    open_desk: Callable[..., AbstractContextManager[Desk]],
    refresh: Callable[..., None],
    *,
    batch: int,
    everything: bool = False,
    judge_closed: bool = False,
) -> Iterator[int]:
    """Reckon conversations, a batch in each transaction; yield how many each time.

    Nobody is told of what has come to pass before. Closed ones are measured by the wall clock
    alone, unless they are to be judged by policies that may be younger than they.
    """
    after = 0
    while True:
        with open_desk(write=False) as desk:
            chosen = _chosen(desk, everything=everything).where(_c.id > after).limit(batch)
            ids = list(desk.session.core(chosen).scalars())
        if not ids:
            return
        with open_desk() as desk:
            refresh(desk, ids, told_from=desk.clock(), judge_closed=judge_closed)
        after = ids[-1]
        yield len(ids)


def _chosen(desk: Desk, *, everything: bool) -> Select[tuple[int]]:
    statement = select(_c.id).where(_c.workspace_id == desk.workspace_id).order_by(_c.id)
    if everything:
        return statement
    clocks = Clock.__table__
    mine = and_(_k.workspace_id == _c.workspace_id, _k.conversation_id == _c.id)
    joined = Conversation.__table__.outerjoin(clocks, mine)
    return statement.select_from(joined).where(_k.conversation_id.is_(None))
