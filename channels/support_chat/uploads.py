"""Files of visitors: what may be sent, and who may fetch what."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from support_core.plugin_api import (
    Attachment,
    Delivery,
    Invalid,
    NotFound,
    PayloadTooLarge,
    Thread,
    invalid_reference,
)

from .history import may_see
from .models import ChatConversation, ChatUpload
from .settings import ATTACHMENT_BYTES, ATTACHMENT_TYPES, ATTACHMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk, Settings, UploadedFile

    from .models import ChatContact

FIELD = "attachment_ids"

#: Files that a visitor may have uploaded and not sent, of the last :data:`PERIOD`.
MOST_WAITING = 20
PERIOD = timedelta(days=1)


def allowed_types(settings: Settings) -> tuple[str, ...]:
    """Return the configured types, such as ``image/png`` and ``image/*``."""
    types: tuple[str, ...] = settings[ATTACHMENT_TYPES]
    return types


def max_bytes(settings: Settings) -> int:
    """Return the largest file, in bytes."""
    own: int = settings[ATTACHMENT_BYTES]
    everybody: int = settings["support.upload.max_bytes"]
    return min(own, everybody)


def store(desk: Desk, contact: ChatContact, file: UploadedFile) -> Attachment:
    """Keep a file for this visitor; raises ``PayloadTooLarge``, ``Invalid`` on ``file``."""
    if _waiting(desk, contact) >= MOST_WAITING:
        raise Invalid({"file": [f"The file must not have more than {MOST_WAITING} items."]})
    limit = max_bytes(desk.settings)
    stored = desk.attachments.upload(file.stream, name=file.name, content_type=file.content_type)
    if stored.size > limit:
        raise PayloadTooLarge("The file is too large.", limit=limit)
    if not _allowed(stored.content_type, allowed_types(desk.settings)):
        listed = ", ".join(allowed_types(desk.settings))
        raise Invalid({"file": [f"The file must be a file of type: {listed}."]})
    desk.session.add(
        ChatUpload(attachment_id=stored.id, contact_id=contact.id, created_at=desk.clock())
    )
    desk.session.flush()
    return stored


def check(desk: Desk, contact: ChatContact, attachment_ids: Sequence[int]) -> None:
    """Raise ``Invalid`` for files that are not this visitor's own, or too many."""
    if not attachment_ids:
        return
    most: int = desk.settings[ATTACHMENTS]
    if len(attachment_ids) > most:
        raise Invalid({FIELD: [f"The attachment ids must not have more than {most} items."]})
    own = desk.session.execute(
        select(func.count(ChatUpload.attachment_id)).where(
            ChatUpload.contact_id == contact.id, ChatUpload.attachment_id.in_(attachment_ids)
        )
    ).scalar_one()
    if own != len(set(attachment_ids)):
        raise invalid_reference(FIELD)


def find(desk: Desk, contact: ChatContact, attachment_id: int) -> Attachment:
    """Return a file that this visitor sent, or was sent in a message they see; ``NotFound``."""
    row = desk.session.execute(
        select(Attachment)
        .outerjoin(Thread, Thread.id == Attachment.thread_id)
        .outerjoin(Delivery, Delivery.thread_id == Thread.id)
        .outerjoin(ChatConversation, ChatConversation.conversation_id == Thread.conversation_id)
        .outerjoin(ChatUpload, ChatUpload.attachment_id == Attachment.id)
        .where(
            Attachment.id == attachment_id,
            or_(
                and_(ChatConversation.contact_id == contact.id, may_see()),
                and_(Attachment.thread_id.is_(None), ChatUpload.contact_id == contact.id),
            ),
        )
    ).scalar_one_or_none()
    if row is None:
        raise NotFound
    return desk.attachments.get(row.id)


def _waiting(desk: Desk, contact: ChatContact) -> int:
    return desk.session.execute(
        select(func.count(ChatUpload.attachment_id))
        .join(Attachment, Attachment.id == ChatUpload.attachment_id)
        .where(
            ChatUpload.contact_id == contact.id,
            ChatUpload.created_at > desk.clock() - PERIOD,
            Attachment.thread_id.is_(None),
        )
    ).scalar_one()


def _allowed(content_type: str, allowed: Sequence[str]) -> bool:
    family = content_type.partition("/")[0]
    return bool({content_type, f"{family}/*", "*/*"} & set(allowed))
