"""Service levels: policies with targets, a clock for each conversation, reports.

A clock is reckoned from the conversation's history in the transaction of what changes it; a job is
due at the second of its next turning point. Nothing is ever looked for in all conversations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Permission, Schedule, hookimpl

from .commands import sla
from .demo import furnish
from .hearing import hear
from .jobs import fold, watch_feature
from .settings import SETTINGS
from .showing import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click
    from pyramid.config import Configurator

    from support_core.plugin_api import ConversationFields, Desk, DomainEvent, Setting

support_contract = 1

FOLD_EVERY = 10.0
WATCH_EVERY = 60.0


def includeme(config: Configurator) -> None:
    """Add the routes and the jobs."""
    config.scan(".jobs")
    config.scan(".views")
    config.scan(".report_views")


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_conversation_schema() -> ConversationFields:
    return FIELDS


@hookimpl
def support_event_permissions() -> Mapping[str, Permission]:
    return dict.fromkeys(("sla.at_risk", "sla.breached", "sla.met"), Permission.VIEW_CONVERSATIONS)


@hookimpl
def support_event(event: DomainEvent, desk: Desk) -> None:
    hear(event, desk)


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return [
        Schedule("support_sla.fold", fold, every=FOLD_EVERY),
        Schedule("support_sla.feature", watch_feature, every=WATCH_EVERY),
    ]


@hookimpl
def support_cli(group: click.Group) -> None:
    group.add_command(sla)


@hookimpl
def support_demo(desk: Desk) -> None:
    furnish(desk)
