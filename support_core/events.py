"""Domain events: published in the transaction, logged in commit order, told about afterwards.

The log (table ``events``) is the truth; the bus only says "look". An event exists exactly when the
transaction that published it was committed. Ids are handed out at the very end of the transaction
under the lock of a counter row, so that a reader who has seen id 7 will never find a new 6.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import insert

from .counters import advance
from .db import WorkspaceSession
from .models import Event
from .models.base import now

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import SessionTransaction

    from .application import Application
    from .desk import Desk
    from .plugins import Plugins

log = structlog.get_logger(__name__)

_PENDING = "support.events"
_COMMITTED = "support.events.committed"
_MARKS = "support.events.savepoints"
_APPLICATION = "support.application"


@dataclass(frozen=True)
class DomainEvent:
    """Something that happened; ``payload`` holds ids and states, never bodies or secrets.

    ``id`` counts per workspace and is known from the commit on (0 before it).
    """

    type: str
    workspace_id: int
    payload: dict[str, Any]
    conversation_id: int | None = None
    id: int = 0
    created_at: datetime = field(default_factory=now)


class EventPublisher:
    """Publishes events of one unit of work."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def publish(
        self, type_: str, *, conversation_id: int | None = None, **payload: Any
    ) -> DomainEvent:
        """Record an event, to be logged with the commit, and tell ``support_event`` now."""
        desk = self._desk
        event = DomainEvent(
            type=type_,
            workspace_id=desk.session.require_workspace(),
            conversation_id=conversation_id,
            payload=payload,
            created_at=desk.clock(),
        )
        desk.session.info.setdefault(_PENDING, []).append(event)
        desk.hook.support_event(event=event, desk=desk)
        return event


def attach(session: WorkspaceSession, application: Application) -> None:
    """Make the session's commits tell ``application`` about its events."""
    session.info[_APPLICATION] = application


@sqlalchemy_event.listens_for(WorkspaceSession, "before_commit")
def _log(session: WorkspaceSession) -> None:
    pending: list[DomainEvent] = session.info.pop(_PENDING, [])
    if not pending or session.in_nested_transaction():
        if pending:
            session.info[_PENDING] = pending
        return
    session.flush()
    last = advance(session, "events", len(pending))
    first = last - len(pending) + 1
    logged = [replace(event, id=first + offset) for offset, event in enumerate(pending)]
    session.core(
        insert(Event.__table__),
        [
            {
                "workspace_id": event.workspace_id,
                "id": event.id,
                "type": event.type,
                "conversation_id": event.conversation_id,
                "payload": event.payload,
                "created_at": event.created_at,
            }
            for event in logged
        ],
    )
    session.info[_COMMITTED] = logged


@sqlalchemy_event.listens_for(WorkspaceSession, "after_commit")
def _tell(session: WorkspaceSession) -> None:
    committed = session.info.pop(_COMMITTED, None)
    if committed:
        session.info[_APPLICATION].bus.tell(committed)


@sqlalchemy_event.listens_for(WorkspaceSession, "after_transaction_create")
def _mark(session: WorkspaceSession, transaction: SessionTransaction) -> None:
    if transaction.nested:
        marks = session.info.setdefault(_MARKS, {})
        marks[transaction] = len(session.info.get(_PENDING, ()))


@sqlalchemy_event.listens_for(WorkspaceSession, "after_soft_rollback")
def _forget(session: WorkspaceSession, transaction: SessionTransaction) -> None:
    """Forget what the transaction published; a savepoint takes back its own events only."""
    if transaction.nested:
        mark = session.info[_MARKS].pop(transaction)
        del session.info.get(_PENDING, [])[mark:]
    else:
        for key in (_PENDING, _COMMITTED, _MARKS):
            session.info.pop(key, None)


class EventBus:
    """Tells the ``support_after_commit`` hooks what was committed.

    They run on one background thread, started with the first event, so that a slow plugin delays
    no response.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._queue: queue.SimpleQueue[list[DomainEvent] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, events: list[DomainEvent]) -> None:
        """Pass committed events on."""
        if next(self._plugins.implementations("support_after_commit"), None) is not None:
            self._start()
            self._queue.put(events)

    def stop(self) -> None:
        """End the background thread once it has told what was committed so far."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=10)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="support-after-commit", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while (events := self._queue.get()) is not None:
            for event in events:
                self._call_hooks(event)

    def _call_hooks(self, event: DomainEvent) -> None:
        for name, implementation in self._plugins.implementations("support_after_commit"):
            try:
                implementation(event=event)
            except Exception:
                log.exception("after_commit_hook_failed", plugin=name, event_type=event.type)
