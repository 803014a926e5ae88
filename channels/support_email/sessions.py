"""Opening a mailbox's sessions: the account's servers, the host's settings, a fresh token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .imap import ImapSession
from .oauth import access_token
from .settings import CA_FILE, TIMEOUT
from .smtp import SmtpSession

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, OpenDesk

    from .account import Account, Server
    from .connecting import Deadline


class Sessions:
    """Opens sessions of one application; ``open_desk`` opens desks of the account's workspace.

    Both methods raise ``MailServerError``, and are not to be called inside a transaction.
    """

    def __init__(self, desk: Desk, open_desk: OpenDesk) -> None:
        """Take along from a desk what outlives its transaction."""
        self._policy = desk.application.outgoing.policy
        self._timeout: float = desk.settings[TIMEOUT]
        self._ca_file: str = desk.settings[CA_FILE]
        self._open_desk = open_desk

    def imap(self, account: Account, *, deadline: Deadline | None = None) -> ImapSession:
        """Return a session with the account's IMAP server, which it must have."""
        assert account.imap is not None  # noqa: S101 - callers have looked
        return ImapSession.open(
            account.imap,
            self._policy,
            token=self._token(account, account.imap),
            timeout=self._timeout,
            ca_file=self._ca_file,
            deadline=deadline,
        )

    def smtp(self, account: Account, *, deadline: Deadline | None = None) -> SmtpSession:
        """Return a session with the account's SMTP server, which it must have."""
        assert account.smtp is not None  # noqa: S101 - callers have looked
        return SmtpSession.open(
            account.smtp,
            self._policy,
            token=self._token(account, account.smtp),
            timeout=self._timeout,
            ca_file=self._ca_file,
            deadline=deadline,
        )

    def _token(self, account: Account, server: Server) -> str | None:
        return access_token(self._open_desk, account.mailbox_id) if server.oauth else None
