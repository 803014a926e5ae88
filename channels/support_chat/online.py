"""Visitors online: those whose widget has given a sign of life lately."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.plugin_api import keysets, run_list

from .contacts import ONLINE
from .models import ChatContact, ChatConversation
from .presenting import present_visitor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, ListPage

KEYSETS = keysets({"last_seen_at": ChatContact.last_seen_at}, id=ChatContact.id)


def list_visitors(desk: Desk, filters: Mapping[str, Any]) -> tuple[ListPage, list[dict[str, Any]]]:
    """Return one page of the visitors online, and how they are shown."""
    statement = select(ChatContact).where(ChatContact.last_seen_at > desk.clock() - ONLINE)
    if "widget_id" in filters:
        statement = statement.where(ChatContact.widget_id == filters["widget_id"])
    page = run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)
    found = [row[0] for row in page.rows]
    newest = _newest(desk, [it.id for it in found])
    return page, [present_visitor(it, newest.get(it.id), online=True) for it in found]


def _newest(desk: Desk, contact_ids: list[int]) -> dict[int, int]:
    """Return the last conversation of each contact."""
    if not contact_ids:
        return {}
    rows = desk.session.execute(
        select(ChatConversation.contact_id, func.max(ChatConversation.conversation_id))
        .where(ChatConversation.contact_id.in_(contact_ids))
        .group_by(ChatConversation.contact_id)
    )
    return {row[0]: row[1] for row in rows}
