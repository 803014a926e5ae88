"""Storing what comes with mails, several at a time and before any transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .incoming import StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import Blob, Desk

    from .incoming import Incoming


class Store:
    """Writes blobs of the desk's workspace; raises what the blob store raises."""

    def __init__(self, desk: Desk) -> None:
        """Take along from a desk what outlives its transaction."""
        self._blobs = desk.blobs
        self._workspace_id = desk.workspace_id
        self._most: int = desk.settings["support.upload.max_bytes"]

    def raw(self, mails: Sequence[bytes]) -> list[Blob]:
        """Store raw mails, in their order."""
        return self._blobs.put_all(mails, workspace_id=self._workspace_id)

    def files(self, mails: Sequence[Incoming]) -> Iterator[list[StoredFile]]:
        """Store the files of mails; yield those of each mail, in order."""
        attachments = [it for mail in mails for it in mail.mail.attachments]
        small = [it.content for it in attachments if len(it.content) <= self._most]
        blobs = iter(self._blobs.put_all(small, workspace_id=self._workspace_id))
        for mail in mails:
            yield [
                StoredFile(it, next(blobs) if len(it.content) <= self._most else None)
                for it in mail.mail.attachments
            ]
