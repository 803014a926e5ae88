"""Adding up a day's conversations by day, mailbox, agent, channel and policy."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, select

from support_core.plugin_api import Conversation

from .figures import TIMES, counted, pack
from .models import Clock, DayFigures, StaleDay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from datetime import date

    from support_core.plugin_api import Desk

#: Notes that are removed with one adding up; the others bring about one more.
NOTES = 5_000

_c, _k, _s = Conversation.__table__.c, Clock.__table__.c, StaleDay.__table__.c
_figures = DayFigures.__table__.c

#: What a report goes by, with what a conversation has of it; nobody and nothing are 0.
DIMENSIONS: dict[str, Any] = {
    "day": lambda _: "",
    "mailbox": lambda row: str(row.mailbox_id),
    "agent": lambda row: str(row.assigned_to or 0),
    "channel": lambda row: row.channel,
    "policy": lambda row: str(row.policy_id or 0),
}

_OF_DAY = (
    select(
        *(_c.status, _c.channel, _c.mailbox_id, _c.assigned_to),
        *(_k.policy_id, _k.sla_status, _k.next_response_met, _k.next_response_breached),
        *(_k.first_response_met, _k.resolution_met, *(_k[name] for name in TIMES)),
    )
    .select_from(
        Conversation.__table__.outerjoin(
            Clock.__table__,
            and_(_k.workspace_id == _c.workspace_id, _k.conversation_id == _c.id),
        )
    )
    .where(
        _c.workspace_id == bindparam("here"),
        _c.created_at >= bindparam("begins"),
        _c.created_at < bindparam("ends"),
        _c.deleted_at.is_(None),
        _c.status != "spam",
    )
)

Group = tuple[str, str]
Groups = dict[Group, tuple[Counter[str], dict[str, list[int]]]]


def workspaces(database: Any) -> list[int]:
    """Return the workspaces with days that are to be added up anew."""
    with database.transaction(write=False) as session:
        found = session.execute(
            select(_s.workspace_id).distinct(),
            execution_options={"unscoped": "the figures of every workspace"},
        )
        return list(found.scalars())


def fold_day(open_desk: Callable[..., AbstractContextManager[Desk]]) -> bool:
    """Add up one day on which something has changed; tell whether there was one.

    Everything is read before anything is written, so that nobody waits for the adding. Only the
    notes that were seen then are removed: what is changed meanwhile stays noted.
    """
    with open_desk(write=False) as desk:
        days = stale_days(desk, limit=1)
        if not days:
            return False
        notes = _notes(desk, days[0])
        groups = add_up(desk, days[0], DIMENSIONS)
    with open_desk() as desk:
        here = desk.workspace_id
        removed = desk.session.core(
            delete(StaleDay.__table__).where(_s.workspace_id == here, _s.id.in_(notes))
        )
        if removed.rowcount == len(notes):  # else somebody else has added it up, later than we
            _store(desk, days[0], groups)
    return True


def _notes(desk: Desk, day: date) -> list[int]:
    statement = select(_s.id).where(_s.workspace_id == desk.workspace_id, _s.day == day)
    return list(desk.session.core(statement.order_by(_s.id).limit(NOTES)).scalars())


def stale_days(
    desk: Desk, *, first: date | None = None, last: date | None = None, limit: int | None = None
) -> list[date]:
    """Return days whose stored figures are old, the latest first."""
    statement = select(_s.day).where(_s.workspace_id == desk.workspace_id).distinct()
    if first is not None:
        statement = statement.where(_s.day >= first)
    if last is not None:
        statement = statement.where(_s.day <= last)
    statement = statement.order_by(_s.day.desc()).limit(limit)
    return list(desk.session.core(statement).scalars())


def _store(desk: Desk, day: date, groups: Groups) -> None:
    here = desk.workspace_id
    desk.session.core(
        delete(DayFigures.__table__).where(_figures.workspace_id == here, _figures.day == day)
    )
    rows = [
        {
            "workspace_id": here,
            "dimension": dimension,
            "day": day,
            "value": value,
            "counts": dict(+counts),
            "samples": pack(times),
        }
        for (dimension, value), (counts, times) in groups.items()
    ]
    if rows:
        desk.session.core(insert(DayFigures.__table__), rows)


def add_up(desk: Desk, day: date, dimensions: Iterable[str]) -> Groups:
    """Return numbers and times of the conversations of one day of UTC, by dimension and value."""
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    values = {"here": desk.workspace_id, "begins": begins, "ends": begins + timedelta(days=1)}
    counts: dict[Group, Counter[str]] = defaultdict(Counter)
    times: dict[Group, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    chosen = [(name, DIMENSIONS[name]) for name in dimensions]
    for row in desk.session.core(_OF_DAY, values):
        numbers = counted(row)
        measured = [(name, it) for name in TIMES if (it := getattr(row, name)) is not None]
        for dimension, value_of in chosen:
            group = (dimension, value_of(row))
            total, own = counts[group], times[group]
            for name, number in numbers.items():
                total[name] += number
            for name, seconds in measured:
                own[name].append(seconds)
    return {group: (counts[group], times[group]) for group in counts}
