"""Blobs as files below a folder of this machine, or of a file system that several share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .contract import BlobMissing, blob_of, checked, receive

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .contract import Blob, Readable


#: Files of `put_all` that are open at a time.
OPEN_AT_ONCE = 100


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
            self._make_folders({target.parent})
            # Also over the same content: what is being deleted meanwhile is then put back.
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
        return blob

    def put_all(self, contents: Sequence[bytes], *, workspace_id: int) -> list[Blob]:
        """See `BlobStore.put_all`.

        Each file and each folder is synced as `put` does it, but only after all of them were
        written, or named: the first sync of each kind then takes the others along.
        """
        stored: list[Blob] = []
        for start in range(0, len(contents), OPEN_AT_ONCE):
            stored += self._put_some(contents[start : start + OPEN_AT_ONCE], workspace_id)
        return stored

    def _put_some(self, contents: Sequence[bytes], workspace_id: int) -> list[Blob]:
        written: list[tuple[Blob, Path, int]] = []
        try:
            for content in contents:
                blob = blob_of(content, workspace_id=workspace_id)
                descriptor, name = tempfile.mkstemp(dir=self._incoming)
                written.append((blob, Path(name), descriptor))
                _write(descriptor, content)
            for _, _, descriptor in written:
                os.fsync(descriptor)
            targets = [self._path(blob.key) for blob, _, _ in written]
            folders = {target.parent for target in targets}
            self._make_folders(folders)
            for (_, temporary, _), target in zip(written, targets, strict=True):
                temporary.replace(target)
        except BaseException:
            for _, temporary, _ in written:
                temporary.unlink(missing_ok=True)
            raise
        finally:
            for _, _, descriptor in written:
                os.close(descriptor)
        for folder in folders:
            _sync_folder(folder)
        return [blob for blob, _, _ in written]

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

    def _make_folders(self, folders: Iterable[Path]) -> None:
        missing = [folder for folder in folders if not folder.is_dir()]
        for folder in missing:
            folder.mkdir(parents=True, exist_ok=True)
        for parent in {folder.parent for folder in missing}:
            _sync_folder(parent)
        if missing:
            _sync_folder(self.path)


def _write(descriptor: int, content: bytes) -> None:
    """Write all; a full disk or a signal may let the system write a part at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make new names in a folder survive a crash, which syncing the files does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
