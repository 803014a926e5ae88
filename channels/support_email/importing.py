"""Importing mail that lies in files: mbox, Maildir, or a folder of ``.eml``."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

from .ahead import ahead
from .incoming import head_of
from .ledger import RawMail, file_left, file_ready, take_in
from .preparing import Preparation
from .settings import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from support_core.plugin_api import OpenDesk

    from .preparing import Ready

PIECE = 100
PIECE_BYTES = 8 << 20


def mails_in(path: Path) -> Iterator[bytes]:
    """Yield the raw mails below a path, in an order that stays."""
    if path.is_file() and path.suffix.lower() != ".eml":
        yield from _mbox(path)
        return
    for file in _files(path):
        yield file.read_bytes()


def count_mails(path: Path) -> int:
    """Return how many mails :func:`mails_in` gives."""
    if path.is_file() and path.suffix.lower() != ".eml":
        with path.open("rb") as file:
            return sum(1 for line, before in _lines(file) if _begins(line, before))
    return sum(1 for _ in _files(path))


def import_mails(
    open_desk: OpenDesk, mailbox_id: int, path: Path, *, moved: Callable[[int], None]
) -> Counter[str]:
    """Take in and file every mail below a path; return how many came to which state.

    ``moved`` hears how many are done. Mails the mailbox has already are passed over.
    """
    with open_desk() as desk:
        most: int = desk.settings[MAX_BYTES]
        preparation = Preparation(desk)
    counts = Counter(it.state for it in file_left(open_desk, mailbox_id))

    def ready() -> Generator[tuple[int, list[Ready]], None, None]:
        for piece in _pieces(path, most):
            kept = take_in(open_desk, mailbox_id, piece, repeats=False)
            yield len(piece), preparation.ready(kept)

    done = 0
    # While one piece is filed the next one is kept and read.
    with closing(ahead(ready(), "email-import")) as coming:
        for number, mails in coming:
            counts.update(it.state for it in file_ready(open_desk, mailbox_id, mails))
            counts["duplicate"] += number - len(mails)
            done += number
            moved(done)
    return counts


def _pieces(path: Path, most: int) -> Iterator[list[RawMail]]:
    """Yield the mails below a path in pieces that memory bears."""
    piece: list[RawMail] = []
    for raw in mails_in(path):
        large = len(raw) > most
        kept = head_of(raw) if large else raw
        piece.append(RawMail(kept, size=len(raw), source="import", truncated=large))
        if len(piece) >= PIECE or sum(len(it.raw) for it in piece) > PIECE_BYTES:
            yield piece
            piece = []
    if piece:
        yield piece


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    maildir = [it for it in (path / "cur", path / "new") if it.is_dir()]
    if maildir:
        return sorted(
            (it for folder in maildir for it in folder.iterdir() if it.is_file()), key=_name
        )
    return sorted(it for it in path.rglob("*.eml") if it.is_file())


def _name(path: Path) -> str:
    return path.name


def _mbox(path: Path) -> Iterator[bytes]:
    """Yield the mails of an mbox file (RFC 4155, mboxrd): one at a time is in memory."""
    mail: list[bytes] | None = None
    with path.open("rb") as file:
        for line, before in _lines(file):
            if _begins(line, before):
                if mail is not None:
                    yield _ended(mail)
                mail = []
            elif mail is not None:
                mail.append(line[1:] if line.lstrip(b">").startswith(b"From ") else line)
    if mail is not None:
        yield _ended(mail)


def _lines(file: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield each line with the one before it."""
    before = b"\n"
    for line in file:
        yield line, before
        before = line


def _begins(line: bytes, before: bytes) -> bool:
    return line.startswith(b"From ") and not before.strip()


def _ended(lines: list[bytes]) -> bytes:
    return b"".join(lines[:-1] if lines and not lines[-1].strip() else lines)
