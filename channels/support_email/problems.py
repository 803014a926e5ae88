"""What goes wrong between us and a mail server, in words for the people who run the mailbox."""

from __future__ import annotations

from typing import Literal

from support_core.plugin_api import SupportError

Step = Literal["resolve", "connect", "TLS", "login", "select", "fetch", "send"]


class MailServerError(Exception):
    """A step that failed, and how; the message is fit for the API and holds no secret."""

    def __init__(self, step: Step, message: str) -> None:
        super().__init__(message)
        self.step = step
        self.message = message


class ImapConnectionFailed(SupportError):
    """The mailbox's IMAP server could not be used; the message names the step that failed."""

    status = 422
    code = "imap_connection_failed"
    message = "The connection to the IMAP server failed."


class SmtpConnectionFailed(SupportError):
    """The mailbox's SMTP server could not be used; the message names the step that failed."""

    status = 422
    code = "smtp_connection_failed"
    message = "The connection to the SMTP server failed."
