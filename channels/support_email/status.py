"""How fetching stands: the ``imap_status`` of a mailbox, and what is noted for it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .account import row_of

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import Desk

    from .models import EmailAccount

OFF: dict[str, Any] = {
    "state": "off",
    "last_success_at": None,
    "last_error": None,
    "lag_seconds": None,
    "next_attempt_at": None,
}

#: Seconds between two attempts after the first failure, and at most.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 600.0

#: A success is noted at most so often while nothing else is new.
NOTE_EVERY = timedelta(seconds=30)


def shown_status(row: EmailAccount, now: datetime) -> dict[str, Any]:
    """Return how fetching stands.

    ``lag_seconds`` is how long nobody has been able to look for mail: 0 while all is well, None
    before the first success.
    """
    if row.imap_host is None:
        return OFF
    last = row.last_success_at
    lag = None if last is None else int((now - last).total_seconds())
    return {
        "state": row.state,
        "last_success_at": last,
        "last_error": row.last_error,
        "lag_seconds": 0 if row.state == "ok" else lag,
        "next_attempt_at": row.next_attempt_at,
    }


def note_success(desk: Desk, mailbox_id: int) -> None:
    """Note that the mailbox has been looked into and nothing of it is waiting."""
    row = row_of(desk, mailbox_id)
    if row is None:
        return
    now = desk.clock()
    recently = row.last_success_at is not None and now - row.last_success_at < NOTE_EVERY
    if row.state == "ok" and recently:
        return
    row.state, row.last_success_at = "ok", now
    row.last_error, row.next_attempt_at, row.failures = None, None, 0


def note_failure(desk: Desk, mailbox_id: int, message: str) -> float:
    """Note what went wrong; return the seconds to wait before the next attempt.

    The wait doubles from one failure to the next, with some chance in it, so that the mailboxes
    of one server do not come back all at once.
    """
    row = row_of(desk, mailbox_id, lock=True)
    if row is None:
        return LONGEST_PAUSE
    row.failures += 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * float(1 << min(row.failures - 1, 16)))
    pause *= random.uniform(0.8, 1.0)  # noqa: S311 - no secret
    row.state, row.last_error = "error", message
    row.next_attempt_at = desk.clock() + timedelta(seconds=pause)
    return pause
