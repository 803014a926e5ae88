"""Outbound webhooks: what happens in a workspace, posted to addresses that its managers name.

Signed by Standard Webhooks 1.0.0, tried again by its schedule, in order for each conversation, with
a log of every attempt and replays. Messages hold ids and states only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Follower, Schedule, hookimpl

from . import endpoints
from .catalogue import PERMISSIONS
from .jobs import follow, purge
from .recording import FOLLOWER
from .settings import SETTINGS
from .slots import Slots

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator

    from support_core.plugin_api import Permission, Setting

support_contract = 1

PURGE_EVERY = 3600.0


def includeme(config: Configurator) -> None:
    """Add the routes, the jobs, and the resource that plans may limit."""
    application = config.registry.support
    application.extensions["webhooks"] = Slots(application.settings["support.workers"])
    config.add_support_resource("webhooks", endpoints.count)
    config.scan(".jobs")
    config.scan(".views")
    config.scan(".log_views")


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_event_permissions() -> Mapping[str, Permission]:
    return PERMISSIONS


@hookimpl
def support_followers() -> Sequence[Follower]:
    return [Follower(FOLLOWER, handle=follow)]


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return [Schedule("support_webhooks.purge", purge, every=PURGE_EVERY)]
