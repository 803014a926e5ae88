"""Trying a mailbox's servers out: what ``test-imap``, ``test-smtp`` and ``mail test`` do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .account import account_of
from .connecting import Deadline
from .problems import ImapConnectionFailed, MailServerError, SmtpConnectionFailed
from .sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_core.plugin_api import OpenDesk, SupportError

    from .account import Account

#: Seconds that a test takes at most; the contract says 15.
WITHIN = 14.0

FOLDERS_SHOWN = 1000


def try_imap(open_desk: OpenDesk, mailbox_id: int) -> dict[str, Any]:
    """Connect, log in, select; return what the API answers. Raises ``ImapConnectionFailed``."""

    def work(sessions: Sessions, account: Account, deadline: Deadline) -> dict[str, Any]:
        if account.imap is None:
            raise MailServerError("connect", "The mailbox has no IMAP server.")
        session = sessions.imap(account, deadline=deadline)
        try:
            folder = session.select(account.folder)
            folders = session.folders()[:FOLDERS_SHOWN]
        finally:
            session.close()
        return {
            "success": True,
            "message": f"Connected to {account.imap.host} and selected {account.folder}.",
            "folders": folders,
            "messages": folder.messages,
        }

    return _within(open_desk, mailbox_id, work, ImapConnectionFailed)


def try_smtp(open_desk: OpenDesk, mailbox_id: int) -> dict[str, Any]:
    """Connect and log in; nothing is sent. Raises ``SmtpConnectionFailed``."""

    def work(sessions: Sessions, account: Account, deadline: Deadline) -> dict[str, Any]:
        if account.smtp is None:
            raise MailServerError("connect", "The mailbox has no SMTP server.")
        sessions.smtp(account, deadline=deadline).close()
        how = "and logged in" if account.smtp.username else "without a login"
        return {"success": True, "message": f"Connected to {account.smtp.host} {how}."}

    return _within(open_desk, mailbox_id, work, SmtpConnectionFailed)


def _within(
    open_desk: OpenDesk,
    mailbox_id: int,
    work: Callable[[Sessions, Account, Deadline], dict[str, Any]],
    failed: type[SupportError],
) -> dict[str, Any]:
    with open_desk() as desk:
        desk.mailboxes.get(mailbox_id)
        account, sessions = account_of(desk, mailbox_id), Sessions(desk, open_desk)
    with Deadline(WITHIN).running() as deadline:
        try:
            if account is None:
                raise MailServerError("connect", "The mailbox has no mail server.")
            return work(sessions, account, deadline)
        except MailServerError as error:
            said = "The server did not answer in time." if deadline.passed else error.message
            raise failed(f"Step {error.step}: {said}", success=False, step=error.step) from error
