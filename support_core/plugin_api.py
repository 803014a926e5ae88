"""Everything a plugin may import, and nothing more.

What is here is the contract of ``support_contract = 1``: it changes only with a new version and
a line in the changelog. Tests of plugins may import :mod:`support_core.testing` as well.
"""

from __future__ import annotations

from .channels import (
    Channel,
    Composition,
    ConversationRef,
    Drop,
    InboundAttachment,
    InboundMessage,
    OutboundAttachment,
    OutboundMessage,
    Permanent,
    ReplyWindow,
    Retry,
    Sent,
)
from .cli.context import command_desk, named_workspace
from .db import Ciphertext, Id, Json, UTCDateTime, upsert
from .desk import Desk, OpenDesk
from .errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidRequest,
    MessageDropped,
    NotFound,
    SupportError,
    Unauthenticated,
    invalid_reference,
)
from .events import DomainEvent
from .health import Check
from .hookspecs import hookimpl
from .identity import Denial, Entitlements, HostIdentity, Identity, WorkspaceRef
from .jobs import JobContext, RetryLater, Schedule, job
from .mailbox_fields import MailboxFields
from .models import (
    Base,
    Conversation,
    Customer,
    Identified,
    Mailbox,
    Thread,
    Timestamped,
    WorkspaceScoped,
    tenant_key,
    within,
)
from .outgoing import OutgoingError
from .plugins import CONTRACT_VERSION
from .presenters.conversations import THREAD
from .presenters.shapes import (
    MESSAGE_ONLY,
    component,
    enveloped,
    many,
    maybe,
    obj,
    paged,
)
from .presenters.threads import present_one
from .rest import ID, Service, path_id
from .schemas import fields
from .security import Permission
from .settings import ConfigurationError, Setting, Settings
from .webhooks import generate_secret, retry_after, retry_delay, sign

__all__ = [
    "CONTRACT_VERSION",
    "ID",
    "MESSAGE_ONLY",
    "THREAD",
    "Base",
    "Channel",
    "Check",
    "Ciphertext",
    "Composition",
    "ConfigurationError",
    "Conflict",
    "Conversation",
    "ConversationRef",
    "Customer",
    "Denial",
    "Desk",
    "DomainEvent",
    "Drop",
    "Entitlements",
    "Forbidden",
    "HostIdentity",
    "Id",
    "Identified",
    "Identity",
    "InboundAttachment",
    "InboundMessage",
    "Invalid",
    "InvalidRequest",
    "JobContext",
    "Json",
    "Mailbox",
    "MailboxFields",
    "MessageDropped",
    "NotFound",
    "OpenDesk",
    "OutboundAttachment",
    "OutboundMessage",
    "OutgoingError",
    "Permanent",
    "Permission",
    "ReplyWindow",
    "Retry",
    "RetryLater",
    "Schedule",
    "Sent",
    "Service",
    "Setting",
    "Settings",
    "SupportError",
    "Thread",
    "Timestamped",
    "UTCDateTime",
    "Unauthenticated",
    "WorkspaceRef",
    "WorkspaceScoped",
    "command_desk",
    "component",
    "enveloped",
    "fields",
    "generate_secret",
    "hookimpl",
    "invalid_reference",
    "job",
    "many",
    "maybe",
    "named_workspace",
    "obj",
    "paged",
    "path_id",
    "present_one",
    "retry_after",
    "retry_delay",
    "sign",
    "tenant_key",
    "upsert",
    "within",
]
