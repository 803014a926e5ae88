"""Storing what comes with mails, several at a time and before any transaction."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from support_core.plugin_api import BlobTooLarge

from .incoming import StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import Blob, Desk

    from .incoming import Incoming

#: Blobs that are written at the same time: each waits for its disk or its bucket.
AT_ONCE = 8


class Store:
    """Writes blobs of the desk's workspace; raises what the blob store raises."""

    def __init__(self, desk: Desk) -> None:
        """Take along from a desk what outlives its transaction."""
        self._blobs = desk.blobs
        self._workspace_id = desk.workspace_id
        self._most: int = desk.settings["support.upload.max_bytes"]

    def raw(self, mails: Sequence[bytes]) -> list[Blob]:
        """Store raw mails, in their order."""
        return [it for it in self._all(mails, max(map(len, mails), default=0) + 1) if it]

    def files(self, mails: Sequence[Incoming]) -> Iterator[list[StoredFile]]:
        """Store the files of mails; yield those of each mail, in order."""
        attachments = [list(it.mail.attachments) for it in mails]
        blobs = iter(self._all([it.content for each in attachments for it in each], self._most))
        return iter([[StoredFile(it, next(blobs)) for it in each] for each in attachments])

    def _all(self, contents: Sequence[bytes], most: int) -> list[Blob | None]:
        if len(contents) < 2:
            return [self._put(it, most) for it in contents]
        number = min(AT_ONCE, len(contents))
        with ThreadPoolExecutor(number, "email-store") as threads:
            # A task for each thread, not for each blob: handing over takes as long as writing.
            shares = threads.map(
                lambda first: [self._put(it, most) for it in contents[first::number]], range(number)
            )
        stored: list[Blob | None] = [None] * len(contents)
        for first, blobs in enumerate(shares):
            stored[first::number] = blobs
        return stored

    def _put(self, content: bytes, most: int) -> Blob | None:
        try:
            return self._blobs.put(
                io.BytesIO(content), workspace_id=self._workspace_id, max_bytes=most
            )
        except BlobTooLarge:
            return None
