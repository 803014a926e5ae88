"""From a kept raw mail to one that can be filed: read, with its files in the blob store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .incoming import Incoming, Unreadable, prepared
from .people import OwnAddresses
from .reading_process import ReadingProcess
from .settings import READING_PROCESS
from .storing import Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk

    from .ledger import Kept

#: So many mails at once are worth the way to the reading process, where there is one; and so many
#: in one run are worth starting it, which takes about as long as reading two hundred.
WORTH_SENDING = 20
WORTH_STARTING = 100


@dataclass(frozen=True)
class Ready:
    """A mail of the ledger that can be filed, or into quarantine."""

    ingest_id: int
    incoming: Incoming | Unreadable


class Preparation:
    """Prepares the mails of one run, batch after batch; for one thread at a time."""

    def __init__(self, desk: Desk) -> None:
        """Take along from a desk what outlives its transaction."""
        self._own = OwnAddresses.of(desk).keys
        self._store = Store(desk)
        self._process: ReadingProcess = desk.application.extensions.setdefault(
            "email.reading", ReadingProcess()
        )
        self._may_start: bool = desk.settings[READING_PROCESS]
        self._seen = 0

    def expect(self, number: int) -> None:
        """Say how many mails this run will have at least, as soon as that is known."""
        if self._may_start and number >= WORTH_STARTING:
            self._process.start()

    def ready(self, kept: Sequence[Kept]) -> list[Ready]:
        """Read mails and store their files; raises what the blob store raises."""
        mails = self._read([it.raw for it in kept])
        files = self._store.files([it for it in mails if isinstance(it, Incoming)])
        return [
            Ready(
                it.ingest_id,
                replace(mail, files=next(files)) if isinstance(mail, Incoming) else mail,
            )
            for it, mail in zip(kept, mails, strict=True)
        ]

    def _read(self, mails: Sequence[bytes]) -> list[Incoming | Unreadable]:
        self._seen += len(mails)
        self.expect(self._seen)
        read = self._process.read(mails, self._own) if len(mails) >= WORTH_SENDING else None
        return read if read is not None else [prepared(it, self._own) for it in mails]
