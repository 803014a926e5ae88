"""What the tests of fetching and sending share: mails, mailboxes, and the servers' other side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from itertools import count
from typing import TYPE_CHECKING, Any

from support_email.ledger import RawMail, file_kept, take_in
from support_email.watching import fetch_once

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace
    from support_email.filing import Outcome
    from tests.services.dovecot import Dovecot
    from tests.services.smtp import SmtpServer

_NUMBERS = count(1)


def a_mail(
    body: str = "Where is my order?",
    *,
    sender: str = "Carla Customer <carla@customer.example>",
    to: str = "support@desk.example",
    subject: str = "My order",
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> bytes:
    """Return a mail as its sender's program writes it; ``headers`` with ``_`` for a hyphen."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    given = {name.replace("_", "-").lower() for name in headers}
    if "message-id" not in given:
        mail["Message-ID"] = make_msgid(domain="customer.example")
    for name, value in headers.items():
        if value:
            mail[name.replace("_", "-")] = value
    mail.set_content(body)
    for name, content in files:
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


@dataclass
class Post:
    """A mailbox of a workspace with its place on the servers."""

    workspace: TestWorkspace
    mailbox_id: int
    user: str
    address: str
    dovecot: Dovecot | None = None

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the mailbox's INBOX."""
        assert self.dovecot is not None
        self.dovecot.append(self.user, *mails)

    def take(self, *mails: bytes) -> list[Outcome]:
        """Take mails in and file them, as an import does, and run the jobs that come of it."""
        raw = [RawMail(it, size=len(it), source="import") for it in mails]
        kept = take_in(self.workspace.desk, self.mailbox_id, raw)
        outcomes = file_kept(self.workspace.desk, self.mailbox_id, kept)
        self.workspace.under_test.run_jobs()
        return outcomes

    def fetch(self) -> dict[str, int]:
        """Look into the mailbox once, and run the jobs that come of it."""
        counts = fetch_once(self.workspace.desk, self.mailbox_id)
        self.workspace.under_test.run_jobs()
        return {state: number for state, number in counts.items() if number}

    def reply(
        self, conversation_id: int, body: str = "An answer.", **values: Any
    ) -> dict[str, Any]:
        """Answer as the owner, and let the answer leave; return the thread as it is then."""
        path = f"/conversations/{conversation_id}"
        answer = self.workspace.owner.post(f"{path}/reply", {"body": body, **values})
        assert answer.status_int == 201, answer.text
        self.workspace.under_test.run_jobs()
        threads = self.show(conversation_id)["threads"]
        (shown,) = [it for it in threads if it["id"] == answer.json["data"]["id"]]
        return dict(shown)

    def conversations(self) -> list[dict[str, Any]]:
        """Return the mailbox's conversations, oldest first."""
        path = f"/conversations?mailbox_id={self.mailbox_id}&sort=created_at&per_page=100"
        found: list[dict[str, Any]] = self.workspace.owner.get(path).json["data"]
        return found

    def show(self, conversation_id: int) -> dict[str, Any]:
        shown: dict[str, Any] = self.workspace.owner.get(f"/conversations/{conversation_id}").json[
            "data"
        ]
        return shown

    def mailbox(self) -> dict[str, Any]:
        shown: dict[str, Any] = self.workspace.owner.get(f"/mailboxes/{self.mailbox_id}").json[
            "data"
        ]
        return shown


def imap_fields(dovecot: Dovecot, user: str, **values: Any) -> dict[str, Any]:
    """Return the fields of a mailbox that is fetched in plain text."""
    return {
        "imap_host": "localhost",
        "imap_port": dovecot.port,
        "imap_encryption": "none",
        "imap_username": user,
        "imap_password": dovecot.password,
        **values,
    }


def smtp_fields(server: SmtpServer, **values: Any) -> dict[str, Any]:
    """Return the fields of a mailbox that sends in plain text, without a login."""
    return {
        "smtp_host": "localhost",
        "smtp_port": server.port,
        "smtp_encryption": "none",
        **values,
    }


def a_post(workspace: TestWorkspace, dovecot: Dovecot | None = None, **values: Any) -> Post:
    """Create a mailbox by the API, with a user of its own on the IMAP server."""
    user = f"user{next(_NUMBERS)}"
    address = values.pop("email", f"{user}@desk.example")
    fields = imap_fields(dovecot, user) if dovecot is not None else {}
    body = {"name": "Support", "email": address, **fields, **values}
    answer = workspace.owner.post("/mailboxes", body)
    assert answer.status_int == 201, answer.text
    return Post(workspace, answer.json["data"]["id"], user, address, dovecot)
