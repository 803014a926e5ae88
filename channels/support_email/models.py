"""The channel's tables: servers of mailboxes, mails taken in, and what they belong to."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - annotations of mapped columns are read at run time
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text, text
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


class EmailAccount(Timestamped, WorkspaceScoped, Base):
    """A mailbox's servers, how fetching stands, and how far it has come.

    ``uidvalidity`` and ``last_uid`` are the checkpoint: every mail up to it is in the ledger.
    ``generation`` counts changes of the settings, so that a running fetcher notices them.
    ``token_secret`` signs reply addresses and Message-IDs.
    """

    __tablename__ = "email_accounts"
    __table_args__ = (within("mailbox_id", "mailboxes", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)

    imap_host: Mapped[str | None] = mapped_column(String(255))
    imap_port: Mapped[int | None] = mapped_column()
    imap_encryption: Mapped[str] = mapped_column(String(15), default="ssl")
    imap_verify: Mapped[bool] = mapped_column(default=True)
    imap_auth: Mapped[str] = mapped_column(String(15), default="password")
    imap_username: Mapped[str | None] = mapped_column(String(255))
    imap_password: Mapped[str | None] = mapped_column(Ciphertext)
    imap_folder: Mapped[str] = mapped_column(String(255), default="INBOX")
    imap_start: Mapped[str] = mapped_column(String(15), default="all")

    smtp_host: Mapped[str | None] = mapped_column(String(255))
    smtp_port: Mapped[int | None] = mapped_column()
    smtp_encryption: Mapped[str] = mapped_column(String(15), default="starttls")
    smtp_verify: Mapped[bool] = mapped_column(default=True)
    smtp_auth: Mapped[str] = mapped_column(String(15), default="password")
    smtp_username: Mapped[str | None] = mapped_column(String(255))
    smtp_password: Mapped[str | None] = mapped_column(Ciphertext)

    from_name: Mapped[str | None] = mapped_column(String(255))
    plus_addressing: Mapped[bool] = mapped_column(default=True)
    quote_history: Mapped[bool] = mapped_column(default=False)
    token_secret: Mapped[str] = mapped_column(Ciphertext)

    oauth_token_url: Mapped[str | None] = mapped_column(Text)
    oauth_client_id: Mapped[str | None] = mapped_column(String(255))
    oauth_client_secret: Mapped[str | None] = mapped_column(Ciphertext)
    oauth_refresh_token: Mapped[str | None] = mapped_column(Ciphertext)
    oauth_scope: Mapped[str | None] = mapped_column(Text)
    oauth_access_token: Mapped[str | None] = mapped_column(Ciphertext)
    oauth_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    oauth_refresh_expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    oauth_error: Mapped[str | None] = mapped_column(Text)

    generation: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(15), default="off")
    last_success_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    uidvalidity: Mapped[int | None] = mapped_column(BigInteger)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)


class EmailIngest(Identified, Timestamped, WorkspaceScoped, Base):
    """A mail that was taken in: the ledger.

    ``state`` is ``fetched`` (the raw mail is kept, nothing was made of it yet), ``filed``,
    ``duplicate`` or ``quarantined``; ``reason`` says why. ``message_key`` is the digest of the
    Message-ID, or of the whole mail where it has none. ``truncated``: too large, only its head was
    fetched. ``answer`` is how its automatic answer stands, None where none is due.
    """

    __tablename__ = "email_ingests"
    __table_args__ = (
        tenant_key(),
        within("mailbox_id", "mailboxes", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_email_ingests_mailbox", "workspace_id", "mailbox_id", "state", "id"),
        Index("ix_email_ingests_thread", "workspace_id", "thread_id"),
        Index("ix_email_ingests_conversation", "workspace_id", "conversation_id"),
        Index("ix_email_ingests_blob", "workspace_id", "blob_key"),
        Index(
            "uq_email_ingests_uid",
            "workspace_id",
            "mailbox_id",
            "folder",
            "uidvalidity",
            "uid",
            unique=True,
        ),
        Index(
            "uq_email_ingests_message",
            "workspace_id",
            "mailbox_id",
            "message_key",
            unique=True,
            postgresql_where=text("state <> 'duplicate'"),
            sqlite_where=text("state <> 'duplicate'"),
        ),
    )

    mailbox_id: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str] = mapped_column(String(15), default="imap")
    folder: Mapped[str | None] = mapped_column(String(255))
    uidvalidity: Mapped[int | None] = mapped_column(BigInteger)
    uid: Mapped[int | None] = mapped_column(BigInteger)
    message_key: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str | None] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(String(500))
    size: Mapped[int] = mapped_column(BigInteger)
    truncated: Mapped[bool] = mapped_column(default=False)
    blob_key: Mapped[str | None] = mapped_column(String(127))
    state: Mapped[str] = mapped_column(String(15), default="fetched")
    kind: Mapped[str | None] = mapped_column(String(15))
    reason: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=1)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[str | None] = mapped_column(String(15))
    answer_to: Mapped[str | None] = mapped_column(String(255))
    received_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EmailRef(WorkspaceScoped, Base):
    """A Message-ID and the conversation it belongs to, as one mailbox knows it.

    ``direction`` is ``in``, ``out`` or ``auto``, and ``awaited`` for a mail that another one has
    referred to before it came itself.
    """

    __tablename__ = "email_refs"
    __table_args__ = (
        within("mailbox_id", "mailboxes", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        Index("ix_email_refs_conversation", "workspace_id", "conversation_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger)
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    delivery_id: Mapped[int | None] = mapped_column(BigInteger)
    message_id: Mapped[str | None] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(String(7))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)


class EmailParticipant(WorkspaceScoped, Base):
    """Somebody who belongs to a conversation.

    ``role`` is how they came in: ``customer``, ``to`` or ``cc`` of a mail, ``agent`` where an agent
    added them. ``copied`` tells whether the last mail from outside went to them too, so that
    a reply does; ``reply_to`` is where they want answers.
    """

    __tablename__ = "email_participants"
    __table_args__ = (within("conversation_id", "conversations", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    address_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    address: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(15))
    copied: Mapped[bool] = mapped_column(default=False)
    reply_to: Mapped[str | None] = mapped_column(String(255))


class EmailSending(Timestamped, WorkspaceScoped, Base):
    """How far the sending of a reply has come on the wire.

    ``state`` is ``ready``; ``data`` from before the text is handed over until its answer is noted;
    then ``taken`` or ``refused``. Found in ``data`` later, nobody knows whether it went out.
    """

    __tablename__ = "email_sendings"
    __table_args__ = (within("delivery_id", "deliveries", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    state: Mapped[str] = mapped_column(String(15), default="ready")
    answer: Mapped[str | None] = mapped_column(Text)
    recipients: Mapped[list[str] | None] = mapped_column(Json)
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)


class EmailAnswered(WorkspaceScoped, Base):
    """When a mailbox last answered an address by itself, and how often since ``since``."""

    __tablename__ = "email_answered"
    __table_args__ = (within("mailbox_id", "mailboxes", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    address_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    answers: Mapped[int] = mapped_column(default=0)
