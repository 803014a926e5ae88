"""The channel's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import FileIter, Response

from support_core.plugin_api import (
    ID,
    BlobMissing,
    Conflict,
    NotFound,
    Permission,
    Service,
    enveloped,
    listed,
    many,
    obj,
    paged,
    path_id,
)

from .ledger import replay
from .outgoing import signer_of
from .problems import ImapConnectionFailed, SmtpConnectionFailed
from .records import INGEST, IngestFilters, find_ingest, list_ingests, present_ingest
from .trying import try_imap, try_smtp

if TYPE_CHECKING:
    from pyramid.request import Request


TAG = "Mailboxes"
TRUE = {"type": "boolean", "const": True}
TEXT = {"type": "string"}
INGEST_ID = "{ingest_id:[0-9]+}"

imap_test = Service(
    "email-imap-test",
    f"/mailboxes/{ID}/test-imap",
    description="A mailbox's IMAP server tried out.",
    tag=TAG,
)
smtp_test = Service(
    "email-smtp-test",
    f"/mailboxes/{ID}/test-smtp",
    description="A mailbox's SMTP server tried out.",
    tag=TAG,
)


ingests = Service(
    "email-ingests",
    f"/mailboxes/{ID}/ingest",
    description="Mails a mailbox has taken in.",
    tag=TAG,
)
ingest = Service(
    "email-ingest",
    f"/mailboxes/{ID}/ingest/{INGEST_ID}",
    description="One of them.",
    tag=TAG,
)
raw = Service(
    "email-ingest-raw",
    f"/mailboxes/{ID}/ingest/{INGEST_ID}/raw",
    description="A mail as it came.",
    tag=TAG,
)
replays = Service(
    "email-ingest-replay",
    f"/mailboxes/{ID}/ingest/{INGEST_ID}/replay",
    description="A mail filed again.",
    tag=TAG,
)


reply_address = Service(
    "email-reply-address",
    f"/conversations/{ID}/reply-address",
    description="Where the caller may answer by mail.",
    tag="Conversations",
)


@imap_test.post(
    permission=Permission.MANAGE_MAILBOXES,
    rate="imap-test",
    shape=obj(success=TRUE, message=TEXT, folders=many(TEXT), messages={"type": "integer"}),
    raises=(ImapConnectionFailed,),
)
def test_imap(request: Request) -> dict[str, Any]:
    """Test the IMAP connection: resolve, connect, TLS, login, select, within 15 seconds."""
    request.desk.mailboxes.get(path_id(request))
    return try_imap(request.between_transactions(), path_id(request))


@smtp_test.post(
    permission=Permission.MANAGE_MAILBOXES,
    rate="smtp-test",
    shape=obj(success=TRUE, message=TEXT),
    raises=(SmtpConnectionFailed,),
)
def test_smtp(request: Request) -> dict[str, Any]:
    """Test the SMTP connection: resolve, connect, TLS, login; no mail is sent."""
    request.desk.mailboxes.get(path_id(request))
    return try_smtp(request.between_transactions(), path_id(request))


@reply_address.get(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    shape=enveloped(obj(address=TEXT)),
    raises=(Conflict,),
)
def address(request: Request) -> dict[str, Any]:
    """Get the address at which the caller may answer the conversation by mail.

    It is the caller's own: what arrives there from their address leaves as their reply. Keep it.
    """
    desk, user_id = request.desk, request.desk.actor.user_id
    conversation = desk.conversations.get(path_id(request))
    mailbox = desk.mailboxes.get(conversation.mailbox_id)
    signer = signer_of(desk, mailbox.id, mailbox.email)
    if conversation.channel != "email" or signer is None or user_id is None:
        raise Conflict("The conversation cannot be answered by mail.")
    return {"data": {"address": signer.reply_address(conversation.id, user_id)}}


@ingests.get(permission=Permission.MANAGE_MAILBOXES, query=IngestFilters(), shape=paged(INGEST))
def list_(request: Request) -> dict[str, Any]:
    """List the mails a mailbox has taken in, the newest first, and what became of each."""
    mailbox = request.desk.mailboxes.get(path_id(request))
    page = list_ingests(request.desk, mailbox.id, request.filters)
    return listed(request, page, [present_ingest(row[0]) for row in page.rows])


@ingest.get(permission=Permission.MANAGE_MAILBOXES, shape=enveloped(INGEST))
def show(request: Request) -> dict[str, Any]:
    """Get a mail that was taken in."""
    found = find_ingest(request.desk, path_id(request), path_id(request, "ingest_id"))
    return {"data": present_ingest(found)}


@raw.get(permission=Permission.MANAGE_MAILBOXES, shape=TEXT, media="application/octet-stream")
def download(request: Request) -> Response:
    """Download a mail as it came, byte for byte."""
    found = find_ingest(request.desk, path_id(request), path_id(request, "ingest_id"))
    if found.blob_key is None:
        raise NotFound("The raw mail is no longer kept.")
    try:
        content = request.desk.blobs.open(found.blob_key)
    except BlobMissing:
        raise NotFound("The raw mail is no longer kept.") from None
    response = Response(
        app_iter=FileIter(content, 1 << 16), content_type="application/octet-stream", charset=None
    )
    response.headers.update(
        {
            "Content-Disposition": f'attachment; filename="mail-{found.id}.eml"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
    )
    return response


@replays.post(
    permission=Permission.MANAGE_MAILBOXES,
    shape=enveloped(INGEST, message=True),
    raises=(Conflict,),
)
def replay_one(request: Request) -> dict[str, Any]:
    """File a mail from quarantine again; one that has been filed stays as it is (409)."""
    found = find_ingest(request.desk, path_id(request), path_id(request, "ingest_id"))
    ingest_id, mailbox_id = found.id, found.mailbox_id
    if found.state not in {"fetched", "quarantined"}:
        raise Conflict("Only a mail in quarantine can be replayed.")
    try:
        replay(request.between_transactions(), ingest_id)
    except BlobMissing:
        raise Conflict("The raw mail is no longer kept.") from None
    row = find_ingest(request.desk, mailbox_id, ingest_id)
    return {"data": present_ingest(row), "message": "Mail replayed successfully"}
