"""Running a list: one page by number with its total, or one page by cursor without."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Select

    from ..db import WorkspaceSession
    from ..pagination import Keyset


@dataclass(frozen=True)
class ListPage:
    """Rows of one page. ``total`` is None for a keyset page, whose neighbours are the cursors."""

    rows: Sequence[Any]
    page: int
    per_page: int
    total: int | None = None
    next_cursor: str | None = None
    prev_cursor: str | None = None


def run_list(
    session: WorkspaceSession,
    statement: Select[*tuple[Any, ...]],
    *,
    keyset: Keyset,
    filters: Mapping[str, Any],
    total: Callable[[], int] | None = None,
) -> ListPage:
    """Run ``statement`` in the keyset's order, by ``cursor`` or by ``page`` of ``filters``.

    ``total`` counts all rows where that can be done better than by counting the statement's.
    """
    per_page: int = filters["per_page"]
    if "cursor" in filters:
        cursor = keyset.decode(filters["cursor"])
        query = keyset.apply(statement, cursor=cursor, per_page=per_page)
        found = keyset.page(session.execute(query).all(), cursor=cursor, per_page=per_page)
        return ListPage(
            found.rows, 1, per_page, next_cursor=found.next_cursor, prev_cursor=found.prev_cursor
        )
    page: int = filters["page"]
    ordered = statement.order_by(*keyset.order_by)
    rows = session.execute(ordered.limit(per_page).offset((page - 1) * per_page)).all()
    if total is None:
        count = select(func.count()).select_from(statement.order_by(None).subquery())
        return ListPage(rows, page, per_page, total=session.execute(count).scalar_one())
    return ListPage(rows, page, per_page, total=total())
