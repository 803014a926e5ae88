"""Everything a plugin may import, and nothing more.

What is here is the contract of ``support_contract = 1``: it changes only with a new version and
a line in the changelog. Tests of plugins may import :mod:`support_core.testing` as well.
"""

from __future__ import annotations

from .addresses import ascii_host, email_key
from .application import Application
from .blobs import Blob, BlobMissing, BlobStoreAway, BlobTooLarge
from .bus import Signal
from .channels import (
    Channel,
    Composition,
    ConversationRef,
    Drop,
    FollowUp,
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
from .conversation_fields import ConversationFields
from .db import Ciphertext, Id, Json, Prepared, UTCDateTime, hold, upsert
from .desk import Desk, OpenDesk
from .errors import (
    Conflict,
    Forbidden,
    Invalid,
    InvalidRequest,
    MessageDropped,
    NotAcceptable,
    NotFound,
    PayloadTooLarge,
    SupportError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
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
from .jobs import JobCall, JobContext, RetryLater, Schedule, job
from .mailbox_fields import MailboxFields
from .models import (
    Attachment,
    Base,
    Conversation,
    Customer,
    Delivery,
    Identified,
    Mailbox,
    Thread,
    Timestamped,
    User,
    Workspace,
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
from .ratelimit import Standing as RateStanding
from .rest import ID, Service, path_id
from .rest.bodies import json_object
from .rest.downloads import file_response
from .rest.pages import enveloped as listed
from .rest.uploads import UploadedFile, uploaded_file
from .runners import Runner, RunnerContext
from .schemas import fields
from .security import Permission
from .services.inbound import Filed
from .services.listing import ListPage, run_list
from .services.replies import Reply
from .settings import ConfigurationError, Setting, Settings
from .streams import (
    Audience,
    Positions,
    Seat,
    Selection,
    Shown,
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
    "Audience",
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
    "ConversationFields",
    "ConversationRef",
    "Customer",
    "Delivery",
    "Denial",
    "Desk",
    "DomainEvent",
    "Drop",
    "Entitlements",
    "Filed",
    "FollowUp",
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
    "JobCall",
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
    "PayloadTooLarge",
    "Permanent",
    "Permission",
    "Positions",
    "Prepared",
    "RateStanding",
    "Reply",
    "ReplyWindow",
    "Retry",
    "RetryLater",
    "Runner",
    "RunnerContext",
    "Schedule",
    "Seat",
    "Selection",
    "Sent",
    "Service",
    "Setting",
    "Settings",
    "Shown",
    "Signal",
    "Subscription",
    "SupportError",
    "Thread",
    "Timestamped",
    "TooManyRequests",
    "UTCDateTime",
    "Unauthenticated",
    "Unavailable",
    "UploadedFile",
    "User",
    "Workspace",
    "WorkspaceRef",
    "WorkspaceScoped",
    "affordable_html",
    "ascii_host",
    "command_desk",
    "component",
    "email_key",
    "enveloped",
    "event_frame",
    "fields",
    "file_response",
    "frame",
    "generate_secret",
    "hold",
    "hookimpl",
    "invalid_reference",
    "job",
    "json_object",
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
    "uploaded_file",
    "upsert",
    "walk_html",
    "within",
]
