"""Streams by nginx's nchan: the desk authorises a stream, nginx serves it, Redis keeps it.

``GET /events/stream`` is answered with a redirect that only nginx sees, to the channels of what
the caller may see. A follower of the event log publishes every event to them, through a location
of nginx that is closed to the outside. See docs/deploying.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Check, Follower, Schedule, hookimpl

from .engine import Nchan
from .jobs import cut_oldest
from .publishing import Signals, carry
from .settings import SETTINGS
from .streams import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

    from support_core.plugin_api import Desk, Setting, Subscription

support_contract = 1


def includeme(config: Configurator) -> None:
    """Read the settings, once; a mistake in them stops the start."""
    application = config.registry.support
    nchan = application.extensions["nchan"] = Nchan.from_settings(application.settings)
    # Signals come without a desk: whose they are, only an object of this application knows.
    application.plugins.manager.register(Signals(application, nchan), name="nchan's signals")
    config.add_tween(f"{__name__}.message_ids.tween")
    config.scan(f"{__name__}.jobs")


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_followers() -> Sequence[Follower]:
    return (Follower("nchan", carry=carry, everywhere=True),)


@hookimpl
def support_stream(subscription: Subscription, request: Request) -> Response | None:
    return answer(subscription, request)


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return (Schedule("support_nchan.cut_oldest", cut_oldest, every=60.0),)


@hookimpl
def support_health(desk: Desk) -> Sequence[Check]:
    if desk.session.workspace_id is not None:
        return ()
    problem = desk.application.extensions["nchan"].publisher.problem()
    return (Check("nchan", ok=problem is None, message=problem or ""),)
