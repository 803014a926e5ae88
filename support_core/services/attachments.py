"""Attachments: uploaded first, then taken by one message."""

from __future__ import annotations

import mimetypes
import re
from typing import IO, TYPE_CHECKING

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm.attributes import set_committed_value

from ..blobs import BlobTooLarge, safe_filename
from ..errors import NotFound, PayloadTooLarge, invalid_reference
from ..models import Attachment, Conversation, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..blobs import Blob
    from ..desk import Desk

MEGABYTE = 1 << 20

_attachment = Attachment.__table__.c
_TAKE = (
    update(Attachment.__table__)
    .where(
        _attachment.workspace_id == bindparam("of_workspace"),
        _attachment.id.in_(bindparam("ids", expanding=True)),
        _attachment.thread_id.is_(None),
    )
    .values(thread_id=bindparam("taker"))
    .returning(_attachment.id)
)

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
UNKNOWN_TYPE = "application/octet-stream"


class AttachmentService:
    """The workspace's attachments."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def upload(self, stream: IO[bytes], *, name: str, content_type: str | None) -> Attachment:
        """Store a file; raises ``PayloadTooLarge`` over the configured size.

        The bytes are written before the row: a crash in between leaves a blob that nobody refers
        to, never a row without its bytes.
        """
        limit: int = self._desk.settings["support.upload.max_bytes"]
        try:
            blob = self._desk.blobs.put(
                stream, workspace_id=self._desk.workspace_id, max_bytes=limit
            )
        except BlobTooLarge:
            raise PayloadTooLarge("The file is too large.", limit=limit) from None
        return self.register(blob, name=name, content_type=content_type)

    def register(self, blob: Blob, *, name: str, content_type: str | None) -> Attachment:
        """Make an attachment of a blob that has been stored before the transaction began."""
        self._desk.entitlements.reserve("storage_mb", -(-blob.size // MEGABYTE))
        name = safe_filename(name)
        attachment = Attachment(
            user_id=self._desk.actor.user_id,
            name=name,
            content_type=_media_type(content_type, name),
            size=blob.size,
            sha256=blob.sha256,
            blob_key=blob.key,
            created_at=self._desk.clock(),
        )
        self._desk.session.put(attachment)
        return attachment

    def get(self, attachment_id: int) -> Attachment:
        """Return an attachment whose conversation is not deleted; raises ``NotFound``."""
        attachment = self._desk.session.get(Attachment, attachment_id)
        if attachment is None:
            raise NotFound
        if attachment.thread_id is not None:
            gone = (
                select(Conversation.id)
                .join(Thread, Thread.conversation_id == Conversation.id)
                .where(Thread.id == attachment.thread_id, Conversation.deleted_at.is_not(None))
            )
            if self._desk.session.execute(gone).first() is not None:
                raise NotFound
        return attachment

    def require_free(self, attachment_ids: Sequence[int], field: str) -> None:
        """Raise ``Invalid`` on ``field`` where an upload does not exist or was taken already."""
        wanted = set(attachment_ids)
        if not wanted:
            return
        free = select(func.count(Attachment.id)).where(
            Attachment.id.in_(wanted), Attachment.thread_id.is_(None)
        )
        if self._desk.session.execute(free).scalar_one() != len(wanted):
            raise invalid_reference(field)

    def take(self, attachment_ids: Sequence[int], thread: Thread) -> None:
        """Attach uploads to ``thread``.

        Raises ``Invalid`` on ``attachment_ids`` for one that does not exist or was taken already.
        """
        wanted = list(dict.fromkeys(attachment_ids))
        if not wanted:
            return
        session = self._desk.session
        values = {"of_workspace": session.require_workspace(), "ids": wanted, "taker": thread.id}
        taken = session.core(_TAKE, values).all()
        if len(taken) != len(wanted):
            raise invalid_reference("attachment_ids")
        for id_ in wanted:
            known = session.identity_map.get(session.identity_key(Attachment, id_))
            if known is not None:
                set_committed_value(known, "thread_id", thread.id)

    def largest(self, attachment_ids: Sequence[int]) -> int:
        """Return the bytes of the largest of some attachments, 0 of none."""
        sizes = select(func.max(Attachment.size)).where(Attachment.id.in_(attachment_ids))
        return self._desk.session.execute(sizes).scalar_one() or 0

    def of_threads(self, thread_ids: Sequence[int]) -> dict[int, list[Attachment]]:
        """Return the attachments of many threads at once, by thread id."""
        by_thread: dict[int, list[Attachment]] = {}
        if thread_ids:
            rows = self._desk.session.execute(
                select(Attachment)
                .where(Attachment.thread_id.in_(thread_ids))
                .order_by(Attachment.id)
            ).scalars()
            for attachment in rows:
                if attachment.thread_id is not None:
                    by_thread.setdefault(attachment.thread_id, []).append(attachment)
        return by_thread

    def discard(self, attachments: Sequence[Attachment]) -> list[str]:
        """Delete rows; returns the keys of blobs that no other attachment refers to."""
        keys = {attachment.blob_key for attachment in attachments}
        for attachment in attachments:
            self._desk.session.delete(attachment)
        self._desk.session.flush()
        kept = self._desk.session.execute(
            select(Attachment.blob_key).where(Attachment.blob_key.in_(keys))
        ).scalars()
        return sorted(keys - set(kept))


def storage_used(desk: Desk) -> int:
    """Return the megabytes of all attachments of the workspace, begun ones counted whole."""
    total = desk.session.execute(select(func.coalesce(func.sum(Attachment.size), 0))).scalar_one()
    # PostgreSQL's sum is a Decimal, whose // cuts towards zero instead of down.
    return -(-int(total) // MEGABYTE)


def _media_type(given: str | None, name: str) -> str:
    """Return the type to show: the sender's word where it is one, else by the name's ending."""
    media = (given or "").partition(";")[0].strip().lower()
    if media and media != UNKNOWN_TYPE and _MEDIA_TYPE.fullmatch(media):
        return media
    return mimetypes.guess_type(name)[0] or UNKNOWN_TYPE
