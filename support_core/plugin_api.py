"""Everything a plugin may import, and nothing more.

What is here is the contract of ``support_contract = 1``: it changes only with a new version and
a line in the changelog. Tests of plugins may import :mod:`support_core.testing` as well.

A name is looked up when it is first asked for (PEP 562), so that a plugin's small helper process
can have one of them without loading the desk.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import html_cost, html_text, ratelimit
    from .addresses import (
        ascii_host as ascii_host,
        email_key as email_key,
    )
    from .application import Application as Application
    from .blobs import (
        Blob as Blob,
        BlobMissing as BlobMissing,
        BlobStoreAway as BlobStoreAway,
        BlobTooLarge as BlobTooLarge,
    )
    from .bus import Signal as Signal
    from .channels import (
        Channel as Channel,
        Composition as Composition,
        ConversationRef as ConversationRef,
        Drop as Drop,
        FollowUp as FollowUp,
        InboundAttachment as InboundAttachment,
        InboundMessage as InboundMessage,
        OutboundAttachment as OutboundAttachment,
        OutboundMessage as OutboundMessage,
        Permanent as Permanent,
        ReplyWindow as ReplyWindow,
        Retry as Retry,
        Sent as Sent,
    )
    from .cli.context import (
        command_desk as command_desk,
        named_workspace as named_workspace,
    )
    from .cli.output import (
        progress as progress,
        say_table as say_table,
    )
    from .conversation_fields import ConversationFields as ConversationFields
    from .db import (
        Ciphertext as Ciphertext,
        Id as Id,
        Json as Json,
        Prepared as Prepared,
        UTCDateTime as UTCDateTime,
        hold as hold,
        upsert as upsert,
    )
    from .desk import (
        Desk as Desk,
        OpenDesk as OpenDesk,
    )
    from .errors import (
        Conflict as Conflict,
        Forbidden as Forbidden,
        Invalid as Invalid,
        InvalidRequest as InvalidRequest,
        MessageDropped as MessageDropped,
        NotAcceptable as NotAcceptable,
        NotFound as NotFound,
        PayloadTooLarge as PayloadTooLarge,
        SupportError as SupportError,
        TooManyRequests as TooManyRequests,
        Unauthenticated as Unauthenticated,
        Unavailable as Unavailable,
        invalid_reference as invalid_reference,
    )
    from .event_names import EVENT_TYPES as EVENT_TYPES
    from .events import DomainEvent as DomainEvent
    from .followers import Follower as Follower
    from .health import Check as Check
    from .hookspecs import hookimpl as hookimpl
    from .html import (
        sanitise as sanitise,
        to_text as to_text,
    )
    from .identity import (
        Denial as Denial,
        Entitlements as Entitlements,
        HostIdentity as HostIdentity,
        Identity as Identity,
        WorkspaceRef as WorkspaceRef,
    )
    from .jobs import (
        JobCall as JobCall,
        JobContext as JobContext,
        RetryLater as RetryLater,
        Schedule as Schedule,
        job as job,
    )
    from .mailbox_fields import MailboxFields as MailboxFields
    from .models import (
        Attachment as Attachment,
        Base as Base,
        Conversation as Conversation,
        Customer as Customer,
        Delivery as Delivery,
        Identified as Identified,
        Mailbox as Mailbox,
        Thread as Thread,
        Timestamped as Timestamped,
        User as User,
        Workspace as Workspace,
        WorkspaceScoped as WorkspaceScoped,
        tenant_key as tenant_key,
        within as within,
    )
    from .outgoing import (
        OutgoingClient as OutgoingClient,
        OutgoingError as OutgoingError,
        OutgoingPolicy as OutgoingPolicy,
        OutgoingResponse as OutgoingResponse,
    )
    from .pagination import keysets as keysets
    from .plugins import CONTRACT_VERSION as CONTRACT_VERSION
    from .presenters.conversations import THREAD as THREAD
    from .presenters.shapes import (
        MESSAGE_ONLY as MESSAGE_ONLY,
        component as component,
        enveloped as enveloped,
        many as many,
        maybe as maybe,
        obj as obj,
        paged as paged,
    )
    from .presenters.threads import present_one as present_one
    from .rest import (
        ID as ID,
        Service as Service,
        pages,
        path_id as path_id,
    )
    from .rest.bodies import json_object as json_object
    from .rest.downloads import file_response as file_response
    from .rest.uploads import (
        UploadedFile as UploadedFile,
        uploaded_file as uploaded_file,
    )
    from .runners import (
        Runner as Runner,
        RunnerContext as RunnerContext,
    )
    from .schemas import fields as fields
    from .security import Permission as Permission
    from .services.inbound import Filed as Filed
    from .services.listing import (
        ListPage as ListPage,
        run_list as run_list,
    )
    from .services.replies import Reply as Reply
    from .settings import (
        ConfigurationError as ConfigurationError,
        Setting as Setting,
        Settings as Settings,
    )
    from .streams import (
        Audience as Audience,
        Positions as Positions,
        Seat as Seat,
        Selection as Selection,
        Shown as Shown,
        Subscription as Subscription,
        event_frame as event_frame,
        frame as frame,
        last_event_id as last_event_id,
        open_stream as open_stream,
        resume as resume,
        signal_frame as signal_frame,
    )
    from .webhooks import (
        generate_secret as generate_secret,
        retry_after as retry_after,
        retry_delay as retry_delay,
        sign as sign,
    )

    affordable_html = html_cost.affordable
    walk_html = html_text.walk
    RateStanding = ratelimit.Standing
    listed = pages.enveloped

#: What each module gives; ``name=other`` where it has another name there.
_GIVEN = {
    "addresses": "ascii_host email_key",
    "application": "Application",
    "blobs": "Blob BlobMissing BlobStoreAway BlobTooLarge",
    "bus": "Signal",
    "channels": (
        "Channel Composition ConversationRef Drop FollowUp InboundAttachment "
        "InboundMessage OutboundAttachment OutboundMessage Permanent ReplyWindow Retry "
        "Sent"
    ),
    "cli.context": "command_desk named_workspace",
    "cli.output": "progress say_table",
    "conversation_fields": "ConversationFields",
    "db": "Ciphertext hold Id Json Prepared upsert UTCDateTime",
    "desk": "Desk OpenDesk",
    "errors": (
        "Conflict Forbidden Invalid invalid_reference InvalidRequest MessageDropped "
        "NotAcceptable NotFound PayloadTooLarge SupportError TooManyRequests "
        "Unauthenticated Unavailable"
    ),
    "event_names": "EVENT_TYPES",
    "events": "DomainEvent",
    "followers": "Follower",
    "health": "Check",
    "hookspecs": "hookimpl",
    "html": "sanitise to_text",
    "html_cost": "affordable_html=affordable",
    "html_text": "walk_html=walk",
    "identity": "Denial Entitlements HostIdentity Identity WorkspaceRef",
    "jobs": "job JobCall JobContext RetryLater Schedule",
    "mailbox_fields": "MailboxFields",
    "models": (
        "Attachment Base Conversation Customer Delivery Identified Mailbox tenant_key "
        "Thread Timestamped User within Workspace WorkspaceScoped"
    ),
    "outgoing": "OutgoingClient OutgoingError OutgoingPolicy OutgoingResponse",
    "pagination": "keysets",
    "plugins": "CONTRACT_VERSION",
    "presenters.conversations": "THREAD",
    "presenters.shapes": "component enveloped many maybe MESSAGE_ONLY obj paged",
    "presenters.threads": "present_one",
    "ratelimit": "RateStanding=Standing",
    "rest": "ID path_id Service",
    "rest.bodies": "json_object",
    "rest.downloads": "file_response",
    "rest.pages": "listed=enveloped",
    "rest.uploads": "uploaded_file UploadedFile",
    "runners": "Runner RunnerContext",
    "schemas": "fields",
    "security": "Permission",
    "services.inbound": "Filed",
    "services.listing": "ListPage run_list",
    "services.replies": "Reply",
    "settings": "ConfigurationError Setting Settings",
    "streams": (
        "Audience event_frame frame last_event_id open_stream Positions resume Seat "
        "Selection Shown signal_frame Subscription"
    ),
    "webhooks": "generate_secret retry_after retry_delay sign",
}

#: Module and original name, by name.
_HOMES = {
    name: (f".{module}", original or name)
    for module, names in _GIVEN.items()
    for name, _, original in (it.partition("=") for it in names.split())
}

__all__ = tuple(_HOMES)


if not TYPE_CHECKING:  # a checker would take every name for one that is here

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, original = _HOMES[name]
        found = getattr(import_module(module, __package__), original)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
