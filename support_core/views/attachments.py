"""``/attachments``: uploaded as multipart/form-data, served as downloads and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..presenters.attachments import ATTACHMENT, present_attachment
from ..presenters.shapes import TEXT, enveloped
from ..rest import ID, Service, path_id
from ..rest.downloads import file_response
from ..rest.uploads import uploaded_file
from ..security import Permission

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

TAG = "Attachments"

attachments = Service("attachments", "/attachments", description="Uploads.", tag=TAG)
attachment = Service("attachment", f"/attachments/{ID}", description="One attachment.", tag=TAG)
download = Service(
    "attachment-download", f"/attachments/{ID}/download", description="Its bytes.", tag=TAG
)


@attachments.post(
    permission=Permission.REPLY_TO_CONVERSATIONS,
    status=201,
    shape=enveloped(ATTACHMENT, message=True),
    request_media="multipart/form-data",
)
def upload(request: Request) -> dict[str, Any]:
    """Upload a file in the field ``file``; name its id in a reply to attach it."""
    with uploaded_file(request) as file:
        stored = request.desk.attachments.upload(
            file.stream, name=file.name, content_type=file.content_type
        )
    return {"data": present_attachment(stored), "message": "Attachment uploaded successfully"}


@attachment.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(ATTACHMENT), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get an attachment's description."""
    return {"data": present_attachment(request.desk.attachments.get(path_id(request)))}


@download.get(
    permission=Permission.VIEW_CONVERSATIONS, shape=TEXT, media="application/octet-stream"
)
def bytes_of(request: Request) -> Response:
    """Download an attachment."""
    found = request.desk.attachments.get(path_id(request))
    return file_response(request.desk, found)
