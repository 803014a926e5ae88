"""What one running application holds besides Pyramid's registry: ``registry.support``."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry
from sqlalchemy import bindparam, select

from .db import Prepared
from .desk import UNKNOWN, Desk, Unknown
from .models import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from .after_commit import AfterCommit
    from .blobs import BlobStore
    from .bus import Bus
    from .crypto import Keyring
    from .db import Database, WorkspaceSession
    from .followers import Followers
    from .identity import Actor
    from .jobs import JobEngine
    from .outgoing import OutgoingClient
    from .plugins import Plugins
    from .ratelimit import RateLimits
    from .settings import Settings
    from .streams.audience import Audience
    from .streams.event_types import EventTypes
    from .streams.hub import Hub


_workspace = Workspace.__table__.c
_PLAN = Prepared(select(_workspace.plan).where(_workspace.id == bindparam("id")))


@dataclass
class Application:
    """The long-lived parts, made once by :mod:`support_core.app` and shared by all threads."""

    settings: Settings
    plugins: Plugins
    database: Database
    keyring: Keyring
    blobs: BlobStore
    outgoing: OutgoingClient
    ratelimits: RateLimits
    bus: Bus
    after_commit: AfterCommit
    followers: Followers
    clock: Callable[[], datetime]
    event_types: EventTypes
    audiences: Sequence[Audience]
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    jobs: JobEngine = field(init=False)  # set once all jobs are known
    resources: dict[str, Callable[[Desk], int]] = field(default_factory=dict)
    #: The open streams of this process, where it holds any.
    streams: Hub | None = None
    #: Whether ``support-core dev`` serves it, on a developer's own machine.
    development: bool = False
    #: Long-lived parts of plugins, by plugin name; one that has a ``close`` is closed at the end.
    extensions: dict[str, Any] = field(default_factory=dict)
    _schemas: dict[Callable[[Application], Any], Any] = field(default_factory=dict)

    def schema(self, declared: Any) -> Any:
        """Return a declared schema; a function is called with the application, once."""
        if not isinstance(declared, FunctionType):
            return declared
        if declared not in self._schemas:
            self._schemas[declared] = declared(self)
        return self._schemas[declared]

    @contextmanager
    def desk(
        self, workspace_id: int | None, *, actor: Actor | None = None, write: bool = True
    ) -> Iterator[Desk]:
        """Open a transaction and yield its desk; commit at the end, roll back on an exception."""
        with self.database.transaction(workspace_id, write=write) as session:
            plan = None
            if workspace_id is not None:
                plan = next((it.plan for it in session.fetch(_PLAN, {"id": workspace_id})), None)
            yield self.desk_on(session, actor=actor, plan=plan)

    def desk_on(
        self,
        session: WorkspaceSession,
        *,
        actor: Actor | None = None,
        plan: str | Unknown | None = UNKNOWN,
    ) -> Desk:
        """Return a desk on a session whose transaction somebody else ends.

        The workspace's plan is looked up when it is needed and not given.
        """
        return Desk(self, session, actor=actor, plan=plan)

    def close(self) -> None:
        """Stop the background parts and close connections; the object is of no use afterwards."""
        self.jobs.close()
        self.after_commit.stop()
        for part in self.extensions.values():
            if hasattr(part, "close"):
                part.close()
        self.bus.stop()
        self.outgoing.close()
        self.database.dispose()


def add_support_resource(config: Any, name: str, counter: Callable[[Desk], int]) -> None:
    """Pyramid directive: declare a metered resource and how to count a workspace's use of it."""
    config.registry.support.resources[name] = counter
