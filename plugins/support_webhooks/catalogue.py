"""Which event types there are to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import EVENT_TYPES, Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Application

#: Our own events; the test event goes to one endpoint only and is none to choose.
OWN_TYPES = (
    "webhook.created",
    "webhook.updated",
    "webhook.deleted",
    "webhook.enabled",
    "webhook.disabled",
)
PERMISSIONS: Mapping[str, Permission] = dict.fromkeys(OWN_TYPES, Permission.MANAGE_WORKSPACE)


def choices(application: Application) -> list[str]:
    """Return every known type, and ``noun.*`` for each noun, the plugins' included."""
    plugins = application.plugins
    declared = {
        pattern
        for _, implementation in plugins.implementations("support_event_permissions")
        for pattern in implementation()
    }
    known = {*EVENT_TYPES, *OWN_TYPES, *declared}
    return sorted(known | {f"{name.partition('.')[0]}.*" for name in known})
