"""Every hook a plugin may implement, with its contract.

Implementations are decorated with ``@hookimpl`` from :mod:`support_core.plugin_api` and may take
any subset of the arguments. They are called in the order of ``support.plugins``.
"""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click
    from pyramid.request import Request
    from pyramid.response import Response

    from .bus import Signal
    from .channels import (
        Channel,
        Composition,
        ConversationRef,
        Drop,
        FollowUp,
        InboundMessage,
        OutboundMessage,
        ReplyWindow,
        Sent,
    )
    from .conversation_fields import ConversationFields
    from .desk import Desk, OpenDesk
    from .events import DomainEvent
    from .followers import Follower
    from .health import Check
    from .identity import Denial, Entitlements, HostIdentity, WorkspaceRef
    from .jobs import Schedule
    from .mailbox_fields import MailboxFields
    from .runners import Runner
    from .security import Permission
    from .settings import Setting
    from .streams import Audience, Subscription

PROJECT = "support"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def support_channel() -> Channel:
    """Declare the plugin's channel; collected once at start. Two channels of one name stop it."""


@hookspec
def support_settings_schema() -> Sequence[Setting]:
    """Declare the plugin's ini settings; collected once, before the application is built."""


@hookspec
def support_mailbox_schema() -> MailboxFields:
    """Add fields to a mailbox: their schema, and how they are read and written.

    Collected once at start. ``write`` runs in the transaction of the create or update; a raise
    aborts it. A field name that is taken stops the start.
    """


@hookspec
def support_conversation_schema() -> ConversationFields:
    """Add fields to conversations, and ways to filter and sort lists of them.

    Collected once at start. They are columns of the plugin's own table, which is joined to what is
    read anyway. A field name that is taken stops the start.
    """


@hookspec(firstresult=True)
def support_identify(request: Request) -> HostIdentity | None:
    """Say who a request without our own credentials comes from, by the host's own login.

    Called before the transaction. None means "not mine"; the first answer wins.
    """


@hookspec(firstresult=True)
def support_entitlements(workspace: WorkspaceRef, desk: Desk) -> Entitlements | None:
    """Describe the workspace's plan for ``GET /entitlements``; the first answer wins."""


@hookspec(firstresult=True)
def support_plan(workspace: WorkspaceRef) -> str | None:
    """Name the workspace's plan from the host's billing; None falls back to the stored one.

    Called for every gated request: answer from memory or a fast store. The first answer wins.
    """


@hookspec
def support_check_feature(workspace: WorkspaceRef, feature: str, desk: Desk) -> Denial | None:
    """Allow (None) or deny a plan feature before a gated view; any denial wins."""


@hookspec
def support_reserve(
    workspace: WorkspaceRef, resource: str, amount: int, desk: Desk
) -> Denial | None:
    """Allow (None) or deny ``amount`` more of a metered resource; any denial wins.

    Called inside the creating transaction, before the row is written. It must be race-free: take
    a lock that is held until the commit, then count.
    """


@hookspec
def support_inbound(message: InboundMessage, desk: Desk) -> InboundMessage | Drop | None:
    """Change, drop or pass on (None) an inbound message before it is stored.

    A chain in the order of the plugins, inside the transaction: each sees what the one before
    made of it, and :class:`Drop` ends it. A raise aborts the transaction.
    """


@hookspec
def support_compose(  # noqa: PLR0913, PLR0917 - implementations take what they need
    conversation: ConversationRef,
    body: str,
    cc: Sequence[str],
    bcc: Sequence[str],
    template: Mapping[str, Any] | None,
    attachment_ids: Sequence[int],
    desk: Desk,
) -> Composition | None:
    """Prepare a reply: its recipients, and whether it travels. Only the conversation's channel.

    ``template`` is given only to channels with ``templates=True``. Inside the transaction that
    stores the reply; raise ``Invalid`` to refuse it with a 422.
    """


@hookspec
def support_deliver(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    """Carry a reply out. Only the conversation's channel, in a job, outside any transaction.

    ``with open_desk() as desk:`` opens a short transaction; never hold one over the network.
    Return ``Sent``; raise ``Retry(after, reason)`` or ``Permanent(reason)``. Anything else raised
    counts as a defect: it is logged and tried again with back-off. It may be called again for the
    same ``message_id`` when the process died after the provider took the message and before we
    could note it.
    """


@hookspec
def support_can_reply(conversation: ConversationRef, desk: Desk) -> ReplyWindow | None:
    """Say whether an agent may answer now; None means yes. Only the conversation's channel."""


@hookspec(firstresult=True)
def support_follow_up(follow_up: FollowUp, desk: Desk) -> bool | None:
    """Bring a customer replies that they have not read in the conversation's own channel.

    Asked by a channel whose customers may have left, such as a chat, inside its transaction. True
    is a promise: a job of yours will carry them. What comes back belongs into the same
    conversation. None where the mailbox or the customer cannot be reached; the first answer wins.
    """


@hookspec(firstresult=True)
def support_assign(conversation: ConversationRef, desk: Desk) -> int | None:
    """Choose the member a new conversation is assigned to, by id; the first answer wins.

    Inside the transaction. A member who may not be assigned is ignored with a warning.
    """


@hookspec
def support_presence(conversation: ConversationRef, state: str, desk: Desk) -> None:
    """Hear that the acting member has a conversation open: ``viewing`` or ``replying``.

    Inside the transaction of ``PUT /conversations/{id}/presence``, which clients repeat while it
    lasts, so it comes again and again. A raise refuses the call.
    """


@hookspec
def support_event(event: DomainEvent, desk: Desk) -> None:
    """React to a domain event inside its transaction: write rows, enqueue jobs.

    A raise aborts the transaction, and with it what happened.
    """


@hookspec
def support_after_commit(event: DomainEvent) -> None:
    """Hear of a committed event, on a background thread; slow and outside things go here.

    A raise is logged and harms nobody. Lost when the process dies: what must happen is a job.
    """


@hookspec
def support_followers() -> Sequence[Follower]:
    """Declare durable readers of the event log; collected once, before the application is built.

    Two followers of one name stop the start. Unlike ``support_after_commit`` a follower loses
    nothing: it reads on from its own place in the log, in a job, page by page and in order. Its
    ``handle`` works in the transaction that notes the place, so that rows and jobs it writes come
    to be exactly once; its ``carry`` reaches outside and may see events again after a crash. Other
    workers may be busy with the follower's other workspaces at the same time.
    """


@hookspec
def support_event_permissions() -> Mapping[str, Permission]:
    """Say which permission shows the plugin's own events; collected once at start.

    A key is a type or ``noun.*``, all types of a noun. Undeclared events are shown with their
    conversation; those without one only to members who may ``manage_workspace``.
    """


@hookspec
def support_signal(signal: Signal) -> None:
    """Hear of a signal, such as that an agent types, after its commit, on a background thread.

    In the process that gave it, and nowhere else. A raise is logged and harms nobody.
    """


@hookspec
def support_audiences() -> Sequence[Audience]:
    """Declare the people outside who hold streams of their own; collected once, at start.

    For streams whose :class:`Subscription` has a ``seat``: an engine of ``support_stream`` may
    then make what a name sees once, when it happens, and send it to all who sit there. It has to
    be what the subscription's own ``render`` and ``hears`` make. After an event of ``ended_by``
    the server asks its own such streams whether they last. Two audiences of one name stop the
    start.
    """


@hookspec(firstresult=True)
def support_stream(subscription: Subscription, request: Request) -> Response | None:
    """Serve a stream by an engine of one's own, such as a proxy in front; the first answer wins.

    Called for every stream that a view has authorised, in the request's transaction, which only
    reads, before the server's own engine is asked. None leaves the stream to that one: an engine
    that knows event types and mailboxes only says so for a subscription with a ``render``, whose
    ``wants`` is no :class:`Selection`, or that ``lasts``, unless it has a ``seat`` and the engine
    sends what audiences are shown. Who answers sees to it that the stream
    shows what ``subscription`` allows and nothing else, and that it ends when its holder's access
    does. HEAD requests come here too.
    """


@hookspec
def support_schedule() -> Sequence[Schedule]:
    """Declare periodic jobs; each fires once per period however many processes run.

    ``Schedule("reports.tidy", tidy, every=3600)`` takes seconds. ``Schedule("reports.nightly",
    send, cron="0 3 * * *", timezone="Europe/Berlin")`` takes cron's five fields, on the clocks of
    a time zone (UTC where none is named). The job is given no arguments and no workspace. What was
    missed while nothing ran is made up for once. Called when the application is built; what is no
    period, expression or time zone stops the start.
    """


@hookspec
def support_runners() -> Sequence[Runner]:
    """Declare long-running units; collected once, when the application is built.

    Each unit is run by exactly one of the processes that work on jobs, which holds its lease in
    the database; two runners of one name stop the start.
    """


@hookspec
def support_cli(group: click.Group) -> None:
    """Add commands to ``support-core``; called when the command line starts."""


@hookspec
def support_health(desk: Desk) -> Sequence[Check]:
    """Report on what the plugin depends on, for ``GET /readyz`` and ``GET /channels``.

    For ``/readyz`` the desk serves no workspace (``desk.session.workspace_id`` is None): report
    then what concerns the whole installation, for one tenant's wrong password must not take it
    out of the load balancer. A raise counts as a failed check of that plugin.
    """


@hookspec
def support_openapi(document: dict[str, Any]) -> None:
    """Complete the OpenAPI document in place, once, when it is first built."""


@hookspec
def support_demo(desk: Desk) -> None:
    """Add the plugin's share of the demo workspace, inside the transaction that builds it."""


@hookspec
def support_dev_links() -> Sequence[tuple[str, str]]:
    """Name pages that ``support-core dev`` prints: pairs of a label and a path of the API.

    They may exist in development only: ``application.development`` says that it is.
    """
