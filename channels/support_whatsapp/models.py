"""The channel's tables: numbers, what came in for them, and what messages belong to."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - annotations of mapped columns are read at run time
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, text
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

WAITING = text("state = 'received'")


class WhatsAppAccount(Identified, Timestamped, WorkspaceScoped, Base):
    """A business number of Meta's Cloud API, and how it is doing.

    ``token_valid`` is what the last call said of the access token, None before the first.
    """

    __tablename__ = "whatsapp_accounts"
    __table_args__ = (
        tenant_key(),
        within("mailbox_id", "mailboxes", ondelete="CASCADE"),
        Index("uq_whatsapp_accounts_number", "workspace_id", "phone_number_id", unique=True),
        Index("ix_whatsapp_accounts_mailbox", "workspace_id", "mailbox_id"),
    )

    mailbox_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str | None] = mapped_column(String(255))
    phone_number_id: Mapped[str] = mapped_column(String(63))
    waba_id: Mapped[str | None] = mapped_column(String(63))
    access_token: Mapped[str] = mapped_column(Ciphertext)
    app_secret: Mapped[str] = mapped_column(Ciphertext)
    verify_token: Mapped[str] = mapped_column(Ciphertext)
    display_phone_number: Mapped[str | None] = mapped_column(String(63))
    verified_name: Mapped[str | None] = mapped_column(String(255))
    quality_rating: Mapped[str | None] = mapped_column(String(31))
    throughput: Mapped[str | None] = mapped_column(String(31))
    token_valid: Mapped[bool | None] = mapped_column()
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_inbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    last_error_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    templates_synced_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class WhatsAppPayload(Identified, WorkspaceScoped, Base):
    """A webhook as it came, signed and byte for byte.

    ``state`` is ``received``, ``handled`` or ``failed``; ``digest`` tells one that is sent again.
    ``attempts`` counts how often handling it was begun.
    """

    __tablename__ = "whatsapp_payloads"
    __table_args__ = (
        tenant_key(),
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        Index("uq_whatsapp_payloads_digest", "workspace_id", "account_id", "digest", unique=True),
        Index(
            "ix_whatsapp_payloads_waiting",
            "workspace_id",
            "account_id",
            "attempts",
            "id",
            postgresql_where=WAITING,
            sqlite_where=WAITING,
        ),
        Index("ix_whatsapp_payloads_received", "workspace_id", "received_at"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(15), default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)


class WhatsAppItem(Identified, Timestamped, WorkspaceScoped, Base):
    """One thing that a webhook told: the ledger.

    ``state`` is ``handled``; ``kept`` for what the desk has no use for; ``waiting`` for what is
    about a message that has not come yet; ``failed``, to be replayed. ``position`` is where it
    stands in its payload. ``data`` is the thing itself, but for what has been handled.
    """

    __tablename__ = "whatsapp_items"
    __table_args__ = (
        tenant_key(),
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_whatsapp_items_list", "workspace_id", "account_id", "id"),
        Index("ix_whatsapp_items_state", "workspace_id", "account_id", "state", "id"),
        Index("ix_whatsapp_items_payload", "workspace_id", "payload_id", "position"),
        Index("ix_whatsapp_items_target", "workspace_id", "account_id", "target_id", "state"),
        Index("ix_whatsapp_items_conversation", "workspace_id", "conversation_id"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger)
    payload_id: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(63))
    type: Mapped[str | None] = mapped_column(String(63))
    external_id: Mapped[str | None] = mapped_column(String(255))
    target_id: Mapped[str | None] = mapped_column(String(255))
    sender: Mapped[str | None] = mapped_column(String(127))
    state: Mapped[str] = mapped_column(String(15))
    reason: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any] | None] = mapped_column(Json)
    attempts: Mapped[int] = mapped_column(default=1)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)


class WhatsAppMessage(WorkspaceScoped, Base):
    """A message by the id that WhatsApp gave it, and the thread that it is.

    ``direction`` is ``in`` or ``out``. It stays when a customer is erased, so that a message that
    is sent again does not come back.
    """

    __tablename__ = "whatsapp_messages"
    __table_args__ = (
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_whatsapp_messages_conversation", "workspace_id", "conversation_id"),
        Index("ix_whatsapp_messages_thread", "workspace_id", "thread_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    external_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    direction: Mapped[str] = mapped_column(String(3))
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class WhatsAppReaction(WorkspaceScoped, Base):
    """What somebody reacted to a message with; no ``emoji`` once it was taken back."""

    __tablename__ = "whatsapp_reactions"
    __table_args__ = (within("account_id", "whatsapp_accounts", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    target_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    sender: Mapped[str] = mapped_column(String(127), primary_key=True)
    emoji: Mapped[str | None] = mapped_column(String(63))
    reacted_at: Mapped[datetime] = mapped_column(UTCDateTime)


class WhatsAppContact(Timestamped, WorkspaceScoped, Base):
    """Somebody who writes to a number: who they are, and when they last did.

    ``key`` is the same for every spelling of a phone number. ``wa_id`` is where messages go,
    ``user_id`` Meta's own id of the person. ``last_message_id`` is the last one from them,
    ``read_message_id`` the last one that they were told was read.
    """

    __tablename__ = "whatsapp_contacts"
    __table_args__ = (
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        within("customer_id", "customers", ondelete="CASCADE"),
        Index("ix_whatsapp_contacts_customer", "workspace_id", "customer_id"),
        Index("ix_whatsapp_contacts_conversation", "workspace_id", "conversation_id"),
        Index("ix_whatsapp_contacts_user", "workspace_id", "account_id", "user_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(127), primary_key=True)
    wa_id: Mapped[str | None] = mapped_column(String(63))
    user_id: Mapped[str | None] = mapped_column(String(127))
    name: Mapped[str | None] = mapped_column(String(255))
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    last_inbound_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_message_id: Mapped[str | None] = mapped_column(String(255))
    read_message_id: Mapped[str | None] = mapped_column(String(255))


class WhatsAppMedia(Identified, Timestamped, WorkspaceScoped, Base):
    """A file that came with a message: ``pending``, ``stored`` or ``failed``."""

    __tablename__ = "whatsapp_media"
    __table_args__ = (
        tenant_key(),
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_whatsapp_media_thread", "workspace_id", "thread_id"),
        Index("ix_whatsapp_media_conversation", "workspace_id", "conversation_id"),
    )

    account_id: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger)
    item_id: Mapped[int | None] = mapped_column(BigInteger)
    media_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(15))
    mime_type: Mapped[str | None] = mapped_column(String(255))
    sha256: Mapped[str | None] = mapped_column(String(127))
    filename: Mapped[str | None] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(15), default="pending")
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    attachment_id: Mapped[int | None] = mapped_column(BigInteger)


class WhatsAppPart(Timestamped, WorkspaceScoped, Base):
    """One of the WhatsApp messages that a reply leaves as.

    ``state`` is ``ready``; ``sending`` from before it is handed over until the answer is noted;
    then ``sent``, ``delivered``, ``read`` or ``failed``. ``media_id`` is its file at WhatsApp.
    """

    __tablename__ = "whatsapp_parts"
    __table_args__ = (
        within("delivery_id", "deliveries", ondelete="CASCADE"),
        Index("ix_whatsapp_parts_external", "workspace_id", "external_id"),
        Index("ix_whatsapp_parts_message", "workspace_id", "message_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(String(63))
    account_id: Mapped[int] = mapped_column(BigInteger)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(15), default="ready")
    external_id: Mapped[str | None] = mapped_column(String(255))
    media_id: Mapped[str | None] = mapped_column(String(255))
    error: Mapped[str | None] = mapped_column(Text)


class WhatsAppTemplate(Identified, Timestamped, WorkspaceScoped, Base):
    """A message template of an account, as Meta last described it."""

    __tablename__ = "whatsapp_templates"
    __table_args__ = (
        within("account_id", "whatsapp_accounts", ondelete="CASCADE"),
        Index(
            "uq_whatsapp_templates_name",
            "workspace_id",
            "account_id",
            "name",
            "language",
            unique=True,
        ),
    )

    account_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(15))
    status: Mapped[str] = mapped_column(String(31))
    category: Mapped[str | None] = mapped_column(String(31))
    parameter_format: Mapped[str | None] = mapped_column(String(31))
    components: Mapped[list[dict[str, Any]]] = mapped_column(Json)
