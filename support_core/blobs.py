"""Attachments and raw mails: content-addressed blobs, never shared between workspaces."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from support_core.filenames import content_disposition, safe_filename

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Blob",
    "BlobKeyInvalid",
    "BlobMissing",
    "BlobStore",
    "BlobTooLarge",
    "FolderBlobStore",
    "Readable",
    "content_disposition",
    "safe_filename",
]

_CHUNK_BYTES = 65_536
_KEY = re.compile(r"[1-9][0-9]{0,18}/([0-9a-f]{2})/\1[0-9a-f]{62}")


class BlobTooLarge(Exception):
    """A stream had more bytes than were allowed; nothing of it was kept."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The content is larger than {max_bytes} bytes.")
        self.max_bytes = max_bytes


class BlobMissing(Exception):
    """There is no blob with this key."""


class BlobKeyInvalid(ValueError):
    """A key that no store has given out."""


@dataclass(frozen=True, slots=True)
class Blob:
    """What a store knows of stored content."""

    key: str
    """`<workspace id>/<first two digits of sha256>/<sha256>`."""
    sha256: str
    size: int
    """In bytes."""


class Readable(Protocol):
    """Anything that is read in pieces until it gives none."""

    def read(self, size: int, /) -> bytes: ...


class BlobStore(Protocol):
    """Keeps content under the key it is given for it. Safe to share between threads.

    The same content of one workspace is one blob, of two workspaces two. Every method that
    takes a key raises `BlobKeyInvalid` when it cannot be one.
    """

    def put(self, stream: Readable, *, workspace_id: int, max_bytes: int) -> Blob:
        """Store a stream, read in pieces; return once it is durable.

        Raises `BlobTooLarge` after `max_bytes`, and what reading the stream raises; either
        leaves nothing behind.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Return the content for reading. Raises `BlobMissing`."""
        ...

    def delete(self, key: str) -> None:
        """Remove a blob; one that is not there is fine."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is a blob with this key."""
        ...

    def size(self, key: str) -> int:
        """Return the size in bytes. Raises `BlobMissing`."""
        ...


class FolderBlobStore:
    """Blobs as files below a folder, which only this user may enter."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Use `path`, which is created when it is missing."""
        self._root = Path(path)
        # In the same file system, so that a finished file can be moved into place.
        self._incoming = self._root / "incoming"
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)

    def put(self, stream: Readable, *, workspace_id: int, max_bytes: int) -> Blob:
        """See `BlobStore.put`."""
        digest = hashlib.sha256()
        size = 0
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in _chunks(stream):
                    size += len(chunk)
                    if size > max_bytes:
                        raise BlobTooLarge(max_bytes)
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            sha256 = digest.hexdigest()
            blob = Blob(f"{workspace_id}/{sha256[:2]}/{sha256}", sha256, size)
            target = self._path(blob.key)
            self._make_folder(target.parent)
            # Also over the same content: what is being deleted meanwhile is then put back.
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return blob

    def open(self, key: str) -> BinaryIO:
        """See `BlobStore.open`."""
        try:
            return self._path(key).open("rb")
        except FileNotFoundError:
            raise BlobMissing(f"There is no blob {key}.") from None

    def delete(self, key: str) -> None:
        """See `BlobStore.delete`."""
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        """See `BlobStore.exists`."""
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        """See `BlobStore.size`."""
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError:
            raise BlobMissing(f"There is no blob {key}.") from None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise BlobKeyInvalid("This is not the key of a blob.")
        return self._root / key

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)
            _sync_folder(self._root)


def _chunks(stream: Readable) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


def _sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a crash, which syncing the files does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
