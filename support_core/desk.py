"""The desk: one unit of work, and the services that work in it.

A request, a job and a command each open one. It is where services get their collaborators; it
holds no behaviour of its own. Services are made on first use.
"""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from .events import EventPublisher, attach
from .identity import Actor, WorkspaceRef
from .jobs.outbox import cancel, cancel_many, keyed_id
from .models import Workspace
from .services.attachments import AttachmentService
from .services.audit import AuditTrail
from .services.conversations import ConversationService
from .services.customers import CustomerService
from .services.deliveries import DeliveryService
from .services.entitlements import EntitlementService
from .services.inbound import InboundService
from .services.jobs import JobService
from .services.mailboxes import MailboxService
from .services.members import MemberService
from .services.presence import PresenceService
from .services.privacy import PrivacyService
from .services.replies import ReplyService
from .services.roles import RoleService
from .services.search import SearchIndexes
from .services.tokens import TokenService

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from .application import Application
    from .blobs import BlobStore
    from .crypto import Keyring
    from .db import WorkspaceSession
    from .jobs import Job
    from .jobs.outbox import JobCall
    from .plugins import Plugins
    from .settings import Settings


class Unknown(Enum):
    """What nobody has said."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class OpenDesk(Protocol):
    """Opens desks, one after the other, each in a transaction of its own."""

    def __call__(self, *, write: bool = True) -> AbstractContextManager[Desk]:
        """Open one; without ``write`` it only reads."""


class Desk:
    """One workspace's desk in one transaction, with ``actor`` as the one who acts."""

    def __init__(
        self,
        application: Application,
        session: WorkspaceSession,
        *,
        actor: Actor | None = None,
        plan: str | Unknown | None = UNKNOWN,
    ) -> None:
        """Work in the session's transaction; the plan is looked up when it is not given."""
        self.application = application
        self.session = session
        self.actor = actor or Actor()
        self._plan = plan
        attach(session, application)

    @property
    def workspace_id(self) -> int:
        """The workspace this desk works in."""
        return self.session.require_workspace()

    @cached_property
    def workspace(self) -> WorkspaceRef:
        """The workspace with its plan: the host's billing decides, else what is stored."""
        stored = WorkspaceRef(self.workspace_id, self._stored_plan())
        plan = self.hook.support_plan(workspace=stored)
        return WorkspaceRef(stored.id, plan if plan is not None else stored.plan)

    def _stored_plan(self) -> str | None:
        if isinstance(self._plan, Unknown):
            workspace = self.session.get(Workspace, self.workspace_id)
            return workspace.plan if workspace is not None else None
        return self._plan

    @property
    def settings(self) -> Settings:
        return self.application.settings

    @property
    def plugins(self) -> Plugins:
        return self.application.plugins

    @property
    def hook(self) -> Any:
        """The hooks of every enabled plugin."""
        return self.application.plugins.hook

    @property
    def keyring(self) -> Keyring:
        return self.application.keyring

    @property
    def blobs(self) -> BlobStore:
        return self.application.blobs

    def set_plan(self, plan: str) -> None:
        """Put the workspace on another plan."""
        self.session.get_one(Workspace, self.workspace_id).plan = plan
        self.audit.record("workspace.plan_changed", "workspace", self.workspace_id)

    def acting_as(self, user_id: int) -> Desk:
        """Return a desk in the same transaction on which a member acts; raises ``NotFound``."""
        member = self.members.get(user_id)
        actor = Actor(user_id=member.id, name=member.name)
        return Desk(self.application, self.session, actor=actor, plan=self._plan)

    def clock(self) -> datetime:
        """Return the current time, aware and in UTC."""
        return self.application.clock()

    def enqueue(
        self,
        job: Job,
        *args: Any,
        delay: float | None = None,
        due_at: datetime | None = None,
        key: str | None = None,
        move: bool = False,
    ) -> str:
        """Write a job into this transaction's outbox; it runs once that is committed.

        ``delay`` is in seconds. Of the jobs with one ``key`` at most one waits, for the earliest
        time that was asked for, or with ``move`` for the last. Returns the job's message id.
        """
        return self.application.jobs.enqueue(
            self.session,
            job,
            *args,
            workspace_id=self.session.workspace_id,
            delay=delay,
            due_at=due_at,
            key=key,
            move=move,
        )

    def enqueue_many(self, job: Job, calls: Iterable[JobCall], *, move: bool = False) -> None:
        """Write many jobs of one kind into this transaction's outbox, by one statement.

        Each as :meth:`enqueue` would; where many conversations are gone through, this is what
        keeps a batch cheap.
        """
        self.application.jobs.enqueue_many(
            self.session, job, calls, workspace_id=self.session.workspace_id, move=move
        )

    def cancel_jobs(self, job: Job, keys: Iterable[str]) -> int:
        """Take back the jobs with these keys, as :meth:`cancel_job` does; return how many."""
        workspace_id = self.session.workspace_id
        return cancel_many(
            self.session, [keyed_id(job, key, workspace_id=workspace_id) for key in keys]
        )

    def cancel_job(self, job: Job, *, key: str) -> bool:
        """Take back the job with this key, with the commit; False where none waits.

        One that runs now is not run again.
        """
        workspace_id = self.session.workspace_id
        return cancel(self.session, keyed_id(job, key, workspace_id=workspace_id))

    @cached_property
    def events(self) -> EventPublisher:
        return EventPublisher(self)

    @cached_property
    def attachments(self) -> AttachmentService:
        return AttachmentService(self)

    @cached_property
    def audit(self) -> AuditTrail:
        return AuditTrail(self)

    @cached_property
    def conversations(self) -> ConversationService:
        return ConversationService(self)

    @cached_property
    def customers(self) -> CustomerService:
        return CustomerService(self)

    @cached_property
    def deliveries(self) -> DeliveryService:
        return DeliveryService(self)

    @cached_property
    def entitlements(self) -> EntitlementService:
        return EntitlementService(self)

    @cached_property
    def inbound(self) -> InboundService:
        return InboundService(self)

    @cached_property
    def jobs(self) -> JobService:
        return JobService(self)

    @cached_property
    def mailboxes(self) -> MailboxService:
        return MailboxService(self)

    @cached_property
    def members(self) -> MemberService:
        return MemberService(self)

    @cached_property
    def presence(self) -> PresenceService:
        return PresenceService(self)

    @cached_property
    def privacy(self) -> PrivacyService:
        return PrivacyService(self)

    @cached_property
    def replies(self) -> ReplyService:
        return ReplyService(self)

    @cached_property
    def roles(self) -> RoleService:
        return RoleService(self)

    @cached_property
    def search(self) -> SearchIndexes:
        return SearchIndexes(self)

    @cached_property
    def tokens(self) -> TokenService:
        return TokenService(self)
