"""The mailbox list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..models import Mailbox
from ..pagination import keysets
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desk import Desk

KEYSETS = keysets(
    {
        "id": Mailbox.id,
        "name": Mailbox.name,
        "email": Mailbox.email,
        "created_at": Mailbox.created_at,
    },
    id=Mailbox.id,
)


def list_mailboxes(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the mailboxes that are not deleted."""
    statement = select(Mailbox).where(Mailbox.deleted_at.is_(None))
    if "is_active" in filters:
        statement = statement.where(Mailbox.is_active == filters["is_active"])
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)
