"""Conversations, their tags, and what keeps lists and searches of them fast."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from ..db.types import Json, UTCDateTime
from .base import Base, Identified, Timestamped, WorkspaceScoped, now, tenant_key, within

STATUSES = ("active", "pending", "closed", "spam")
PRIORITIES = ("low", "normal", "high", "urgent")

_LIVE = text("deleted_at IS NULL")


def _list_index(name: str, *columns: str) -> Index:
    """Return an index that gives one kind of list in its default order, live rows only."""
    return Index(
        f"ix_conversations_{name}",
        "workspace_id",
        *columns,
        "last_reply_at",
        "id",
        postgresql_where=_LIVE,
        sqlite_where=_LIVE,
    )


class Conversation(Identified, Timestamped, WorkspaceScoped, Base):
    """A conversation with one customer.

    ``number`` counts from 1 per workspace without gaps. ``last_reply_at`` is when a customer or an
    agent last wrote, at first when it was created. ``tags`` mirrors :class:`ConversationTag`.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        tenant_key(),
        within("mailbox_id", "mailboxes"),
        within("customer_id", "customers"),
        within("assigned_to", "users"),
        Index("uq_conversations_number", "workspace_id", "number", unique=True),
        _list_index("inbox"),
        _list_index("status", "status"),
        _list_index("mailbox", "mailbox_id"),
        _list_index("assignee", "assigned_to"),
        _list_index("customer", "customer_id"),
        _list_index("channel", "channel"),
        _list_index("priority", "priority"),
        Index("ix_conversations_created", "workspace_id", "created_at", "id"),
        Index("ix_conversations_updated", "workspace_id", "updated_at", "id"),
    )

    number: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(15), default="active")
    channel: Mapped[str] = mapped_column(String(31))
    priority: Mapped[str] = mapped_column(String(15), default="normal")
    mailbox_id: Mapped[int] = mapped_column(BigInteger)
    customer_id: Mapped[int] = mapped_column(BigInteger)
    assigned_to: Mapped[int | None] = mapped_column(BigInteger)
    tags: Mapped[list[str]] = mapped_column(Json, default=list)
    last_reply_at: Mapped[datetime] = mapped_column(UTCDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ConversationTag(WorkspaceScoped, Base):
    """One tag of one conversation, for filtering by index."""

    __tablename__ = "conversation_tags"
    __table_args__ = (within("conversation_id", "conversations", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tag: Mapped[str] = mapped_column(String(63), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class ConversationTally(WorkspaceScoped, Base):
    """How many live conversations share all of these facets; database triggers keep it.

    A list's ``total`` is a sum over a handful of these rows instead of a count over all
    conversations. ``slot`` is the writing connection on PostgreSQL, so that two transactions
    never wait for each other's row; a scheduled job folds slots into slot 0.
    """

    __tablename__ = "conversation_tallies"

    workspace_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True
    )
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    status: Mapped[str] = mapped_column(String(15), primary_key=True)
    channel: Mapped[str] = mapped_column(String(31), primary_key=True)
    priority: Mapped[str] = mapped_column(String(15), primary_key=True)
    #: 0 stands for nobody: a key column cannot be null.
    assigned_to: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, default=0)
    conversations: Mapped[int] = mapped_column(BigInteger)
