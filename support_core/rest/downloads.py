"""Serving a stored file: as a download and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyramid.response import FileIter, Response

from ..blobs import content_disposition

if TYPE_CHECKING:
    from ..desk import Desk
    from ..models import Attachment


def file_response(desk: Desk, attachment: Attachment) -> Response:
    """Return a file's bytes, in a way that no browser shows or runs them."""
    response = Response(
        app_iter=FileIter(desk.blobs.open(attachment.blob_key), 1 << 16),
        content_type="application/octet-stream",
        charset=None,
    )
    response.content_length = attachment.size
    response.headers.update(
        {
            "Content-Type": attachment.content_type,
            "Content-Disposition": content_disposition(attachment.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
    )
    return response
