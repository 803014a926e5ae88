"""Where replies of a mailbox's API conversations are posted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_core.plugin_api import Base, Ciphertext, Timestamped, WorkspaceScoped, within


class ApiCallback(Timestamped, WorkspaceScoped, Base):
    """A mailbox's callback; ``secret`` signs what is posted and is encrypted at rest."""

    __tablename__ = "api_callbacks"
    __table_args__ = (within("mailbox_id", "mailboxes", ondelete="CASCADE"),)

    workspace_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(Ciphertext)
