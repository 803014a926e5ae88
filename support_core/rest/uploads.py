"""Reading an upload: one file of a multipart/form-data body, bounded before it is parsed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Invalid, InvalidRequest, PayloadTooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyramid.request import Request

#: What multipart headers may add to the file itself, in bytes.
OVERHEAD = 64 * 1024


@dataclass(frozen=True)
class UploadedFile:
    """A file of a form; ``name`` and ``content_type`` are the sender's words."""

    name: str
    content_type: str | None
    stream: BinaryIO


@contextmanager
def uploaded_file(request: Request, field: str = "file") -> Iterator[UploadedFile]:
    """Yield the file of ``field``.

    Raises ``UnsupportedMediaType``, ``PayloadTooLarge``, ``InvalidRequest`` without a declared
    length, and ``Invalid`` on ``field`` where it is missing.
    """
    part = _form(request).get(field)
    if part is None:
        raise Invalid({field: [f"The {field} field is required."]})
    if not hasattr(part, "file"):
        raise Invalid({field: [f"The {field} must be a file."]})
    with part.file as stream:
        yield UploadedFile(part.filename, part.type, stream)


def form_digest(request: Request) -> bytes:
    """Return a digest of the form's contents, the same whatever boundary a repeat draws.

    Raises what :func:`uploaded_file` raises for a form that cannot be read.
    """
    digest = sha256()
    for name, part in _form(request).items():
        if not hasattr(part, "file"):
            digest.update(repr((name, part)).encode())
            continue
        content = file_digest(part.file, "sha256").digest()
        part.file.seek(0)
        digest.update(repr((name, part.filename, part.type, content)).encode())
    return digest.digest()


def _form(request: Request) -> Any:
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as multipart/form-data.")
    limit: int = request.registry.support.settings["support.upload.max_bytes"]
    if request.content_length is None:
        raise InvalidRequest("An upload needs a Content-Length.")
    if request.content_length > limit + OVERHEAD:
        raise PayloadTooLarge("The file is too large.", limit=limit)
    received = request.body_file_raw
    try:
        form = request.POST
    except ValueError:
        raise InvalidRequest("The form data cannot be read.") from None
    finally:
        spooled = request.body_file_raw
        if spooled is not received:  # WebOb's copy in a temporary file, which nobody else closes
            request.add_finished_callback(lambda _request: spooled.close())
    for part in form.values():
        if hasattr(part, "file"):
            request.add_finished_callback(lambda _request, file=part.file: file.close())
    return form
