"""What every blob store does, and what it raises."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHUNK_BYTES = 65_536
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


class BlobStoreAway(Exception):
    """The store does not answer, or not in time, or refuses us; trying again later may help."""


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
    takes a key raises `BlobKeyInvalid` when it cannot be one; every method of a store across a
    network raises `BlobStoreAway` when it cannot be reached.
    """

    def put(self, stream: Readable, *, workspace_id: int, max_bytes: int) -> Blob:
        """Store a stream, read in pieces; return once it is durable.

        Raises `BlobTooLarge` after `max_bytes`, and what reading the stream raises; either
        leaves nothing behind.
        """
        ...

    def put_all(self, contents: Sequence[bytes], *, workspace_id: int) -> list[Blob]:
        """Store several contents that are in memory, in their order; return once all are durable.

        Costs less than as many calls of `put`. A raise may leave some of them behind, to which
        nobody refers.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """Return the content for reading, from any position. Raises `BlobMissing`."""
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

    def check(self) -> None:
        """Write something and remove it again. Raises `OSError` or `BlobStoreAway`."""
        ...


def checked(key: str) -> str:
    """Return a key as it is; raises `BlobKeyInvalid` for one that no store has given out."""
    if not _KEY.fullmatch(key):
        raise BlobKeyInvalid("This is not the key of a blob.")
    return key


def receive(
    stream: Readable, write: Callable[[bytes], object], *, workspace_id: int, max_bytes: int
) -> Blob:
    """Write a stream somewhere, piece by piece, and name it by its content.

    Raises `BlobTooLarge`, and `BlobKeyInvalid` for a workspace that cannot be.
    """
    digest = hashlib.sha256()
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > max_bytes:
            raise BlobTooLarge(max_bytes)
        digest.update(chunk)
        write(chunk)
    return _named(digest.hexdigest(), size, workspace_id)


def blob_of(content: bytes, *, workspace_id: int) -> Blob:
    """Name a content; raises `BlobKeyInvalid` for a workspace that cannot be."""
    return _named(hashlib.sha256(content).hexdigest(), len(content), workspace_id)


def _named(sha256: str, size: int, workspace_id: int) -> Blob:
    return Blob(checked(f"{workspace_id}/{sha256[:2]}/{sha256}"), sha256, size)
