"""Files that come with messages: each fetched by a job of its own.

Two steps, as Meta has it: the file's id gives a link for some minutes, and the link the bytes.
Every attempt asks for a link anew. The message itself is there at once, and says how its file
stands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import mimetypes
import tempfile
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import (
    BlobTooLarge,
    RetryLater,
    SupportError,
    Thread,
    job,
)

from .codes import delay
from .graph import Graph, GraphAway, GraphError
from .models import WhatsAppAccount, WhatsAppItem, WhatsAppMedia
from .reading import number, text

if TYPE_CHECKING:
    from support_core.plugin_api import Blob, Desk, JobContext

MOST_ATTEMPTS = 12
FIRST_PAUSE = 10.0

#: Links that have run out are answered so; the next attempt asks for another.
EXPIRED = frozenset({401, 403, 404, 410})

MEGABYTE = 1 << 20
#: What WhatsApp itself lets a file of each kind weigh (Meta, "Supported media types").
MOST_BYTES = {
    "image": 5 * MEGABYTE,
    "audio": 16 * MEGABYTE,
    "video": 16 * MEGABYTE,
    "document": 100 * MEGABYTE,
    "sticker": MEGABYTE,
}
#: What a file of each kind is; documents may be anything.
TYPES = {
    "image": ("image/",),
    "audio": ("audio/", "video/mp4", "application/ogg"),
    "video": ("video/",),
    "sticker": ("image/",),
}
ENDINGS = {"audio/ogg": ".ogg", "audio/amr": ".amr", "audio/aac": ".aac", "image/webp": ".webp"}


class Refused(Exception):
    """A file that will not be taken, however often it is fetched."""


class Passing(Exception):
    """A file that could not be fetched this time; ``pause`` in seconds."""

    def __init__(self, reason: str, *, pause: float = FIRST_PAUSE) -> None:
        super().__init__(reason)
        self.pause = pause


@job(queue="whatsapp-media", max_retries=None, time_limit=900_000)
def fetch(context: JobContext, media_id: int) -> None:
    """Fetch one file and attach it to its message; tries again, and says when it gives up."""
    with context.desk() as desk:
        media = desk.session.get(WhatsAppMedia, media_id)
        if media is None or media.state == "stored":
            return
        account = desk.session.get_one(WhatsAppAccount, media.account_id)
        media.attempts += 1
        attempt = media.attempts
        graph = Graph.of(desk, account)
        desk.session.expunge(media)
    try:
        blob, mime_type = _fetch(context, graph, media)
        with context.desk() as desk:
            _attach(desk, media_id, blob, mime_type)
    except Refused as refusal:
        _give_up(context, media_id, str(refusal))
    except Passing as failure:
        if attempt >= MOST_ATTEMPTS:
            _give_up(context, media_id, f"Given up after {attempt} attempts: {failure}")
            return
        with context.desk() as desk:
            _note(desk, media_id, "pending", str(failure))
        raise RetryLater(str(failure), after=delay(failure.pause, attempt)) from None


def _fetch(context: JobContext, graph: Graph, media: WhatsAppMedia) -> tuple[Blob, str | None]:
    try:
        found = graph.media(media.media_id)
    except GraphAway as error:
        raise Passing(error.message) from None
    except GraphError as error:
        if error.pause is None and not error.about_token:
            raise Refused(error.message) from None
        raise Passing(error.message, pause=error.pause or FIRST_PAUSE) from None
    url, mime_type = text(found, "url"), text(found, "mime_type") or media.mime_type
    if url is None:
        raise Passing("WhatsApp gave no link to the file.")
    most = min(MOST_BYTES[media.kind], context.application.settings["support.upload.max_bytes"])
    _check_type(media.kind, mime_type)
    size = number(text(found, "file_size"))
    if size is not None and size > most:
        raise Refused(_too_large(most))
    hashes = [it for it in (digest_of(media.sha256), digest_of(text(found, "sha256"))) if it]
    with tempfile.SpooledTemporaryFile(max_size=MEGABYTE) as file:
        seen = hashlib.sha256()

        def take(piece: bytes) -> None:
            seen.update(piece)
            file.write(piece)

        try:
            answer = graph.download(url, take, max_bytes=most)
        except GraphAway as error:
            raise Passing(error.message) from None
        except GraphError as error:
            if error.status in EXPIRED:
                raise Passing("The link to the file had run out.") from None
            if error.pause is None:
                raise Refused(error.message) from None
            raise Passing(error.message, pause=error.pause) from None
        if answer.truncated:
            raise Refused(_too_large(most))
        if any(it != seen.digest() for it in hashes):
            raise Passing("What was fetched is not the file that was sent (its SHA-256 differs).")
        file.seek(0)
        try:
            blob = context.application.blobs.put(
                file, workspace_id=context.workspace_id or 0, max_bytes=most
            )
        except BlobTooLarge:
            raise Refused(_too_large(most)) from None
    return blob, mime_type


def _too_large(most: int) -> str:
    return f"The file is larger than {most // 1024} kilobytes."


def _check_type(kind: str, mime_type: str | None) -> None:
    wanted = TYPES.get(kind)
    if wanted is not None and mime_type and not mime_type.lower().startswith(wanted):
        raise Refused(f"The file is no {kind}, but {mime_type[:100]}.")


def digest_of(written: str | None) -> bytes | None:
    """Return a SHA-256 that Meta writes in base64 or hexadecimal; None for what is none."""
    if not written:
        return None
    try:
        found = bytes.fromhex(written) if len(written) == 64 else base64.b64decode(written)
    except (ValueError, binascii.Error):
        return None
    return found if len(found) == 32 else None


def _attach(desk: Desk, media_id: int, blob: Blob, mime_type: str | None) -> None:
    media = desk.session.get(WhatsAppMedia, media_id, with_for_update=True)
    if media is None or media.state == "stored":
        return
    thread = desk.session.get(Thread, media.thread_id, with_for_update=True)
    if thread is None:
        return
    try:
        stored = desk.attachments.register(
            blob, name=_name(media, mime_type), content_type=mime_type
        )
    except SupportError as error:  # the plan has no room for it
        raise Refused(error.message) from None
    media.state, media.error, media.attachment_id = "stored", None, stored.id
    facts = {"state": "stored", "attachment_id": stored.id}
    desk.inbound.amend(thread, meta=_told(thread, media, facts), attachment_ids=[stored.id])
    item = desk.session.get(WhatsAppItem, media.item_id) if media.item_id else None
    if item is not None and item.state == "failed":
        item.state, item.reason = "handled", None
    desk.session.flush()


def _name(media: WhatsAppMedia, mime_type: str | None) -> str:
    if media.filename:
        return media.filename
    media_type = (mime_type or "").partition(";")[0].strip().lower()
    ending = ENDINGS.get(media_type) or mimetypes.guess_extension(media_type) or ""
    return f"{media.kind}{ending}"


def _give_up(context: JobContext, media_id: int, reason: str) -> None:
    with context.desk() as desk:
        _note(desk, media_id, "failed", reason)


def _note(desk: Desk, media_id: int, state: str, reason: str) -> None:
    media = desk.session.get(WhatsAppMedia, media_id, with_for_update=True)
    if media is None or media.state == "stored":
        return
    media.state, media.error = state, reason
    thread = desk.session.get(Thread, media.thread_id, with_for_update=True)
    if thread is not None:
        meta = _told(thread, media, {"state": state, "error": reason})
        if meta != thread.meta:
            desk.inbound.amend(thread, meta=meta)
    item = desk.session.get(WhatsAppItem, media.item_id) if media.item_id else None
    if item is not None and state == "failed":
        item.state, item.reason = "failed", f"Its file could not be fetched: {reason}"
    desk.session.flush()


def _told(thread: Thread, media: WhatsAppMedia, facts: dict[str, Any]) -> dict[str, Any]:
    """Return a thread's facts with how its file stands; an erased one's stay empty."""
    meta = dict(thread.meta or {})
    shown = []
    for attachment in meta.get("attachments", []):
        if attachment.get("media_id") == media.media_id:
            kept = {name: it for name, it in attachment.items() if name != "error"}
            shown.append({**kept, **facts})
        else:
            shown.append(attachment)
    return {**meta, "attachments": shown} if shown else meta


def fetch_anew(desk: Desk, item: WhatsAppItem) -> None:
    """Fetch the file of a message once more, from the beginning."""
    rows = desk.session.execute(
        select(WhatsAppMedia).where(
            WhatsAppMedia.item_id == item.id, WhatsAppMedia.state == "failed"
        )
    ).scalars()
    for media in rows.all():
        media.state, media.attempts = "pending", 0
        desk.enqueue(fetch, media.id)
    item.state, item.reason = "handled", "Its file is fetched once more."
    desk.session.flush()
