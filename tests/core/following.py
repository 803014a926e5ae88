"""A plugin whose followers note what they hear: in the audit trail, and outside of the database."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from support_core.follower_jobs import follow as follow_job
from support_core.jobs import JobContext, keyed_id
from support_core.models import AuditEntry, FollowerPosition, Job
from support_core.plugin_api import Follower, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support_core.plugin_api import Desk, DomainEvent, OpenDesk
    from support_core.testing import TestWorkspace

NOTED = "test.noted"


class Reader:
    """What the followers ``inside``, ``outside`` and ``all`` do; ``on_page`` may raise.

    ``last`` names the follower that ends its following with the page.
    """

    def __init__(self) -> None:
        self.on_page: Callable[[Sequence[DomainEvent]], None] = lambda _events: None
        self.carried: list[tuple[int, int]] = []
        self.sizes: list[int] = []
        self.last = ""

    def handle(self, desk: Desk, events: Sequence[DomainEvent]) -> None:
        """Note each event in the audit trail, then fail if that is wanted."""
        self.sizes.append(len(events))
        for event in events:
            desk.audit.record(NOTED, event.type[:31], event.id)
            desk.session.flush()
        self.on_page(events)
        if self.last:
            desk.events.unfollow(self.last)

    def carry(self, open_desk: OpenDesk, events: Sequence[DomainEvent]) -> None:
        """Note each event in a list, which no rollback reaches."""
        with open_desk() as desk:
            assert desk.workspace_id == events[0].workspace_id
        self.carried += [(event.workspace_id, event.id) for event in events]
        self.on_page(events)

    def everywhere(self, desk: Desk, events: Sequence[DomainEvent]) -> None:
        """Note what every workspace logs."""
        for event in events:
            desk.audit.record("test.everywhere", event.type[:31], event.id)

    def plugin(self, name: str = "reader", **options: Any) -> ModuleType:
        """Return the plugin's module."""
        module = ModuleType(name)

        @hookimpl
        def support_followers() -> Sequence[Follower]:
            return [
                Follower("inside", handle=self.handle, page=4),
                Follower("outside", carry=self.carry, page=4),
                *([Follower("all", handle=self.everywhere, everywhere=True)] if options else []),
            ]

        module.support_followers = support_followers  # type: ignore[attr-defined]
        return module


def noted(workspace: TestWorkspace, action: str = NOTED) -> list[int]:
    """Return the ids of the events that were noted, in the order in which they were."""
    with workspace.desk(write=False) as desk:
        statement = select(AuditEntry.target_id).where(AuditEntry.action == action)
        return [it or 0 for it in desk.session.scalars(statement.order_by(AuditEntry.id))]


def place(workspace: TestWorkspace, name: str) -> FollowerPosition | None:
    """Return a follower's row."""
    with workspace.desk(write=False) as desk:
        return desk.session.get(FollowerPosition, (workspace.id, name))


def publish(workspace: TestWorkspace, number: int = 1) -> list[int]:
    """Log events, each in a transaction of its own, and return their ids."""
    for _ in range(number):
        with workspace.desk() as desk:
            desk.events.publish("test.happened")
    with workspace.desk(write=False) as desk:
        logged = desk.events.read(after=0, limit=10_000)
    return [event.id for event in logged[-number:]]


def follow(workspace: TestWorkspace, *names: str) -> None:
    """Let the workspace be followed."""
    with workspace.desk() as desk:
        for name in names:
            desk.events.follow(name)


def job_of(workspace: TestWorkspace, name: str = "inside") -> Any:
    """Return the row of a follower's job, if there is one."""
    key = keyed_id(follow_job, name, workspace_id=workspace.id)
    with workspace.under_test.application.database.transaction(write=False) as session:
        return session.execute(select(Job).where(Job.message_id == key)).scalar_one_or_none()


def context_of(workspace: TestWorkspace) -> JobContext:
    """Return the context of a job of the workspace's."""
    return JobContext(workspace.under_test.application, workspace.id, "key-test")


def fail(_events: Sequence[DomainEvent]) -> None:
    """Do what a plugin with a defect does."""
    raise RuntimeError("a defect of the plugin")


def kill(reader: Reader, workspace: TestWorkspace, name: str = "inside") -> None:
    """Let the follower's job use up its retries."""
    reader.on_page = fail
    for _ in range(50):
        workspace.under_test.run_jobs()
        if job_of(workspace, name).state == "dead":
            return
        with workspace.under_test.application.database.engine.begin() as connection:
            connection.execute(text("UPDATE jobs SET due_at = created_at"))
    raise AssertionError("the job does not die")
