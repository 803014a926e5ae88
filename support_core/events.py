"""Domain events: published in the transaction, logged in commit order, told about afterwards.

The log (table ``events``) is the truth; the bus only says "look". An event exists exactly when the
transaction that published it was committed. Ids are handed out at the very end of the transaction
under the lock of a counter row, so that a reader who has seen id 7 will never find a new 6.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, event as sqlalchemy_event, insert, select

from . import event_log
from .bus import Notice, Signal
from .counters import advance
from .db import Prepared, WorkspaceSession
from .models import Conversation, Event
from .models.base import now

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from sqlalchemy.orm import Session, SessionTransaction

    from .application import Application
    from .desk import Desk

_PENDING = "support.events"
_COMMITTED = "support.events.committed"
_MARKS = "support.events.savepoints"
_APPLICATION = "support.application"

#: The signal of a change that no event stands for: a login ended. It is for the streams' server.
ACCESS = "access.changed"

#: ``Session.info`` key that says that a follower began to follow in this transaction.
FOLLOWED = "support.events.followed"

_conversation = Conversation.__table__.c
_MAILBOXES = select(_conversation.id, _conversation.mailbox_id).where(
    _conversation.workspace_id == bindparam("of_workspace"),
    _conversation.id.in_(bindparam("ids", expanding=True)),
)
#: The columns of a logged event, beside its workspace.
_LOGGED = ("id", "type", "conversation_id", "mailbox_id", "payload", "created_at")
_LOG_ONE = Prepared(insert(Event.__table__), columns=("workspace_id", *_LOGGED))


@dataclass(frozen=True)
class DomainEvent:
    """Something that happened; ``payload`` holds ids and states, never bodies or secrets.

    ``id`` counts per workspace and is known from the commit on (0 before it). ``mailbox_id`` is
    the payload's, else the mailbox the conversation was in at the commit.
    """

    type: str
    workspace_id: int
    payload: dict[str, Any]
    conversation_id: int | None = None
    mailbox_id: int | None = None
    id: int = 0
    created_at: datetime = field(default_factory=now)

    @classmethod
    def logged(cls, row: Event) -> Self:
        """Return the event of a row of the log."""
        return cls(
            type=row.type,
            workspace_id=row.workspace_id,
            payload=row.payload,
            conversation_id=row.conversation_id,
            mailbox_id=row.mailbox_id,
            id=row.id,
            created_at=row.created_at,
        )


class EventPublisher:
    """Publishes events and signals of one unit of work."""

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
            mailbox_id=payload.get("mailbox_id") or _mailbox_at_hand(desk.session, conversation_id),
            payload=payload,
            created_at=desk.clock(),
        )
        desk.session.info.setdefault(_PENDING, []).append(event)
        desk.hook.support_event(event=event, desk=desk)
        return event

    def follow(self, name: str) -> None:
        """Let the follower ``name`` hear what this workspace logs from here on.

        To one that follows already nothing changes. Holds the follower's row to the commit: it is
        to be called before rows are locked that the follower's handler locks too. Raises
        ``LookupError`` for a name that no enabled plugin declares.
        """
        desk = self._desk
        desk.application.followers.start(desk.session, name, moment=desk.clock())

    def unfollow(self, name: str) -> None:
        """Let the follower ``name`` hear no more of this workspace; its place is forgotten.

        Raises ``LookupError`` for a name that no enabled plugin declares, and ``ValueError`` for
        a follower of every workspace.
        """
        self._desk.application.followers.stop(self._desk.session, name)

    def read(self, *, after: int, limit: int = 100, until: int | None = None) -> list[DomainEvent]:
        """Return the next events of the workspace's log, oldest first, up to the id ``until``."""
        found = event_log.rows(self._desk.session, after=after, limit=limit, until=until)
        return [DomainEvent.logged(row) for row in found]

    def span(self, *, after: datetime, before: datetime) -> tuple[int, int] | None:
        """Return the first and last id of what was logged between two moments; None for nothing.

        Between the two ids events of other moments may lie: transactions overlap.
        """
        return event_log.span(self._desk.session, after=after, before=before)

    def signal(
        self,
        type_: str,
        *,
        conversation_id: int | None = None,
        mailbox_id: int | None = None,
        **payload: Any,
    ) -> None:
        """Say something in passing, with the commit: to open streams, stored nowhere.

        ``support_signal`` hears of it afterwards. A rollback takes it back; nobody hears it twice,
        and nobody who is not listening hears it at all.
        """
        signal_on(
            self._desk.session,
            Signal(
                type_, self._desk.session.require_workspace(), conversation_id, mailbox_id, payload
            ),
        )


def signal_on(session: Session, signal: Signal) -> None:
    """Say something in passing with the commit of a session that may serve no workspace."""
    session.info.setdefault(_PENDING, []).append(signal)


def attach(session: WorkspaceSession, application: Application) -> None:
    """Make the session's commits tell ``application`` about its events."""
    session.info[_APPLICATION] = application


def _mailbox_at_hand(session: WorkspaceSession, conversation_id: int | None) -> int | None:
    """Return the mailbox of a conversation that the session holds already, without asking."""
    if conversation_id is None:
        return None
    held = session.identity_map.get(session.identity_key(Conversation, conversation_id))
    return held.mailbox_id if held is not None else None


@dataclass
class _Committed:
    """What a transaction said, logged and ready to be told."""

    events: list[DomainEvent]
    signals: list[Signal]

    def notices(self) -> list[Notice]:
        """Return what the bus has to carry; one notice for each workspace, and mostly one."""
        heads = {event.workspace_id: event.id for event in self.events}
        workspaces = dict.fromkeys([*heads, *(signal.workspace_id for signal in self.signals)])
        return [
            Notice(
                workspace_id,
                heads.get(workspace_id),
                tuple(it for it in self.signals if it.workspace_id == workspace_id),
            )
            for workspace_id in workspaces
        ]


@sqlalchemy_event.listens_for(WorkspaceSession, "before_commit")
def _log(session: WorkspaceSession) -> None:
    if session.in_nested_transaction():
        return
    pending: list[DomainEvent | Signal] = session.info.pop(_PENDING, [])
    followed = session.info.pop(FOLLOWED, False)
    if not pending and not followed:
        return
    events = [it for it in pending if isinstance(it, DomainEvent)]
    if events or followed:
        events = _logged(session, events)
    if pending:
        signals = [it for it in pending if isinstance(it, Signal)]
        committed = session.info[_COMMITTED] = _Committed(events, signals)
        application: Application = session.info[_APPLICATION]
        application.bus.announce(session, committed.notices())


def _logged(session: WorkspaceSession, pending: list[DomainEvent]) -> list[DomainEvent]:
    """Write events into the log, wake who follows it, and return them with their ids.

    Without events it only waits for whoever logs one right now.
    """
    session.flush()
    mailboxes = _mailboxes(session, pending)
    last = advance(session, "events", len(pending))
    logged = _numbered(pending, last - len(pending) + 1, mailboxes)
    if logged:
        _write(session, logged)
    application: Application = session.info[_APPLICATION]
    application.followers.wake(application, session, logged=last - len(logged))
    return logged


def _mailboxes(session: WorkspaceSession, pending: list[DomainEvent]) -> dict[int, int]:
    """Return the mailboxes of the conversations whose events do not name theirs."""
    ids = {it.conversation_id for it in pending if it.conversation_id and not it.mailbox_id}
    if not ids:
        return {}
    values = {"of_workspace": session.require_workspace(), "ids": sorted(ids)}
    return {row.id: row.mailbox_id for row in session.core(_MAILBOXES, values)}


def _numbered(
    pending: list[DomainEvent], first: int, mailboxes: dict[int, int]
) -> list[DomainEvent]:
    return [
        replace(
            event,
            id=first + offset,
            mailbox_id=event.mailbox_id or mailboxes.get(event.conversation_id or 0),
        )
        for offset, event in enumerate(pending)
    ]


def _write(session: WorkspaceSession, logged: list[DomainEvent]) -> None:
    rows = [{name: getattr(event, name) for name in _LOGGED} for event in logged]
    if len(rows) == 1:  # mostly
        session.fetch(_LOG_ONE, rows[0])
    else:
        workspace_id = session.require_workspace()
        session.core(insert(Event.__table__), [{**it, "workspace_id": workspace_id} for it in rows])


@sqlalchemy_event.listens_for(WorkspaceSession, "after_commit")
def _tell(session: WorkspaceSession) -> None:
    committed: _Committed | None = session.info.pop(_COMMITTED, None)
    if committed is not None:
        application: Application = session.info[_APPLICATION]
        application.bus.publish(committed.notices())
        application.after_commit.tell(committed.events, committed.signals)


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
        for key in (_PENDING, _COMMITTED, _MARKS, FOLLOWED):
            session.info.pop(key, None)
