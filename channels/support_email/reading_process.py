"""A process of its own that reads mails, for when many of them wait.

Reading is half of the work of filing a mail and needs neither database nor network. Done beside the
rest it leaves this process's one interpreter to the other half; and a mail that ends its reader, by
all of the memory or by never coming to an end, ends nothing else.
"""

from __future__ import annotations

import subprocess
import sys
import time
from multiprocessing import Pipe
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from .incoming import Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from multiprocessing.connection import Connection

    from .incoming import Incoming

log = structlog.get_logger(__name__)

#: Seconds that reading one mail may take; the largest of a real corpus takes a twentieth of one.
MOST_SECONDS = 60.0

#: Seconds within which a new process says that it is there.
START_SECONDS = 60.0

#: Seconds without a further try after one that did not start.
PAUSE_SECONDS = 300.0

#: Without the collector, which would look at all that is being imported again and again.
PROGRAM = "import gc; gc.disable(); from support_email.reader import serve; serve({fd})"


class ReadingProcess:
    """The reading process of this one: started when it is wanted, ended when nobody wants it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._greeted = False
        self._not_before = 0.0

    def start(self) -> None:
        """Let it start, without waiting for it, where it is not there."""
        if self._lock.acquire(blocking=False):  # else it is at work
            try:
                if not self._is_running() and not self._has_failed_just_now():
                    self._start()
            except OSError as error:  # no memory, no file descriptor: mails are read without it
                self._give_up_for_now(error=str(error))
            finally:
                self._lock.release()

    def read(
        self, mails: Sequence[bytes], own_addresses: Collection[str]
    ) -> list[Incoming | Unreadable] | None:
        """Read mails, in their order.

        None while the process is not there (yet) or reads for somebody else: read them yourself.
        """
        if not self._lock.acquire(blocking=False):
            return None
        try:
            if not self._is_up(0):
                return None
            return self._read(mails, frozenset(own_addresses))
        finally:
            self._lock.release()

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._end()

    def _read(
        self, mails: Sequence[bytes], own_addresses: frozenset[str]
    ) -> list[Incoming | Unreadable] | None:
        """Read all; a mail with which the process ends is tried once more, and then given up."""
        read: list[Incoming | Unreadable] = []
        ended_at = None
        while len(read) < len(mails):
            try:
                # What came before it ended stays.
                read.extend(self._answers(mails[len(read) :], own_addresses))
            except (EOFError, OSError) as error:
                log.warning("mail_reading_process_ended", error=type(error).__name__)
                if ended_at == len(read):
                    read.append(Unreadable(_reason(error), f"Its reader ended twice: {error!r}"))
                ended_at = len(read)
                if not self._is_up_again():
                    return None
        return read

    def _answers(
        self, mails: Sequence[bytes], own_addresses: frozenset[str]
    ) -> Iterator[Incoming | Unreadable]:
        assert self._connection is not None  # noqa: S101 - for the type checker
        # It takes all of them before it answers, so that neither waits for the other to listen.
        self._connection.send((mails, own_addresses))
        for _ in mails:
            if not self._connection.poll(MOST_SECONDS):
                raise TimeoutError
            yield self._connection.recv()

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _has_failed_just_now(self) -> bool:
        if self._process is not None and self._process.returncode and not self._greeted:
            self._give_up_for_now(status=self._process.returncode)
        return time.monotonic() < self._not_before

    def _give_up_for_now(self, **why: object) -> None:
        log.warning("mail_reading_process_does_not_start", **why)
        self._end()
        self._not_before = time.monotonic() + PAUSE_SECONDS

    def _is_up(self, seconds: float) -> bool:
        if self._connection is None or not self._is_running():
            return False
        try:
            if not self._greeted and self._connection.poll(seconds):
                self._greeted = self._connection.recv()
        except (EOFError, OSError):
            return False
        return self._greeted

    def _is_up_again(self) -> bool:
        try:
            self._start()
        except OSError as error:
            self._give_up_for_now(error=str(error))
        return self._is_up(START_SECONDS)

    def _start(self) -> None:
        self._end()
        self._connection, theirs = Pipe()
        with theirs:
            fd = theirs.fileno()
            self._process = subprocess.Popen(  # noqa: S603 - this program, itself
                [sys.executable, "-W", "ignore", "-c", PROGRAM.format(fd=fd)],
                stdin=subprocess.DEVNULL,
                pass_fds=(fd,),
            )

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._connection = self._process = None
        self._greeted = False


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"Reading it took longer than {MOST_SECONDS:.0f} seconds, twice."
    return "Reading it ended the process that reads, twice."
