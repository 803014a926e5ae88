"""Ending streams whose callers may not hold them any more."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from ..errors import SupportError
from .standing import permissions_of
from .subscription import shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk
    from .feed import Feed
    from .hub import Hub
    from .stream import Stream
    from .subscription import Subscription

log = structlog.get_logger(__name__)

#: Events after which streams of the workspace are asked about.
RECHECK = frozenset({"user.updated", "user.deleted", "role.updated", "token.revoked"})

#: Seconds after which they are asked about anyway.
AT_LEAST_EVERY = 300.0

#: Seconds between two looks for those whose time has come.
LOOKS_EVERY = 10.0


class Recheck:
    """Asks the database about the holders of a workspace's streams, all of them at once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._feeds: dict[int, Feed] = {}
        self._some = asyncio.Event()

    def add(self, feed: Feed) -> None:
        """Ask about the streams of this feed, now."""
        self._feeds[feed.workspace_id] = feed
        self._some.set()

    async def run(self) -> None:
        """Work for ever: at once where something changed, and every feed in its time."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._some.wait(), LOOKS_EVERY)
            self._some.clear()
            old = time.monotonic() - AT_LEAST_EVERY
            due = [feed for feed in self._hub.feeds() if feed.checked_at < old]
            asked, self._feeds = self._feeds, {}
            for feed in [*asked.values(), *(it for it in due if it.workspace_id not in asked)]:
                await self._ask(feed, by_time=feed.workspace_id not in asked)

    async def _ask(self, feed: Feed, *, by_time: bool) -> None:
        feed.checked_at = time.monotonic()
        streams = feed.streams()
        if not streams:
            return
        verdicts = await self._hub.in_thread(self._judge, feed.workspace_id, streams, by_time)
        for stream, permissions in zip(streams, verdicts, strict=True):
            if permissions is False:
                stream.end()
            elif permissions is not None:
                stream.permissions = shared(permissions)

    def _judge(
        self, workspace_id: int, streams: Sequence[Stream], by_time: bool
    ) -> list[frozenset[str] | bool | None]:
        """Return the new permissions of each stream, None for no change, False for its end."""
        application = self._hub.application
        subscriptions = [stream.subscription for stream in streams]
        holders = {it.holder for it in subscriptions if it.holder is not None}
        denied: dict[str, bool] = {}
        verdicts: list[frozenset[str] | bool | None] = []
        with application.desk(workspace_id, write=False) as desk:
            standing = permissions_of(desk.session, holders, application.clock())
            for subscription in subscriptions:
                feature, holder = subscription.feature, subscription.holder
                if feature is not None and feature not in denied:
                    denied[feature] = desk.entitlements.denial(feature) is not None
                if (feature is not None and denied[feature]) or not _lasts(subscription, desk):
                    verdicts.append(False)
                elif holder is None:
                    verdicts.append(None)
                elif holder.via == "host" and by_time:
                    verdicts.append(False)  # only a new request can be asked about by the host
                else:
                    permissions = standing.get(holder)
                    needed = subscription.permission
                    lost = permissions is None or (needed and needed not in permissions)
                    verdicts.append(False if lost else permissions)
        return verdicts


def _lasts(subscription: Subscription, desk: Desk) -> bool:
    """Ask the subscription itself; a raise counts as its end, and is no other stream's."""
    try:
        return subscription.lasts is None or subscription.lasts(desk)
    except SupportError:
        return False
    except Exception:
        log.exception("stream_check_failed", workspace_id=subscription.workspace_id)
        return False
