"""SMTP connections that are kept for the next mail of their mailbox, for a short while.

A connection serves one mail at a time and lies here in between. It is checked before it is used
again, and ends after so many mails, so many seconds, or so many seconds without a mail.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .smtp import SmtpSession

#: What a connection is good for: the mailbox first, then how it would be made today.
Key = tuple[object, ...]

#: Seconds that a connection waits for another mail; servers hang up after minutes.
IDLE_SECONDS = 10.0

#: Seconds after which a connection is not used again, and mails that it carries.
LIFE_SECONDS = 300.0
MOST_MAILS = 100

#: Connections that wait for one mailbox, and for all of them.
MOST_OF_ONE = 2
MOST = 50


@dataclass(frozen=True)
class _Waiting:
    session: SmtpSession
    key: Key
    until: float


@dataclass
class Connections:
    """The connections of one process that wait for a mail; ``key`` says what they are good for."""

    clock: Callable[[], float] = time.monotonic
    _waiting: list[_Waiting] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _reaper: threading.Thread | None = None
    _closed: bool = False

    def take(self, key: Key) -> SmtpSession | None:
        """Return a connection that has shown to be alive, and is the caller's; None for none."""
        while True:
            with self._changed:
                found = next((it for it in reversed(self._waiting) if it.key == key), None)
                if found is None:
                    return None
                self._waiting.remove(found)
            if self.clock() < found.until and found.session.is_alive():
                return found.session
            found.session.close()

    def give_back(self, key: Key, session: SmtpSession) -> None:
        """Keep a connection for the next mail, or end it; the one that waits longest makes room."""
        now = self.clock()
        ends = session.opened_at + LIFE_SECONDS
        over = session
        with self._changed:
            others = sum(it.key == key for it in self._waiting)
            if (
                not self._closed
                and session.usable
                and session.mails < MOST_MAILS
                and now < ends
                and others < MOST_OF_ONE
            ):
                self._waiting.append(_Waiting(session, key, min(ends, now + IDLE_SECONDS)))
                self._watch()
                if len(self._waiting) <= MOST:
                    return
                over = self._waiting.pop(0).session
        over.close()

    def close(self) -> None:
        """End all that wait, and keep none from now on."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            self._changed.notify_all()
        for it in waiting:
            it.session.close()

    def _watch(self) -> None:
        """See to it that somebody ends what has waited long enough; the condition is held."""
        if self._reaper is None:
            self._reaper = threading.Thread(
                target=self._reap, name="email-connections", daemon=True
            )
            self._reaper.start()
        self._changed.notify_all()  # what came last may be the first to end

    def _reap(self) -> None:
        while True:
            with self._changed:
                now = self.clock()
                over = [it for it in self._waiting if it.until <= now]
                self._waiting = [it for it in self._waiting if it.until > now]
                if not over:
                    if not self._waiting:
                        self._reaper = None
                        return
                    self._changed.wait(min(it.until for it in self._waiting) - now)
                    continue
            for it in over:
                it.session.close()
