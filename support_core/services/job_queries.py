"""Lists of a workspace's background jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select

from ..jobs import JobRecord
from ..jobs.inspection import COLUMNS, in_states
from ..jobs.outbox import TABLE
from ..jobs.tallies import MOST
from ..pagination import keysets
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement

    from ..desk import Desk

JOBS = keysets(
    {"id": TABLE.c.id, "due_at": TABLE.c.due_at, "updated_at": TABLE.c.updated_at}, id=TABLE.c.id
)


def list_of_jobs(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of jobs; the total stops at :data:`~support_core.jobs.tallies.MOST`."""
    criteria = _criteria(desk.workspace_id, filters)

    def total() -> int:
        some = select(literal(1)).select_from(TABLE).where(*criteria).limit(MOST).subquery()
        return desk.session.execute(select(func.count()).select_from(some)).scalar_one()

    return run_list(
        desk.session,
        select(*COLUMNS).where(*criteria),
        keyset=JOBS[filters["sort"]],
        filters=filters,
        total=total,
    )


def records(page: ListPage) -> list[JobRecord]:
    """Return the jobs of a page."""
    return [JobRecord(*row[: len(COLUMNS)]) for row in page.rows]


def _criteria(workspace_id: int, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    criteria: list[ColumnElement[bool]] = [TABLE.c.workspace_id == workspace_id]
    if "state" in filters:
        criteria.append(in_states(filters["state"]))
    criteria += [TABLE.c[it].in_(filters[it]) for it in ("queue", "name") if it in filters]
    return criteria
