"""Attachments as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .shapes import COUNT, ID, MOMENT, TEXT, component, obj

if TYPE_CHECKING:
    from ..db import AnyRow
    from ..models import Attachment

ATTACHMENT = component(
    "Attachment",
    obj(
        id=ID,
        name=TEXT,
        content_type=TEXT,
        size=COUNT,
        sha256=TEXT,
        url=TEXT,
        created_at=MOMENT,
    ),
)


def present_attachment(attachment: Attachment | AnyRow) -> dict[str, Any]:
    """Return an attachment's description; ``url`` is where its bytes are, ``size`` how many."""
    return {
        "id": attachment.id,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "url": f"/api/support/attachments/{attachment.id}/download",
        "created_at": attachment.created_at,
    }
