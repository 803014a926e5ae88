"""Blobs as files below a folder of this machine, or of a file system that several share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .contract import BlobMissing, checked, receive

if TYPE_CHECKING:
    from .contract import Blob, Readable


class FolderBlobStore:
    """Blobs as files below a folder, which only this user may enter."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Use `path`, which is created when it is missing."""
        self.path = Path(path)
        # In the same file system, so that a finished file can be moved into place.
        self._incoming = self.path / "incoming"
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)

    def put(self, stream: Readable, *, workspace_id: int, max_bytes: int) -> Blob:
        """See `BlobStore.put`."""
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                blob = receive(stream, file.write, workspace_id=workspace_id, max_bytes=max_bytes)
                file.flush()
                os.fsync(file.fileno())
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

    def check(self) -> None:
        """See `BlobStore.check`."""
        with tempfile.TemporaryFile(dir=self._incoming) as file:
            file.write(b"support-core")
            file.flush()
            os.fsync(file.fileno())

    def _path(self, key: str) -> Path:
        return self.path / checked(key)

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _sync_folder(folder.parent)
            _sync_folder(self.path)


def _sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a crash, which syncing the files does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
