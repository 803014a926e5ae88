"""What the e-mail channel adds to the core: its hooks, routes and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Channel, ReplyWindow, hookimpl

from .account import can_send
from .commands import mail
from .erasing import forget
from .fields import ACCOUNT_FIELDS
from .following_up import take
from .health import check
from .keeping import SCHEDULES
from .people import compose
from .sending import NO_SERVER, carry
from .settings import SETTINGS
from .watching import RUNNERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click
    from pyramid.config import Configurator

    from support_core.plugin_api import (
        Check,
        Composition,
        ConversationRef,
        Desk,
        DomainEvent,
        FollowUp,
        MailboxFields,
        OpenDesk,
        OutboundMessage,
        Runner,
        Schedule,
        Sent,
        Setting,
    )

support_contract = 1


def includeme(config: Configurator) -> None:
    """Add the channel's routes and jobs."""
    config.scan(".views")
    config.scan(".answering")
    config.scan(".keeping")
    config.scan(".following_up")


@hookimpl
def support_channel() -> Channel:
    return Channel(name="email", label="E-mail")


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_mailbox_schema() -> MailboxFields:
    return ACCOUNT_FIELDS


@hookimpl
def support_runners() -> Sequence[Runner]:
    return RUNNERS


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return SCHEDULES


@hookimpl
def support_can_reply(conversation: ConversationRef, desk: Desk) -> ReplyWindow | None:
    return None if can_send(desk, conversation.mailbox_id) else ReplyWindow(False, reason=NO_SERVER)


@hookimpl
def support_compose(
    conversation: ConversationRef, cc: Sequence[str], bcc: Sequence[str], desk: Desk
) -> Composition:
    return compose(desk, conversation, cc, bcc)


@hookimpl
def support_follow_up(follow_up: FollowUp, desk: Desk) -> bool | None:
    return take(desk, follow_up)


@hookimpl
def support_deliver(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    return carry(message, open_desk)


@hookimpl
def support_event(event: DomainEvent, desk: Desk) -> None:
    if event.type == "customer.erased":
        forget(desk, event.payload["customer_id"])


@hookimpl
def support_cli(group: click.Group) -> None:
    group.add_command(mail)


@hookimpl
def support_health(desk: Desk) -> Sequence[Check]:
    return check(desk)
