"""The channel's tables: widgets, the people who open them, and what these say."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - annotations of mapped columns are read at run time
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import (
    Base,
    Ciphertext,
    Identified,
    Json,
    Timestamped,
    UTCDateTime,
    WorkspaceScoped,
    tenant_key,
    within,
)


class ChatWidget(Identified, Timestamped, WorkspaceScoped, Base):
    """A bubble on somebody's pages. ``token`` is public: it stands in those pages.

    ``business_hours`` are opening times by weekday in ``timezone``, None for always; ``holidays``
    are days without any, or with their own. ``texts`` are
    the widget's words in its own language, ``translations`` those of others.
    ``hmac_secret`` proves who a visitor is, and so does the one before it for a while.
    """

    __tablename__ = "chat_widgets"
    __table_args__ = (
        tenant_key(),
        within("mailbox_id", "mailboxes", ondelete="CASCADE"),
        Index("uq_chat_widgets_token", "token", unique=True),
        Index("ix_chat_widgets_list", "workspace_id", "id"),
        Index("ix_chat_widgets_mailbox", "workspace_id", "mailbox_id"),
    )

    mailbox_id: Mapped[int] = mapped_column(BigInteger)
    token: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    color: Mapped[str] = mapped_column(String(7), default="#0066cc")
    text_color: Mapped[str] = mapped_column(String(7), default="#ffffff")
    position: Mapped[str] = mapped_column(String(7), default="right")
    welcome_title: Mapped[str] = mapped_column(String(255), default="Hi there!")
    welcome_tagline: Mapped[str] = mapped_column(String(255), default="How can we help?")
    away_message: Mapped[str] = mapped_column(Text, default="We'll get back to you soon.")
    reply_time: Mapped[str] = mapped_column(String(255), default="")
    require_email: Mapped[bool] = mapped_column(default=False)
    allowed_domains: Mapped[list[str]] = mapped_column(Json, default=list)
    hmac_required: Mapped[bool] = mapped_column(default=False)
    hmac_secret: Mapped[str] = mapped_column(Ciphertext)
    old_hmac_secret: Mapped[str | None] = mapped_column(Ciphertext)
    old_hmac_secret_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    timezone: Mapped[str] = mapped_column(String(63), default="UTC")
    business_hours: Mapped[dict[str, Any] | None] = mapped_column(Json)
    holidays: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    pre_chat: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    locale: Mapped[str] = mapped_column(String(35), default="en")
    texts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    translations: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ChatContact(Identified, Timestamped, WorkspaceScoped, Base):
    """Somebody who opened a widget.

    ``secret_id`` is what the visitor's calls name: a random 53-bit number that lets in whoever
    knows it, so that nobody but the visitor is ever told. ``visitor_id`` resumes the contact later;
    ``verified`` says that the page's own server vouched for it, and ``proven_email`` for the
    address. The two kinds never meet: nobody can plant a contact that a proof would resume.
    """

    __tablename__ = "chat_contacts"
    __table_args__ = (
        tenant_key(),
        within("widget_id", "chat_widgets", ondelete="CASCADE"),
        within("customer_id", "customers", ondelete="CASCADE"),
        Index("uq_chat_contacts_secret", "workspace_id", "secret_id", unique=True),
        Index(
            "uq_chat_contacts_visitor",
            "workspace_id",
            "widget_id",
            "visitor_id",
            "verified",
            unique=True,
        ),
        Index("ix_chat_contacts_proven", "workspace_id", "widget_id", "proven_email"),
        Index("ix_chat_contacts_seen", "workspace_id", "last_seen_at", "id"),
        Index("ix_chat_contacts_customer", "workspace_id", "customer_id"),
    )

    widget_id: Mapped[int] = mapped_column(BigInteger)
    secret_id: Mapped[int] = mapped_column(BigInteger)
    visitor_id: Mapped[str] = mapped_column(String(64))
    verified: Mapped[bool] = mapped_column(default=False)
    proven_email: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    email: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    answers: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    page_url: Mapped[str | None] = mapped_column(Text)
    page_title: Mapped[str | None] = mapped_column(String(255))
    referrer: Mapped[str | None] = mapped_column(Text)
    browser: Mapped[str | None] = mapped_column(String(255))
    locale: Mapped[str | None] = mapped_column(String(35))
    last_seen_at: Mapped[datetime] = mapped_column(UTCDateTime)


class ChatConversation(Timestamped, WorkspaceScoped, Base):
    """Whose conversation it is, and who has read how far: ids of threads, 0 for nothing yet.

    ``mailed_id`` is the last reply that went out by mail because nobody read it here.
    """

    __tablename__ = "chat_conversations"
    __table_args__ = (
        within("conversation_id", "conversations", ondelete="CASCADE"),
        within("contact_id", "chat_contacts", ondelete="CASCADE"),
        Index("ix_chat_conversations_contact", "workspace_id", "contact_id", "conversation_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger)
    visitor_read_id: Mapped[int] = mapped_column(BigInteger, default=0)
    agent_read_id: Mapped[int] = mapped_column(BigInteger, default=0)
    mailed_id: Mapped[int] = mapped_column(BigInteger, default=0)


class ChatUpload(WorkspaceScoped, Base):
    """A file that a visitor uploaded: only theirs to send, and to fetch before it is sent."""

    __tablename__ = "chat_uploads"
    __table_args__ = (
        within("attachment_id", "attachments", ondelete="CASCADE"),
        within("contact_id", "chat_contacts", ondelete="CASCADE"),
        Index("ix_chat_uploads_contact", "workspace_id", "contact_id", "created_at"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    attachment_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    contact_id: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
