"""An IMAP session: IMAPClient over a checked connection, with our own words for its troubles."""

from __future__ import annotations

import imaplib
import logging
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient
from imapclient.exceptions import (
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
)

from .connecting import Deadline, open_connection, tls_context, tls_errors
from .problems import MailServerError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from support_core.plugin_api import OutgoingPolicy

    from .account import Server
    from .problems import Step

# What it says of its own, down to commands and answers, is nobody's to log.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class _Imap4(imaplib.IMAP4):
    """imaplib on a connection that is open already."""

    def __init__(self, connection: socket.socket, host: str, port: int) -> None:
        self._given = connection
        super().__init__(host, port)

    def _create_socket(self, timeout: float | None) -> socket.socket:  # noqa: ARG002
        return self._given


class _Client(IMAPClient):  # type: ignore[misc]
    """IMAPClient on a connection that is open already."""

    def __init__(self, connection: socket.socket, server: Server, timeout: float) -> None:
        self._given = connection
        super().__init__(server.host, server.port, ssl=False, timeout=timeout)
        self._imap.debug = 0
        # TLS from the start is as good as STARTTLS: neither may be offered a second time.
        self._starttls_done = isinstance(connection, ssl.SSLSocket)

    def _create_IMAP4(self) -> _Imap4:  # noqa: N802 - IMAPClient's name
        return _Imap4(self._given, self.host, self.port)


@dataclass(frozen=True)
class Folder:
    """A selected folder as the server describes it; ``uidnext`` is 0 where it does not say."""

    uidvalidity: int
    uidnext: int
    messages: int


class ImapSession:
    """A connection that is logged in. Every method raises ``MailServerError``."""

    def __init__(self, client: IMAPClient, connection: socket.socket, host: str) -> None:
        self.client = client
        self._connection = connection
        self._host = host
        self.can_idle = bool(self._asked("login", lambda: client.has_capability("IDLE")))

    @classmethod
    def open(  # noqa: PLR0913 - options, by keyword
        cls,
        server: Server,
        policy: OutgoingPolicy,
        *,
        token: str | None,
        timeout: float,
        ca_file: str = "",
        deadline: Deadline | None = None,
    ) -> ImapSession:
        """Connect and log in; ``token`` is the access token where the server takes XOAUTH2."""
        first = min(timeout, deadline.remaining) if deadline else timeout
        connection = open_connection(server, policy, timeout=first, ca_file=ca_file)
        if deadline:
            deadline.hold(connection)
        client: IMAPClient | None = None
        try:
            with _said("connect", server.host, "did not greet as an IMAP server does"):
                client = _Client(connection, server, first)
            if server.encryption == "starttls":
                _start_tls(client, server, ca_file)
                connection = client.socket()
            if deadline:
                deadline.hold(connection)
            _log_in(client, server, token)
            connection.settimeout(timeout)
            return cls(client, connection, server.host)
        except BaseException:
            _hang_up(client, connection)
            raise

    def select(self, folder: str) -> Folder:
        """Select a folder for reading only."""
        try:
            found: Any = self._asked("select", lambda: self.client.select_folder(folder, True))
        except MailServerError as error:
            if isinstance(error.__cause__, IMAPClientAbortError | OSError):
                raise
            raise MailServerError(
                "select", f"{self._host} has no folder {folder}, or does not let us read it."
            ) from error
        if b"UIDVALIDITY" not in found:
            raise MailServerError("select", f"{self._host} gives no UIDVALIDITY of {folder}.")
        return Folder(
            int(found[b"UIDVALIDITY"]), int(found.get(b"UIDNEXT", 0)), int(found[b"EXISTS"])
        )

    def folders(self) -> list[str]:
        """Return the names of all folders that can be selected."""
        listed: Any = self._asked("select", self.client.list_folders)
        return sorted(
            str(name)
            for flags, _, name in listed
            if b"\\noselect" not in {it.lower() for it in flags}
        )

    def sizes(self, first: int, last: int | None) -> dict[int, int]:
        """Return the sizes in bytes of the mails from UID ``first`` to ``last`` (None: the end)."""
        asked = f"{first}:{last if last is not None else '*'}"
        found: Any = self._asked("fetch", lambda: self.client.search(["UID", asked]))
        # RFC 3501 §6.4.8: n:* always includes the last mail, even where its UID is lower than n.
        uids = [uid for uid in found if uid >= first]
        if not uids:
            return {}
        answer: Any = self._asked("fetch", lambda: self.client.fetch(uids, ["RFC822.SIZE"]))
        return {uid: int(it[b"RFC822.SIZE"]) for uid, it in answer.items() if b"RFC822.SIZE" in it}

    def mails(self, uids: list[int], *, head_only: bool = False) -> dict[int, dict[bytes, Any]]:
        """Return ``BODY[]`` (or ``BODY[HEADER]``) and INTERNALDATE by UID; marks nothing as read.

        A mail that was removed meanwhile is missing.
        """
        part = "BODY.PEEK[HEADER]" if head_only else "BODY.PEEK[]"
        answer: Any = self._asked("fetch", lambda: self.client.fetch(uids, [part, "INTERNALDATE"]))
        asked = set(uids)
        return {uid: it for uid, it in answer.items() if uid in asked}

    def check(self) -> None:
        """Ask for news: a sign of life on both sides."""
        self._asked("fetch", self.client.noop)

    def idle(self) -> None:
        """Begin to wait for news (RFC 2177)."""
        self._asked("fetch", self.client.idle)

    def news(self, seconds: float) -> bool:
        """Wait up to ``seconds`` while idle; return whether the server said anything of mails."""
        said: Any = self._asked("fetch", lambda: self.client.idle_check(seconds))
        if any(it and it[0] == b"BYE" for it in said):
            raise MailServerError("fetch", f"{self._host} closed the connection.")
        return any(len(it) > 1 and it[1] in (b"EXISTS", b"RECENT", b"EXPUNGE") for it in said)

    def end_idle(self) -> None:
        """Stop to wait."""
        self._asked("fetch", self.client.idle_done)

    def close(self) -> None:
        """Say goodbye if the server still listens, and hang up."""
        try:
            self._connection.settimeout(2)
            self.client.logout()
        except (IMAPClientError, imaplib.IMAP4.error, OSError):
            _hang_up(self.client, self._connection)

    def _asked(self, step: Step, ask: Callable[[], object]) -> object:
        with _said(step, self._host, "did not answer as expected"):
            return ask()


def _hang_up(client: IMAPClient | None, connection: socket.socket) -> None:
    if client is not None:
        with suppress(OSError):
            client.shutdown()  # closes the file that reads from the connection, too
    connection.close()


def _start_tls(client: IMAPClient, server: Server, ca_file: str) -> None:
    try:
        with tls_errors(server):
            client.starttls(tls_context(ca_file, verify=server.verify))
    except CapabilityError as error:
        raise MailServerError("TLS", f"{server.host} does not offer STARTTLS.") from error
    except (IMAPClientError, imaplib.IMAP4.error) as error:
        raise MailServerError("TLS", f"{server.host} refuses STARTTLS.") from error


def _log_in(client: IMAPClient, server: Server, token: str | None) -> None:
    try:
        with _said("login", server.host, "did not answer to the login"):
            if token is not None:
                client.oauth2_login(server.username, token)
            elif client.has_capability("LOGINDISABLED"):
                raise MailServerError(
                    "login", f"{server.host} takes no password without TLS; choose an encryption."
                )
            else:
                client.login(server.username, server.password)
    except MailServerError as error:
        refused = isinstance(error.__cause__, LoginError)
        if token is not None and not isinstance(error.__cause__, IMAPClientAbortError | OSError):
            refused = True
        if not refused:
            raise
        what = "access token" if token is not None else "user name or password"
        raise MailServerError("login", f"{server.host} refused the {what}.") from error


@contextmanager
def _said(step: Step, host: str, complaint: str) -> Iterator[None]:
    try:
        yield
    except MailServerError:
        raise
    except TimeoutError as error:
        raise MailServerError(step, f"{host} did not answer in time.") from error
    except (IMAPClientAbortError, EOFError) as error:
        raise MailServerError(step, f"{host} broke off the connection.") from error
    except OSError as error:
        raise MailServerError(step, f"The connection to {host} broke off.") from error
    except (IMAPClientError, imaplib.IMAP4.error, ValueError, IndexError, KeyError) as error:
        raise MailServerError(step, f"{host} {complaint}.") from error
