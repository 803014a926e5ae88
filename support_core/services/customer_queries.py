"""The customer list, with substring search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..models import Customer
from ..models.search import one_line
from ..pagination import keysets
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desk import Desk

KEYSETS = keysets(
    {
        "id": Customer.id,
        "created_at": Customer.created_at,
        "updated_at": Customer.updated_at,
    },
    id=Customer.id,
)


def list_customers(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the customers that are not deleted and hold the ``search`` text."""
    statement = select(Customer).where(Customer.deleted_at.is_(None))
    term = filters.get("search")
    if term:
        index = desk.search.customers
        found = index.few(term)
        if found is None:
            statement = statement.where(index.contains(Customer.__table__.c.id, one_line(term)))
        else:
            statement = statement.where(Customer.id.in_(found))
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)
