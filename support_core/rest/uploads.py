"""Reading an upload: one file of a multipart/form-data body, bounded before it is parsed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, TYPE_CHECKING

from ..errors import Invalid, InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from .forms import FormUnreadable, boundary_of, read_form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyramid.request import Request

    from .forms import FormPart

#: What multipart headers may add to the file itself, in bytes.
OVERHEAD = 64 * 1024


@dataclass(frozen=True)
class UploadedFile:
    """A file of a form; ``name`` and ``content_type`` are the sender's words."""

    name: str
    content_type: str | None
    stream: IO[bytes]


@contextmanager
def uploaded_file(request: Request, field: str = "file") -> Iterator[UploadedFile]:
    """Yield the file of ``field``.

    Raises ``UnsupportedMediaType``, ``PayloadTooLarge``, ``InvalidRequest`` without a declared
    length, and ``Invalid`` on ``field`` where it is missing.
    """
    parts: list[FormPart] = request.form_parts
    # The last of several, as a form that is read into a mapping has it.
    part = next((it for it in reversed(parts) if it.name == field), None)
    if part is None:
        raise Invalid({field: [f"The {field} field is required."]})
    if part.filename is None:
        raise Invalid({field: [f"The {field} must be a file."]})
    with part.file as stream:
        yield UploadedFile(part.filename, part.content_type, stream)


def form_digest(request: Request) -> bytes:
    """Return a digest of the form's contents, the same whatever boundary a repeat draws.

    Raises what :func:`uploaded_file` raises for a form that cannot be read.
    """
    digest = sha256()
    for part in request.form_parts:
        content = sha256()
        while chunk := part.file.read(1 << 16):
            content.update(chunk)
        part.file.seek(0)
        said = (part.name, part.filename, part.content_type, content.digest())
        digest.update(repr(said).encode())
    return digest.digest()


def form_parts(request: Request) -> list[FormPart]:
    """Return the parts of the request's form, read once; their files close with the request."""
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("Send the file as multipart/form-data.")
    limit: int = request.registry.support.settings["support.upload.max_bytes"]
    if request.content_length is None:
        raise InvalidRequest("An upload needs a Content-Length.")
    if request.content_length > limit + OVERHEAD:
        raise PayloadTooLarge("The file is too large.", limit=limit)
    try:
        boundary = boundary_of(request.headers["Content-Type"])
        parts = read_form(request.body_file, boundary)
    except FormUnreadable:
        raise InvalidRequest("The form data cannot be read.") from None
    for part in parts:
        request.add_finished_callback(lambda _request, file=part.file: file.close())
    return parts
