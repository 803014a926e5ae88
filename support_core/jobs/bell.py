"""Waking the consumers of this process when a transaction that enqueued jobs has committed.

Other processes notice by polling. Brokers are rung by database, so that an outbox needs to know
nothing but the session it writes to.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from sqlalchemy import event

from ..db import WorkspaceSession

if TYPE_CHECKING:
    from sqlalchemy.engine import URL
    from sqlalchemy.orm import Session

_RUNG = "support.jobs.queues"


class Listener(Protocol):
    """Somebody who waits for jobs in one database."""

    url: URL

    def wake(self, queues: set[str]) -> None:
        """Look for jobs in these queues, and at the time; called on the committing thread.

        It must not block.
        """


_listeners: WeakSet[Listener] = WeakSet()
_lock = Lock()


def listen(listener: Listener) -> None:
    """Tell the listener of commits from now on, until it is garbage or :func:`leave` is called."""
    with _lock:
        _listeners.add(listener)


def leave(listener: Listener) -> None:
    """Tell the listener no more."""
    with _lock:
        _listeners.discard(listener)


def ring_after_commit(session: Session, queue: str, *, state: str = "queued") -> None:
    """Wake those who wait for ``queue`` once the session's transaction is committed.

    ``state`` is the written row's: one that is delayed only tells whoever wakes such jobs to look
    at the time, and with one that runs, or is on its way, there is nothing to do before it ended.
    """
    if state in {"queued", "delayed"}:
        queues: set[str] = session.info.setdefault(_RUNG, set())
        if state == "queued":
            queues.add(queue)


def ring(url: URL, queues: set[str]) -> None:
    """Wake those who wait for ``queues`` in the database ``url``."""
    with _lock:
        listening = [listener for listener in _listeners if listener.url == url]
    for listener in listening:
        listener.wake(queues)


@event.listens_for(WorkspaceSession, "after_commit")
def _committed(session: Session) -> None:
    if session.in_nested_transaction():
        return
    queues = session.info.pop(_RUNG, None)
    if queues is not None:
        ring(session.get_bind().engine.url, queues)


@event.listens_for(WorkspaceSession, "after_rollback")
def _rolled_back(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_RUNG, None)
