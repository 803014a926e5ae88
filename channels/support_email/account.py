"""A mailbox's servers as plain values, their secrets decrypted: what leaves the transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from sqlalchemy import select

from support_core.plugin_api import Mailbox

from .models import EmailAccount

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

Encryption = Literal["ssl", "starttls", "none"]

PORTS: dict[str, dict[str, int]] = {
    "imap": {"ssl": 993, "starttls": 143, "none": 143},
    "smtp": {"ssl": 465, "starttls": 587, "none": 25},
}


@dataclass(frozen=True)
class Server:
    """One server and how to log in to it; ``password`` is empty where a token is used."""

    host: str
    port: int
    encryption: Encryption
    verify: bool
    username: str
    password: str
    oauth: bool

    def __repr__(self) -> str:
        return f"<Server {self.host}:{self.port}>"


@dataclass(frozen=True)
class Account:
    """What working on a mailbox needs; ``imap`` or ``smtp`` is None where it is not configured."""

    workspace_id: int
    mailbox_id: int
    generation: int
    address: str
    name: str
    folder: str
    start: str
    imap: Server | None
    smtp: Server | None


def row_of(desk: Desk, mailbox_id: int, *, lock: bool = False) -> EmailAccount | None:
    """Return the mailbox's row; ``lock`` holds it to the commit."""
    return desk.session.get(
        EmailAccount, (desk.workspace_id, mailbox_id), with_for_update=lock or None
    )


def account_of(desk: Desk, mailbox_id: int) -> Account | None:
    """Return the account of a mailbox that is there and active; None where there is none."""
    found = desk.session.execute(
        select(EmailAccount, Mailbox)
        .join(Mailbox, Mailbox.id == EmailAccount.mailbox_id)
        .where(EmailAccount.mailbox_id == mailbox_id, Mailbox.deleted_at.is_(None))
    ).first()
    if found is None:
        return None
    row, mailbox = found
    return Account(
        workspace_id=desk.workspace_id,
        mailbox_id=mailbox_id,
        generation=row.generation,
        address=mailbox.email,
        name=row.from_name or mailbox.name,
        folder=row.imap_folder,
        start=row.imap_start,
        imap=_server(desk, row, "imap"),
        smtp=_server(desk, row, "smtp"),
    )


def _server(desk: Desk, row: EmailAccount, kind: Literal["imap", "smtp"]) -> Server | None:
    host: str | None = getattr(row, f"{kind}_host")
    if host is None:
        return None
    encryption = cast("Encryption", getattr(row, f"{kind}_encryption"))
    password: str | None = getattr(row, f"{kind}_password")
    return Server(
        host=host,
        port=getattr(row, f"{kind}_port") or PORTS[kind][encryption],
        encryption=encryption,
        verify=getattr(row, f"{kind}_verify"),
        username=getattr(row, f"{kind}_username") or "",
        password=desk.keyring.decrypt(password) if password else "",
        oauth=getattr(row, f"{kind}_auth") == "xoauth2",
    )


def make_row(desk: Desk, mailbox_id: int) -> EmailAccount:
    """Add the mailbox's row, without servers as yet."""
    row = EmailAccount(
        mailbox_id=mailbox_id, token_secret=desk.keyring.encrypt(secrets.token_urlsafe(32))
    )
    desk.session.add(row)
    desk.session.flush()
    return row


def can_send(desk: Desk, mailbox_id: int) -> bool:
    """Tell whether a mailbox has an SMTP server."""
    return (
        desk.session.execute(
            select(EmailAccount.mailbox_id).where(
                EmailAccount.mailbox_id == mailbox_id, EmailAccount.smtp_host.is_not(None)
            )
        ).first()
        is not None
    )
