"""A real SMTP server on loopback (aiosmtpd) that keeps what it is given, or refuses on demand."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from .process import LOOPBACK, on_free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from email.message import EmailMessage
    from pathlib import Path
    from types import TracebackType
    from typing import Self


@dataclass(frozen=True)
class Taken:
    """A mail that reached the end of DATA, with what the server answered.

    ``connection`` is the client's port, which tells connections apart.
    """

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    answer: str
    tls: bool
    login: str | None
    connection: int

    @property
    def mail(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.content, policy=policy.default)  # type: ignore[return-value]


@dataclass
class _Handler:
    server: SmtpServer

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        address = "" if address == "<>" else address
        answer = self.server.senders.get(address)
        if answer is not None:
            return answer
        envelope.mail_from = address or "<>"  # aiosmtpd takes the null sender for none
        envelope.mail_options.extend(_options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if self.server.on_recipient is not None:
            await asyncio.to_thread(self.server.on_recipient, address)
        answers = self.server.recipients.get(address.lower())
        if answers:
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if not answer.startswith("2"):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        given = self.server.answers.pop(0) if self.server.answers else "250 Taken"
        content = envelope.content
        assert isinstance(content, bytes)
        taken = Taken(
            (envelope.mail_from or "").strip("<>"),
            tuple(envelope.rcpt_tos),
            content,
            given,
            session.ssl is not None or self.server.tls_from_start,
            session.auth_data.decode() if session.auth_data else None,
            session.peer[1],
        )
        self.server.mails.append(taken)
        if given == "hang up":
            assert server.transport is not None
            server.transport.abort()  # type: ignore[attr-defined]
            await asyncio.sleep(0)
        elif self.server.on_data is not None:
            await asyncio.to_thread(self.server.on_data, taken)
        return given


class _Protocol(SMTP):
    """A connection, which the server knows of while it is open."""

    def __init__(self, *arguments: Any, opened: set[_Protocol], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._opened.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._opened.discard(self)
        super().connection_lost(error)


class _Controller(Controller):
    """A controller that ends the connections with the server."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._opened: set[_Protocol] = set()

    def factory(self) -> SMTP:
        return _Protocol(self.handler, opened=self._opened, **self.SMTP_kwargs)

    def stop(self, no_assert: bool = False) -> None:
        if self.loop.is_running():
            asyncio.run_coroutine_threadsafe(self._hang_up(), self.loop).result(10)
        super().stop(no_assert)

    async def _hang_up(self) -> None:
        for protocol in list(self._opened):
            if protocol.transport is not None:
                protocol.transport.abort()  # type: ignore[attr-defined]
        while self._opened:
            await asyncio.sleep(0)


@dataclass
class SmtpServer:
    """The server, as a context manager. ``answers`` to the text of mails are given once each.

    ``recipients`` are answers to RCPT by address, the last of them for ever; ``senders`` to MAIL.
    The answer ``hang up`` breaks the connection instead, with the mail kept. ``on_recipient`` and
    ``on_data`` are called, in a thread, before RCPT and the text are answered, which waits.
    """

    certificate: tuple[Path, Path] | None = None
    login: tuple[str, str] | None = None
    tls_from_start: bool = False
    mails: list[Taken] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    recipients: dict[str, list[str]] = field(default_factory=dict)
    senders: dict[str, str] = field(default_factory=dict)
    on_recipient: Callable[[str], None] | None = None
    on_data: Callable[[Taken], None] | None = None
    port: int = 0

    def __enter__(self) -> Self:
        on_free_port(self._start_at)
        return self

    def _start_at(self, port: int) -> None:
        self.port = port
        self._controller = _Controller(
            _Handler(self), hostname=LOOPBACK, port=port, **self._options()
        )
        self._controller.start()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._controller.stop()

    @property
    def taken(self) -> list[Taken]:
        """The mails that were accepted."""
        return [it for it in self.mails if it.answer.startswith("250")]

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"enable_SMTPUTF8": True, "data_size_limit": 1 << 26}
        if self.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(*self.certificate)
            options["ssl_context" if self.tls_from_start else "tls_context"] = context
        if self.login is not None:
            options["authenticator"] = self._authenticate
            options["auth_required"] = True  # and only with TLS
        return options

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        assert self.login is not None
        good = (
            isinstance(given, LoginPassword)
            and (
                given.login.decode(),
                given.password.decode(),
            )
            == self.login
        )
        return AuthResult(success=good, handled=good, auth_data=given.login if good else None)
