"""Fetching: from where the checkpoint stands to the end of the folder, in bounded pieces."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import UTC
from typing import TYPE_CHECKING, Any

import structlog

from .account import row_of
from .ahead import ahead
from .ledger import RawMail, file_left, file_ready, take_in
from .preparing import Preparation
from .problems import MailServerError
from .settings import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk, OpenDesk

    from .account import Account
    from .filing import Outcome
    from .imap import Folder, ImapSession
    from .ledger import Kept
    from .preparing import Ready

log = structlog.get_logger(__name__)

#: Mails fetched at a time, and the bytes after which a piece is full.
PIECE = 100
PIECE_BYTES = 8 << 20

#: UIDs whose sizes are asked for at a time; doubled where nobody is home.
WINDOW = 500
WIDEST_WINDOW = 1 << 20


class Fetcher:
    """Fetches the mails of one account over a session; ``open_desk`` serves its workspace."""

    def __init__(self, open_desk: OpenDesk, account: Account, session: ImapSession) -> None:
        self._open_desk = open_desk
        self._account = account
        self._session = session
        with open_desk() as desk:
            self._most: int = desk.settings[MAX_BYTES]
            self._preparation = Preparation(desk)
        self._uidvalidity = 0
        self._last_uid = 0

    def begin(self) -> Folder:
        """Select the folder and find the place to go on from; raises ``MailServerError``.

        A folder with another UIDVALIDITY is another folder: all of it is looked at again, and the
        ledger tells what has been filed before (RFC 9051 §2.3.1.1).
        """
        folder = self._session.select(self._account.folder)
        with self._open_desk() as desk:
            row = row_of(desk, self._account.mailbox_id, lock=True)
            if row is None:
                raise MailServerError("select", "The mailbox has been removed.")
            if row.uidvalidity != folder.uidvalidity:
                if row.uidvalidity is not None:
                    log.warning(
                        "mail_uidvalidity_changed",
                        mailbox_id=row.mailbox_id,
                        before=row.uidvalidity,
                        now=folder.uidvalidity,
                    )
                fresh = row.uidvalidity is None and self._account.start == "new"
                row.last_uid = max(0, folder.uidnext - 1) if fresh else 0
                row.uidvalidity = folder.uidvalidity
            self._uidvalidity, self._last_uid = folder.uidvalidity, row.last_uid
        return folder

    def catch_up(
        self, folder: Folder | None = None, *, ending: Callable[[], bool] = lambda: False
    ) -> Counter[str]:
        """Fetch and file all that is there; return how many mails came to which state.

        Raises ``MailServerError``, and what is wrong with database or disk.
        """
        counts: Counter[str] = Counter()
        mailbox_id = self._account.mailbox_id
        if folder is not None:
            self._preparation.expect(min(folder.messages, folder.uidnext - 1 - self._last_uid))
        counts.update(_states(file_left(self._open_desk, mailbox_id)))
        pieces = (piece for sizes in self._sizes(folder) for piece in _pieces(sizes, self._most))
        # While one piece is filed the next one is read, and the one after it fetched and kept: the
        # first waits for the database, the second for its reader, the third for server and disk.
        with closing(ahead(self._ready(pieces), "email-read")) as coming:
            for number, ready in coming:
                counts["duplicate"] += number - len(ready)
                counts.update(_states(file_ready(self._open_desk, mailbox_id, ready)))
                if ending():
                    break
        return counts

    def _ready(
        self, pieces: Iterator[dict[int, int]]
    ) -> Generator[tuple[int, list[Ready]], None, None]:
        """Yield the number of mails of each piece, and the new ones of them, to be filed."""
        with closing(ahead(self._taken(pieces), "email-fetch")) as coming:
            for number, kept in coming:
                yield number, self._preparation.ready(kept)

    def _taken(
        self, pieces: Iterator[dict[int, int]]
    ) -> Generator[tuple[int, list[Kept]], None, None]:
        """Fetch and keep pieces; yield the number of mails of each, and the new ones of them.

        Nothing but the thread that asks for them uses the session meanwhile.
        """
        mailbox_id = self._account.mailbox_id
        for piece in pieces:
            raw = self._fetched(piece)
            checkpoint = self._checkpoint(max(piece))
            yield len(raw), take_in(self._open_desk, mailbox_id, raw, checkpoint=checkpoint)

    def _sizes(self, folder: Folder | None) -> Iterator[dict[int, int]]:
        """Yield the sizes of the mails after the checkpoint, by UID, in their order."""
        first, window = self._last_uid + 1, WINDOW
        while folder is not None and first < folder.uidnext - 1:
            last = min(first + window, folder.uidnext) - 1
            found = self._session.sizes(first, last)
            window = WINDOW if found else min(window * 2, WIDEST_WINDOW)
            if found:
                yield found
            first = last + 1
        rest = self._session.sizes(first, None)
        if rest:
            yield rest

    def _fetched(self, piece: dict[int, int]) -> list[RawMail]:
        whole = [uid for uid, size in piece.items() if size <= self._most]
        heads = [uid for uid, size in piece.items() if size > self._most]
        answers = {
            **(self._session.mails(whole) if whole else {}),
            **(self._session.mails(heads, head_only=True) if heads else {}),
        }
        return [
            RawMail(
                raw=_content(answers[uid]),
                size=size,
                folder=self._account.folder,
                uidvalidity=self._uidvalidity,
                uid=uid,
                truncated=size > self._most,
                received_at=_moment(answers[uid].get(b"INTERNALDATE")),
            )
            for uid, size in sorted(piece.items())
            if uid in answers
        ]

    def _checkpoint(self, uid: int) -> Callable[[Desk], None]:
        def advance(desk: Desk) -> None:
            row = row_of(desk, self._account.mailbox_id, lock=True)
            if row is None or row.generation != self._account.generation:
                raise MailServerError("fetch", "The mailbox's settings have changed.")
            if row.uidvalidity == self._uidvalidity:
                row.last_uid = max(row.last_uid, uid)
            self._last_uid = max(self._last_uid, uid)

        return advance


def _pieces(sizes: dict[int, int], most: int) -> Iterator[dict[int, int]]:
    """Yield mails in pieces that memory bears: by number and by bytes, the large ones alone."""
    piece: dict[int, int] = {}
    total = 0
    for uid, size in sorted(sizes.items()):
        cost = min(size, most)
        if piece and (len(piece) >= PIECE or total + cost > PIECE_BYTES):
            yield piece
            piece, total = {}, 0
        piece[uid] = size
        total += cost
    if piece:
        yield piece


def _content(answer: dict[bytes, Any]) -> bytes:
    content = answer.get(b"BODY[]", answer.get(b"BODY[HEADER]"))
    return content if isinstance(content, bytes) else b""


def _moment(given: Any) -> datetime | None:
    """Return INTERNALDATE, which IMAPClient gives in this machine's time, in UTC."""
    return given.astimezone(UTC) if given is not None else None


def _states(outcomes: Sequence[Outcome]) -> Counter[str]:
    return Counter(it.state for it in outcomes)
