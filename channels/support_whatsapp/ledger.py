"""The ledger: everything webhooks told, to be looked at and, where it failed, replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import NotFound, keysets, run_list

from . import accounts
from .models import WhatsAppItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, ListPage

KEYSETS = keysets({"id": WhatsAppItem.id}, id=WhatsAppItem.id)


def list_items(desk: Desk, account_id: int, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of an account's ledger."""
    statement = select(WhatsAppItem).where(WhatsAppItem.account_id == account_id)
    for name in ("state", "kind"):
        if name in filters:
            statement = statement.where(getattr(WhatsAppItem, name).in_(filters[name]))
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)


def find_item(desk: Desk, account_id: int, item_id: int, *, lock: bool = False) -> WhatsAppItem:
    """Return something of an account's ledger; raises ``NotFound``."""
    accounts.get(desk, account_id)
    row = desk.session.get(WhatsAppItem, item_id, with_for_update=lock or None)
    if row is None or row.account_id != account_id:
        raise NotFound
    return row
