"""The visitor of a conversation as agents see them there: page, title, referrer and browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from support_core.plugin_api import ConversationFields

from .models import ChatConversation
from .shapes import CONVERSATION_VISITOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk

    from .models import ChatContact

_c = ChatConversation.__table__.c

#: Null for conversations that are no chats, and of visitors who were erased.
FIELDS = ConversationFields(
    table=ChatConversation.__table__,
    shown={"visitor": _c.visitor},
    shapes={"visitor": CONVERSATION_VISITOR},
    volatile=("visitor",),
)


def visitor_of(contact: ChatContact) -> dict[str, Any]:
    """Return a contact as its conversations show it."""
    return {
        "id": contact.id,
        "page_url": contact.page_url,
        "page_title": contact.page_title,
        "referrer": contact.referrer,
        "browser": contact.browser,
    }


def moved(desk: Desk, contact: ChatContact) -> None:
    """Show on the contact's newest conversation where they are now."""
    newest = (
        select(func.max(ChatConversation.conversation_id))
        .where(ChatConversation.contact_id == contact.id)
        .scalar_subquery()
    )
    desk.session.execute(
        update(ChatConversation)
        .where(
            ChatConversation.contact_id == contact.id, ChatConversation.conversation_id == newest
        )
        .values(visitor=visitor_of(contact)),
        execution_options={"synchronize_session": False},
    )


def forget(desk: Desk, contact_ids: Sequence[int]) -> None:
    """Show nothing of these contacts any more."""
    desk.session.execute(
        update(ChatConversation)
        .where(ChatConversation.contact_id.in_(contact_ids))
        .values(visitor=None),
        execution_options={"synchronize_session": False},
    )
