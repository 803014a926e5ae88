"""Followers: named, durable readers of the event log, each with a place of its own in it.

A workspace's follower has one row (its place) and one job with a key, which every transaction that
logs an event asks for. The job reads on from the place in pages and notes it with what the handler
did, so that effects in the database happen exactly once and in the order of the log. What stops
it, for however long, leaves the place as it was.

Locks are taken in one order everywhere: a follower's row, rows of the handler's own, the
workspace's counter of events, the follower's job.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, select, update

from .db import Prepared, upsert
from .events import FOLLOWED
from .follower_jobs import follow
from .models import Counter, FollowerPosition
from .settings import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from .application import Application
    from .db import WorkspaceSession
    from .desk import Desk, OpenDesk
    from .events import DomainEvent
    from .plugins import Plugins

#: The place of a row that was made just now.
NOWHERE = -1

_place = FollowerPosition.__table__
_here = _place.c.workspace_id == bindparam("here")
_named = _place.c.name == bindparam("named")
_NAMES = Prepared(select(_place.c.name).where(_here))
_newest = select(Counter.value).where(
    Counter.workspace_id == bindparam("here"), Counter.name == "events"
)
_BEGIN = (
    update(_place)
    .where(_here, _named, _place.c.last_event_id == NOWHERE)
    .values(last_event_id=_newest.scalar_subquery())
)
_LEAVE = delete(_place).where(_here, _named)


@dataclass(frozen=True)
class Follower:
    """A durable reader of the event log, with one of two handlers.

    ``handle(desk, events)`` works in the transaction that also notes the place: what it writes
    happens exactly once. ``carry(open_desk, events)`` is for effects outside the database; it runs
    in no transaction, and again for the same events when its process died before the place was
    noted. Both are given up to ``page`` events, oldest first, of one workspace. A raise leaves
    the place as it was; the job is tried again, and at last is dead, until the next event; one
    that carries for an hour at most.

    With ``everywhere`` every workspace is followed, from the first event after the plugin was
    enabled; otherwise those for which :meth:`EventPublisher.follow` was called.
    """

    name: str
    handle: Callable[[Desk, Sequence[DomainEvent]], None] | None = None
    carry: Callable[[OpenDesk, Sequence[DomainEvent]], None] | None = None
    everywhere: bool = False
    page: int = 100

    def __post_init__(self) -> None:
        if (self.handle is None) == (self.carry is None):
            raise ValueError(f"The follower {self.name} needs either handle or carry.")


class Followers:
    """The followers that the enabled plugins declare, by name."""

    def __init__(self, declared: Sequence[Follower]) -> None:
        self.declared = {follower.name: follower for follower in declared}
        self._everywhere = {it.name for it in declared if it.everywhere}

    @classmethod
    def collect(cls, plugins: Plugins) -> Followers:
        """Ask the plugins; raises :class:`ConfigurationError` for two followers of one name."""
        found: dict[str, Follower] = {}
        for plugin, implementation in plugins.implementations("support_followers"):
            for follower in implementation():
                if found.setdefault(follower.name, follower) is not follower:
                    raise ConfigurationError(
                        f"The plugin {plugin} declares the follower {follower.name}, which is "
                        "another's already; take one of them out of support.plugins."
                    )
        return cls(list(found.values()))

    def start(self, session: WorkspaceSession, name: str, *, moment: datetime) -> None:
        """Let a follower follow the session's workspace from its newest event on.

        Holds the follower's row to the commit, new or not. Raises ``LookupError`` for a follower
        that no enabled plugin declares.
        """
        self._check(name)
        workspace_id = session.require_workspace()
        session.core(
            upsert(session, FollowerPosition, keys=("workspace_id", "name"), touch=True),
            _new_place(workspace_id, name, NOWHERE, moment),
        )
        # Only now that the row is ours: the one before it may have moved, and gone, meanwhile.
        session.core(_BEGIN, {"here": workspace_id, "named": name})
        # The commit will wait for whoever publishes right now and has not seen the row.
        session.info[FOLLOWED] = True

    def stop(self, session: WorkspaceSession, name: str) -> None:
        """Forget a follower's place in the session's workspace."""
        self._check(name)
        if name in self._everywhere:
            raise ValueError(f"The follower {name} follows every workspace.")
        session.core(_LEAVE, {"here": session.require_workspace(), "named": name})

    def wake(self, application: Application, session: WorkspaceSession, *, logged: int) -> None:
        """Ask for the jobs of the workspace's followers, once for each.

        At the very end of a transaction that holds the workspace's counter of events and has
        ``logged`` as the last event before its own. A disabled plugin's rows wait for it.
        """
        if not self.declared:
            return
        workspace_id = session.require_workspace()
        following = {it.name for it in session.fetch(_NAMES)}
        missing = sorted(self._everywhere - following)
        if missing:
            moment = application.clock()
            rows = [_new_place(workspace_id, name, logged, moment) for name in missing]
            session.core(insert(_place), rows)
        for name in sorted((following & self.declared.keys()) | self._everywhere):
            application.jobs.enqueue(session, follow, name, workspace_id=workspace_id, key=name)

    def _check(self, name: str) -> None:
        if name not in self.declared:
            raise LookupError(f"no enabled plugin declares the follower {name}")


def _new_place(workspace_id: int, name: str, last: int, moment: datetime) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "name": name,
        "last_event_id": last,
        "missed": 0,
        "updated_at": moment,
    }
