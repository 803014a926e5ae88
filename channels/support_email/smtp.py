"""An SMTP session: smtplib over a checked connection, each phase of a mail told apart."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .connecting import open_connection, tls_context, tls_errors
from .problems import MailServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from support_core.plugin_api import OutgoingPolicy

    from .account import Server
    from .connecting import Deadline
    from .problems import Step


@dataclass(frozen=True)
class Refusal:
    """A server's no: its code and words; 4xx may pass, 5xx will not (RFC 5321 §4.2.1)."""

    code: int
    text: str

    @property
    def permanent(self) -> bool:
        return self.code >= 500

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass
class Handed:
    """What became of a mail: the recipients that were taken, refusals, the answer to the text."""

    taken: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)
    whole: Refusal | None = None
    answer: str = ""


class Uncertain(Exception):
    """The connection broke between the end of the text and the server's answer to it."""


class Stale(Exception):
    """A connection that has carried mail before takes no more; nothing of this one was said."""


#: What a server says before it hangs up (RFC 5321 §3.8).
CLOSING = 421

#: Seconds that a connection which has been idle may take to show that it is alive.
CHECK_SECONDS = 5.0


class _Smtp(smtplib.SMTP):
    """smtplib on a connection that is open already."""

    def __init__(self, connection: socket.socket, server: Server, timeout: float) -> None:
        self._given = connection
        super().__init__(local_hostname=_own_name(), timeout=timeout)
        self._host = server.host  # the name STARTTLS checks the certificate for
        code, message = self.connect(server.host, server.port)
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, message)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002
        self._given.settimeout(timeout)
        return self._given


class SmtpSession:
    """A connection that may send. Methods raise ``MailServerError`` unless they say otherwise."""

    def __init__(self, client: _Smtp, host: str, timeout: float) -> None:
        self._client = client
        self._host = host
        self._timeout = timeout
        self.opened_at = time.monotonic()
        self.mails = 0
        self.usable = True

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
    ) -> SmtpSession:
        """Connect, secure the connection as configured, and log in where there is a user name."""
        first = min(timeout, deadline.remaining) if deadline else timeout
        connection = open_connection(server, policy, timeout=first, ca_file=ca_file)
        if deadline:
            deadline.hold(connection)
        client: _Smtp | None = None
        try:
            with _said("connect", server.host):
                client = _Smtp(connection, server, first)
                client.ehlo_or_helo_if_needed()
            if server.encryption == "starttls":
                _start_tls(client, server, ca_file)
            if deadline and client.sock is not None:
                deadline.hold(client.sock)
            _log_in(client, server, token)
            if client.sock is not None:
                client.sock.settimeout(timeout)
        except BaseException:
            if client is not None:
                client.close()
            connection.close()
            raise
        return cls(client, server.host, timeout)

    def hand_over(
        self,
        sender: str,
        recipients: Sequence[str],
        mail: bytes,
        *,
        before_text: Callable[[list[str]], None],
    ) -> Handed:
        """Send one mail; ``before_text`` is called with the taken recipients before the text goes.

        Raises ``Uncertain`` where nobody can know whether the server took the text, and ``Stale``
        where a connection that was good for earlier mails turns out to be over before this one.
        Afterwards ``usable`` tells whether it is good for another.
        """
        usable, self.usable = self.usable, False
        handed = self._handed(sender, recipients, mail, before_text)
        refusals = [handed.whole, *handed.refused.values()]
        self.usable = usable and all(it is None or it.code != CLOSING for it in refusals)
        self.mails += 1
        return handed

    def is_alive(self) -> bool:
        """Tell whether the server is still there and ready for another mail (RSET)."""
        if not self.usable or self._client.sock is None:
            return False
        try:
            self._client.sock.settimeout(min(CHECK_SECONDS, self._timeout))
            code, _ = self._client.rset()
            self._client.sock.settimeout(self._timeout)
        except (smtplib.SMTPException, OSError, ValueError, AttributeError):
            return False
        return code == 250

    def _handed(
        self,
        sender: str,
        recipients: Sequence[str],
        mail: bytes,
        before_text: Callable[[list[str]], None],
    ) -> Handed:
        handed = Handed()
        client = self._client
        with _said("send", self._host):
            options = [f"SIZE={len(mail)}"] if client.has_extn("size") else []
            if not sender.isascii() or not all(it.isascii() for it in recipients):
                if not client.has_extn("smtputf8"):
                    handed.whole = Refusal(553, "the server takes no international addresses")
                    return handed
                options.append("SMTPUTF8")
                client.command_encoding = "utf-8"
            if client.has_extn("8bitmime"):
                options.append("BODY=8BITMIME")
            handed.whole = self._begun(sender, options)
            for address in recipients if handed.whole is None else ():
                refusal = _refusal(client.rcpt(address))
                if refusal is None:
                    handed.taken.append(address)
                else:
                    handed.refused[address] = refusal
            if not handed.taken:
                self._forget()
                return handed
            before_text(list(handed.taken))
            code, text = client.docmd("data")
            if code != 354:
                handed.whole = _refusal((code, text)) or Refusal(451, "no leave to send the text")
                self._forget()
                return handed
            client.send(_stuffed(mail))
        self._hear_out(handed)
        return handed

    def _begun(self, sender: str, options: Sequence[str]) -> Refusal | None:
        """Say from whom a mail is: until then nothing has happened that could happen twice."""
        try:
            code, text = self._client.mail(sender, options)
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            if self.mails:
                raise Stale from error
            raise
        if code == CLOSING and self.mails:
            raise Stale
        return _refusal((code, text))

    def _forget(self) -> None:
        """Let the server forget a mail whose text it does not get, if it still listens."""
        try:
            self._client.rset()
        except (smtplib.SMTPException, OSError):
            self._client.close()

    def _hear_out(self, handed: Handed) -> None:
        try:
            code, text = self._client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise Uncertain(
                f"{self._host} broke off the connection after it was given the mail."
            ) from error
        handed.whole = _refusal((code, text))
        handed.answer = f"{code} {_words(text)}"

    def close(self) -> None:
        """Say goodbye if the server still listens, and hang up."""
        try:
            if self._client.sock is not None:
                self._client.sock.settimeout(2)
                self._client.quit()
        except (smtplib.SMTPException, OSError):
            self._client.close()


def _start_tls(client: _Smtp, server: Server, ca_file: str) -> None:
    if not client.has_extn("starttls"):
        raise MailServerError("TLS", f"{server.host} does not offer STARTTLS.")
    try:
        with tls_errors(server):
            code, _ = client.starttls(context=tls_context(ca_file, verify=server.verify))
            if code != 220:
                raise MailServerError("TLS", f"{server.host} refuses STARTTLS.")
        client.ehlo()
    except smtplib.SMTPException as error:
        raise MailServerError("TLS", f"{server.host} refuses STARTTLS.") from error


def _log_in(client: _Smtp, server: Server, token: str | None) -> None:
    if not server.username:
        return
    with _said("login", server.host):
        try:
            if token is None:
                client.login(server.username, server.password)
                return
            said = f"user={server.username}\x01auth=Bearer {token}\x01\x01"
            code, text = client.docmd("AUTH", "XOAUTH2 " + base64.b64encode(said.encode()).decode())
            if code == 334:  # the reason, which is to be answered by an empty line
                code, text = client.docmd("")
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, text)
        except smtplib.SMTPAuthenticationError as error:
            what = "access token" if token is not None else "user name or password"
            if error.smtp_code < 500:
                raise MailServerError(
                    "login", f"{server.host} takes no login for the moment."
                ) from error
            raise MailServerError("login", f"{server.host} refused the {what}.") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailServerError("login", f"{server.host} offers no login we know.") from error


@contextmanager
def _said(step: Step, host: str) -> Iterator[None]:
    try:
        yield
    except MailServerError:
        raise
    except TimeoutError as error:
        raise MailServerError(step, f"{host} did not answer in time.") from error
    except smtplib.SMTPResponseException as error:
        told = _words(error.smtp_error)
        raise MailServerError(step, f"{host} answered {error.smtp_code} {told}".strip()) from error
    except smtplib.SMTPServerDisconnected as error:
        raise MailServerError(step, f"{host} broke off the connection.") from error
    except (smtplib.SMTPException, ValueError) as error:
        raise MailServerError(step, f"{host} did not answer as an SMTP server does.") from error
    except ssl.SSLError as error:
        raise MailServerError(step, f"The secure connection to {host} broke.") from error
    except OSError as error:
        raise MailServerError(step, f"The connection to {host} broke off.") from error


def _refusal(answer: tuple[int, bytes | str]) -> Refusal | None:
    code, text = answer
    return None if 200 <= code < 300 else Refusal(code, _words(text))


def _words(text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(shown.split())[:500]


def _stuffed(mail: bytes) -> bytes:
    """Return the text as it goes over the wire: dots doubled, a full stop at the end."""
    stuffed = mail.replace(b"\r\n.", b"\r\n..")
    if stuffed.startswith(b"."):
        stuffed = b"." + stuffed
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")


def _own_name() -> str:
    """Return our name for EHLO, as smtplib finds it, but without asking a name server."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"
