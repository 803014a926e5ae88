"""Tables, one file per noun. Nothing here knows Pyramid."""

from __future__ import annotations

from .attachment import Attachment
from .audit import AuditEntry
from .base import Base, Identified, Timestamped, WorkspaceScoped, tenant_key, within
from .conversation import (
    PRIORITIES,
    STATUSES,
    Conversation,
    ConversationTag,
    ConversationTally,
)
from .customer import Customer
from .delivery import DELIVERY_STATES, Delivery
from .event import Event
from .follower import FollowerPosition
from .idempotency import IdempotencyKey
from .job import JOB_STATES, Job, ScheduleState
from .mailbox import Mailbox
from .presence import PRESENCE_STATES, Presence
from .runner import RunnerLease
from .search import conversation_search, customer_search
from .thread import THREAD_TYPES, Thread
from .user import ApiToken, LoginSession, LoginSessionUser, Role, User
from .workspace import Counter, Workspace

__all__ = [
    "DELIVERY_STATES",
    "JOB_STATES",
    "PRESENCE_STATES",
    "PRIORITIES",
    "STATUSES",
    "THREAD_TYPES",
    "ApiToken",
    "Attachment",
    "AuditEntry",
    "Base",
    "Conversation",
    "ConversationTag",
    "ConversationTally",
    "Counter",
    "Customer",
    "Delivery",
    "Event",
    "FollowerPosition",
    "IdempotencyKey",
    "Identified",
    "Job",
    "LoginSession",
    "LoginSessionUser",
    "Mailbox",
    "Presence",
    "Role",
    "RunnerLease",
    "ScheduleState",
    "Thread",
    "Timestamped",
    "User",
    "Workspace",
    "WorkspaceScoped",
    "conversation_search",
    "customer_search",
    "tenant_key",
    "within",
]
