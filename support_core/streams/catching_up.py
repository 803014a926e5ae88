"""Bringing streams that are behind to where the others are, without delaying those."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from .frames import event_frame
from .stream import frames_for
from .topics import topics_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..events import DomainEvent
    from .feed import Feed, Framed
    from .hub import Hub
    from .stream import Stream

log = structlog.get_logger(__name__)

#: Workspaces that are read in one go, and streams served before others get a turn.
BATCH, TURN = 64, 100


class CatchUp:
    """Reads the log from where the furthest of a workspace's streams is, a page at a time.

    One page serves every stream that stands before its end. Who reads slowly is left out until
    the connection has room again.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._feeds: dict[int, Feed] = {}
        self._some = asyncio.Event()

    def add(self, feed: Feed) -> None:
        """See to the streams of this feed."""
        self._feeds[feed.workspace_id] = feed
        self._some.set()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._feeds:
                await self._round()

    async def _round(self) -> None:
        taken = [self._feeds.pop(it) for it in [*self._feeds][:BATCH]]
        wanted, at_hand = [], []
        for feed in taken:
            ready = [it for it in feed.behind if it.paused_since is None]
            for stream in ready:
                feed.caught_up(stream)
            ready = [it for it in ready if it in feed.behind]
            if ready:
                low = min(it.position for it in ready)
                recent = feed.take_recent(low)
                if recent is None:
                    wanted.append((feed, ready, low))
                else:
                    at_hand.append((feed, ready, low, recent))
        try:
            for feed, ready, low, recent in at_hand:
                await self._served(feed, ready, low, recent)
            pages = await self._pages([(feed.workspace_id, low) for feed, _, low in wanted])
            for (feed, ready, low), page in zip(wanted, pages, strict=True):
                await self._served(feed, ready, low, page)
        except Exception:
            for feed in taken:
                self.add(feed)
            raise

    async def _pages(self, wanted: Sequence[tuple[int, int]]) -> Sequence[Sequence[DomainEvent]]:
        if not wanted:
            return ()
        pages: Sequence[Sequence[DomainEvent]]
        pages = await self._hub.in_thread(self._hub.pages, wanted)
        return pages

    async def _served(
        self, feed: Feed, ready: Sequence[Stream], low: int, page: Sequence[DomainEvent]
    ) -> None:
        await self._give(feed, ready, low, page)
        if any(it.paused_since is None for it in feed.behind):
            self.add(feed)

    async def _give(
        self, feed: Feed, ready: Sequence[Stream], low: int, page: Sequence[DomainEvent]
    ) -> None:
        """Bring streams from ``low`` or later to the end of the page."""
        last = page[-1].id if page else max(low, feed.position)
        events = [(event, event_frame(event)) for event in page]
        whole: dict[tuple[int, frozenset[str] | None], bytes] = {}
        rendering: list[tuple[Stream, Sequence[DomainEvent]]] = []
        for number, stream in enumerate(ready, 1):
            if number % TURN == 0:
                await asyncio.sleep(0)
            if stream not in feed.behind or stream.paused_since is not None:
                continue
            first = next((event.id for event in page if event.id > stream.position), None)
            if first is not None and first > stream.position + 1:
                stream.restart(first - 1)  # the log was trimmed meanwhile
            elif not page and stream.position < last:
                stream.restart(last)
            if stream.subscription.render is not None:
                rendering.append((stream, self._chosen(feed, stream, events)))
                continue
            if stream.subscription.wants is None and not stream.topics:
                key = (stream.position, stream.permissions)
                if key not in whole:
                    whole[key] = frames_for(stream, events, self._hub.types)
                stream.send(whole[key], max(last, stream.position))
            else:
                frames = frames_for(stream, _about(feed, stream, events), self._hub.types)
                stream.send(frames, max(last, stream.position))
            feed.caught_up(stream)
        for first in range(0, len(rendering), TURN):
            await self._render(feed, rendering[first : first + TURN], last)

    def _chosen(self, feed: Feed, stream: Stream, events: Framed) -> Sequence[DomainEvent]:
        """Return the events that a stream renders."""
        return [
            event
            for event, _ in _about(feed, stream, events)
            if event.id > stream.position and stream.sees(event, self._hub.types)
        ]

    async def _render(
        self, feed: Feed, wanted: Sequence[tuple[Stream, Sequence[DomainEvent]]], last: int
    ) -> None:
        """Let streams' own renderings make their frames, those of many on one desk."""
        made: list[bytes | None] = [b""] * len(wanted)
        if any(chosen for _, chosen in wanted):
            made = await self._hub.in_thread(self._rendered, feed.workspace_id, wanted)
        for (stream, _), frames in zip(wanted, made, strict=True):
            if frames is None:
                # It would fail again at the same event: the client comes back and may fare better.
                stream.end()
                stream.position = last
            else:
                stream.send(frames, max(last, stream.position))
                feed.caught_up(stream)

    def _rendered(
        self, workspace_id: int, wanted: Sequence[tuple[Stream, Sequence[DomainEvent]]]
    ) -> list[bytes | None]:
        """Return the frames of each stream, None where they could not be made."""
        made: list[bytes | None] = []
        with self._hub.application.desk(workspace_id, write=False) as desk:
            for stream, chosen in wanted:
                render = stream.subscription.render
                try:
                    made.append(b"".join(render(desk, chosen)) if render and chosen else b"")
                except Exception:
                    log.exception("stream_rendering_failed", workspace_id=workspace_id)
                    made.append(None)
        return made


def _about(feed: Feed, stream: Stream, events: Framed) -> Framed:
    """Return the events that are about a topic of the stream; all of them where it has none."""
    if not stream.topics:
        return events
    chosen = []
    for event, content in events:
        if not stream.topics.isdisjoint(topics_of(event)):
            chosen.append((event, content))
            if stream.subscription.also is not None:
                feed.follow(stream, stream.subscription.also(event))
    return chosen
