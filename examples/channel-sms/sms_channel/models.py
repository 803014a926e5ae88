"""The channel's tables: a mailbox's number, and who writes to it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import Base, Ciphertext, Timestamped, WorkspaceScoped, within


class SmsLine(Timestamped, WorkspaceScoped, Base):
    """A mailbox's number and its secrets, encrypted at rest.

    ``problem`` is what Textline last said against our key, None while all is well.
    """

    __tablename__ = "sms_lines"
    __table_args__ = (within("mailbox_id", "mailboxes", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    number: Mapped[str] = mapped_column(String(16))
    api_key: Mapped[str] = mapped_column(Ciphertext)
    webhook_secret: Mapped[str] = mapped_column(Ciphertext)
    problem: Mapped[str | None] = mapped_column(Text)


class SmsContact(Timestamped, WorkspaceScoped, Base):
    """A phone that writes to a mailbox, with the conversation its next message belongs to."""

    __tablename__ = "sms_contacts"
    __table_args__ = (
        within("mailbox_id", "mailboxes", ondelete="CASCADE"),
        within("conversation_id", "conversations", ondelete="CASCADE"),
        within("customer_id", "customers", ondelete="CASCADE"),
        Index("ix_sms_contacts_customer", "workspace_id", "customer_id"),
    )

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    phone: Mapped[str] = mapped_column(String(16), primary_key=True)
    conversation_id: Mapped[int | None] = mapped_column(BigInteger)
    customer_id: Mapped[int | None] = mapped_column(BigInteger)
    opted_out: Mapped[bool] = mapped_column(default=False)
