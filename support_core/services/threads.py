"""Threads as a list of their own, for conversations too long to show at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..models import Thread
from ..pagination import keysets
from .listing import ListPage, run_list

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desk import Desk
    from ..models import Conversation

KEYSETS = keysets({"id": Thread.id}, id=Thread.id)


def list_threads(desk: Desk, conversation: Conversation, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of a conversation's threads, oldest first by default."""
    statement = select(Thread).where(Thread.conversation_id == conversation.id)
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)
