"""Presence: who has a conversation open, and who writes in it just now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from ..errors import Forbidden
from ..models import Presence, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk
    from ..models import Conversation

#: How long a member counts as present without saying so again.
LASTS = timedelta(seconds=60)


class PresenceService:
    """Members in conversations. What changes is said in passing, to whoever listens."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def enter(self, conversation: Conversation, state: str) -> Presence:
        """Note that the acting member is there, for :data:`LASTS` from now.

        Saying the same again only makes it last. Raises ``Forbidden`` for who is no member.
        """
        now = self._desk.clock()
        # Those who left without a word; whoever comes in clears up.
        self._desk.session.execute(
            delete(Presence)
            .where(Presence.conversation_id == conversation.id, Presence.expires_at <= now)
            .execution_options(synchronize_session=False)
        )
        key = (self._desk.workspace_id, conversation.id, self._member())
        presence = self._desk.session.get(Presence, key)
        before = presence.state if presence is not None else None
        if presence is None:
            presence = Presence(conversation_id=conversation.id, user_id=self._member())
            self._desk.session.add(presence)
        presence.state, presence.expires_at = state, now + LASTS
        self._desk.session.flush()
        if state != before:
            self._say(conversation, state)
        if next(self._desk.plugins.implementations("support_presence"), None) is not None:
            self._desk.hook.support_presence(
                conversation=self._desk.conversations.reference(conversation),
                state=state,
                desk=self._desk,
            )
        return presence

    def leave(self, conversation: Conversation) -> None:
        """Note that the acting member is gone; nothing happens where they were not there."""
        key = (self._desk.workspace_id, conversation.id, self._member())
        presence = self._desk.session.get(Presence, key)
        if presence is not None:
            self._desk.session.delete(presence)
            self._desk.session.flush()
            self._say(conversation, None)

    def present(self, conversation: Conversation) -> Sequence[tuple[Presence, str]]:
        """Return who is there, with their names."""
        rows = self._desk.session.execute(
            select(Presence, User.name)
            .join(User, User.id == Presence.user_id)
            .where(
                Presence.conversation_id == conversation.id,
                Presence.expires_at > self._desk.clock(),
                User.is_active,
                User.deleted_at.is_(None),
            )
            .order_by(User.name, User.id)
        )
        return [(row[0], row[1]) for row in rows]

    def type(self, conversation: Conversation) -> None:
        """Say that the acting member types, to whoever listens now; it is stored nowhere."""
        self._desk.events.signal(
            "agent.typing",
            conversation_id=conversation.id,
            mailbox_id=conversation.mailbox_id,
            user_id=self._member(),
            user_name=self._desk.actor.name,
        )

    def _say(self, conversation: Conversation, state: str | None) -> None:
        self._desk.events.signal(
            "presence.changed",
            conversation_id=conversation.id,
            mailbox_id=conversation.mailbox_id,
            user_id=self._member(),
            user_name=self._desk.actor.name,
            state=state,
        )

    def _member(self) -> int:
        if self._desk.actor.user_id is None:
            raise Forbidden
        return self._desk.actor.user_id
