"""Opening a mailbox's sessions: the account's servers, the host's settings, a fresh token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .connecting import ca_state
from .imap import ImapSession
from .oauth import access_token
from .reuse import Connections
from .settings import CA_FILE, TIMEOUT
from .smtp import SmtpSession, Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support_core.plugin_api import Desk, OpenDesk

    from .account import Account, Server
    from .connecting import Deadline
    from .smtp import Handed


class Sessions:
    """Opens sessions of one application; ``open_desk`` opens desks of the account's workspace.

    Its methods raise ``MailServerError``, and are not to be called inside a transaction.
    """

    def __init__(self, desk: Desk, open_desk: OpenDesk) -> None:
        """Take along from a desk what outlives its transaction."""
        self._policy = desk.application.outgoing.policy
        self._timeout: float = desk.settings[TIMEOUT]
        self._ca_file: str = desk.settings[CA_FILE]
        self._open_desk = open_desk
        self._connections = connections_of(desk)

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
        """Return a new session with the account's SMTP server, which it must have."""
        assert account.smtp is not None  # noqa: S101 - callers have looked
        token = self._token(account, account.smtp)
        return self._smtp(account.smtp, token, deadline)

    def hand_over(
        self,
        account: Account,
        sender: str,
        recipients: Sequence[str],
        mail: bytes,
        *,
        before_text: Callable[[list[str]], None],
    ) -> Handed:
        """Send one mail over a connection left from an earlier one, or over a new one.

        What :meth:`SmtpSession.hand_over` says holds, but for ``Stale``: a connection that is over
        before anything was said of this mail is replaced by a new one.
        """
        assert account.smtp is not None  # noqa: S101 - callers have looked
        token = self._token(account, account.smtp)
        # Whatever changes how a connection would be made today takes a new one.
        state = ca_state(self._ca_file)
        key = (account.workspace_id, account.mailbox_id, account.generation, token, state)
        session = self._connections.take(key)
        if session is not None:
            try:
                return self._handed(key, session, sender, recipients, mail, before_text)
            except Stale:
                pass
        session = self._smtp(account.smtp, token, None)
        return self._handed(key, session, sender, recipients, mail, before_text)

    def _handed(  # noqa: PLR0913, PLR0917 - what hand_over was given
        self,
        key: tuple[object, ...],
        session: SmtpSession,
        sender: str,
        recipients: Sequence[str],
        mail: bytes,
        before_text: Callable[[list[str]], None],
    ) -> Handed:
        try:
            return session.hand_over(sender, recipients, mail, before_text=before_text)
        finally:
            self._connections.give_back(key, session)

    def _smtp(self, server: Server, token: str | None, deadline: Deadline | None) -> SmtpSession:
        return SmtpSession.open(
            server,
            self._policy,
            token=token,
            timeout=self._timeout,
            ca_file=self._ca_file,
            deadline=deadline,
        )

    def _token(self, account: Account, server: Server) -> str | None:
        return access_token(self._open_desk, account.mailbox_id) if server.oauth else None


def connections_of(desk: Desk) -> Connections:
    """Return the application's SMTP connections, which end with it."""
    found: Connections = desk.application.extensions.setdefault("email.connections", Connections())
    return found
