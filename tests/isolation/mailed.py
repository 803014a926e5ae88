"""A mail in a mailbox's ledger, and servers that answer just enough to be tried out."""

from __future__ import annotations

import socketserver
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from support_email.ledger import RawMail, take_in
from support_email.models import (
    EmailAnswered,
    EmailIngest,
    EmailParticipant,
    EmailRef,
    EmailSending,
)

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

MAIL = (
    b"From: Carla <carla@customer.example>\r\nTo: desk@example.test\r\nSubject: Held\r\n"
    b"Message-ID: <%d@customer.example>\r\n\r\nIs anybody there?\r\n"
)


class _Imap(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"* OK [CAPABILITY IMAP4rev1 IDLE] ready\r\n")
        for line in self.rfile:
            tag, verb, *_ = line.split()
            if verb == b"CAPABILITY":
                self.wfile.write(b"* CAPABILITY IMAP4rev1 IDLE\r\n")
            elif verb in {b"SELECT", b"EXAMINE"}:
                self.wfile.write(b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n")
            elif verb == b"LIST":
                self.wfile.write(b'* LIST () "/" INBOX\r\n')
            self.wfile.write(tag + b" OK done\r\n")


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for _ in self.rfile:
            self.wfile.write(b"250 ok\r\n")


@cache
def _port(handler: type[socketserver.BaseRequestHandler]) -> int:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def server_fields() -> dict[str, Any]:
    """Return the fields of a mailbox whose servers can be tried out."""
    return {
        "imap_host": "127.0.0.1",
        "imap_port": _port(_Imap),
        "imap_encryption": "none",
        "imap_username": "desk",
        "imap_password": "secret",
        "smtp_host": "127.0.0.1",
        "smtp_port": _port(_Smtp),
        "smtp_encryption": "none",
    }


def add_ingest(workspace: TestWorkspace, mailbox: int, *, number: int = 0) -> int:
    """Put a mail into quarantine that is right by now, and return its id in the ledger."""
    raw = MAIL % number
    (kept,) = take_in(workspace.desk, mailbox, [RawMail(raw, size=len(raw), source="import")])
    with workspace.desk() as desk:
        row = desk.session.get_one(EmailIngest, kept.ingest_id)
        row.state, row.reason = "quarantined", "It could not be read."
    return kept.ingest_id


def add_traces(workspace: TestWorkspace, mailbox: int, conversation: int, thread: int) -> None:
    """Leave what mails of a conversation leave behind: ids, people, a sending, an answer."""
    with workspace.desk() as desk:
        delivery = desk.deliveries.of_thread(thread)
        assert delivery is not None
        desk.session.add_all(
            [
                EmailRef(
                    mailbox_id=mailbox,
                    message_key="0" * 64,
                    conversation_id=conversation,
                    direction="in",
                    created_at=desk.clock(),
                ),
                EmailParticipant(
                    conversation_id=conversation,
                    address_key="carla@customer.example",
                    address="carla@customer.example",
                    role="customer",
                ),
                EmailSending(delivery_id=delivery.id),
                EmailAnswered(mailbox_id=mailbox, address_digest="0" * 64, since=desk.clock()),
            ]
        )
