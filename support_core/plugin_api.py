"""Everything a plugin may import, and nothing more.

What is here is the contract of ``support_contract = 1``: it changes only with a new version and
a line in the changelog. Tests of plugins may import :mod:`support_core.testing` as well.
"""

from __future__ import annotations

from .addresses import email_key
from .application import Application
from .blobs import Blob, BlobMissing, BlobStoreAway, BlobTooLarge
from .bus import Signal
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
from .cli.output import progress, say_table
from .db import Ciphertext, Id, Json, Prepared, UTCDateTime, upsert
from .desk import Desk, OpenDesk
from .errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidRequest,
    MessageDropped,
    NotAcceptable,
    NotFound,
    SupportError,
    Unauthenticated,
    invalid_reference,
)
from .event_names import EVENT_TYPES
from .events import DomainEvent
from .followers import Follower
from .health import Check
from .hookspecs import hookimpl
from .html import sanitise, to_text
from .html_cost import affordable as affordable_html
from .html_text import walk as walk_html
from .identity import Denial, Entitlements, HostIdentity, Identity, WorkspaceRef
from .jobs import JobContext, RetryLater, Schedule, job
from .mailbox_fields import MailboxFields
from .models import (
    Attachment,
    Base,
    Conversation,
    Customer,
    Identified,
    Mailbox,
    Thread,
    Timestamped,
    User,
    WorkspaceScoped,
    tenant_key,
    within,
)
from .outgoing import OutgoingClient, OutgoingError, OutgoingPolicy, OutgoingResponse
from .pagination import keysets
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
from .rest.pages import enveloped as listed
from .runners import Runner, RunnerContext
from .schemas import fields
from .security import Permission
from .services.listing import ListPage, run_list
from .services.replies import Reply
from .settings import ConfigurationError, Setting, Settings
from .streams import (
    Positions,
    Selection,
    Subscription,
    event_frame,
    frame,
    last_event_id,
    open_stream,
    resume,
    signal_frame,
)
from .webhooks import generate_secret, retry_after, retry_delay, sign

__all__ = [
    "CONTRACT_VERSION",
    "EVENT_TYPES",
    "ID",
    "MESSAGE_ONLY",
    "THREAD",
    "Application",
    "Attachment",
    "Base",
    "Blob",
    "BlobMissing",
    "BlobStoreAway",
    "BlobTooLarge",
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
    "Follower",
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
    "ListPage",
    "Mailbox",
    "MailboxFields",
    "MessageDropped",
    "NotAcceptable",
    "NotFound",
    "OpenDesk",
    "OutboundAttachment",
    "OutboundMessage",
    "OutgoingClient",
    "OutgoingError",
    "OutgoingPolicy",
    "OutgoingResponse",
    "Permanent",
    "Permission",
    "Positions",
    "Prepared",
    "Reply",
    "ReplyWindow",
    "Retry",
    "RetryLater",
    "Runner",
    "RunnerContext",
    "Schedule",
    "Selection",
    "Sent",
    "Service",
    "Setting",
    "Settings",
    "Signal",
    "Subscription",
    "SupportError",
    "Thread",
    "Timestamped",
    "UTCDateTime",
    "Unauthenticated",
    "User",
    "WorkspaceRef",
    "WorkspaceScoped",
    "affordable_html",
    "command_desk",
    "component",
    "email_key",
    "enveloped",
    "event_frame",
    "fields",
    "frame",
    "generate_secret",
    "hookimpl",
    "invalid_reference",
    "job",
    "keysets",
    "last_event_id",
    "listed",
    "many",
    "maybe",
    "named_workspace",
    "obj",
    "open_stream",
    "paged",
    "path_id",
    "present_one",
    "progress",
    "resume",
    "retry_after",
    "retry_delay",
    "run_list",
    "sanitise",
    "say_table",
    "sign",
    "signal_frame",
    "tenant_key",
    "to_text",
    "upsert",
    "walk_html",
    "within",
]
