"""The streams of one workspace, and how far its log has been read for them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from .frames import event_frame
from .stream import frames_for
from .topics import topics_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..bus import Signal
    from ..events import DomainEvent
    from .event_types import EventTypes
    from .stream import Stream

#: Streams that are served before others get a turn on the event loop.
TURN = 100

#: Events that are kept for those who are behind; a page may exceed it.
RECENT = 200

#: Events with their frames.
Framed = list[tuple["DomainEvent", bytes]]


class Feed:
    """Streams of one workspace: the live ones have all events up to ``position``.

    A stream is live or behind, never both; it becomes live when it has what the feed has, which
    is looked at and decided in one step on the event loop. So nothing is lost or repeated between
    catching up and going on. Live streams with topics are found by these, the others in ``all``.
    ``done`` is the newest event that all live streams were served. ``recent`` are the events up to
    ``position`` that were read since somebody fell behind, so that they are not read again.
    """

    __slots__ = (
        "_all",
        "_by_topic",
        "_live",
        "behind",
        "checked_at",
        "done",
        "position",
        "recent",
        "workspace_id",
    )

    def __init__(self, workspace_id: int, position: int) -> None:
        self.workspace_id = workspace_id
        self.position = self.done = position
        self.behind: set[Stream] = set()
        self.checked_at = time.monotonic()
        self.recent: list[DomainEvent] = []
        self._live: set[Stream] = set()
        self._all: set[Stream] = set()
        self._by_topic: dict[str, set[Stream]] = {}

    def __len__(self) -> int:
        return len(self._live) + len(self.behind)

    def streams(self) -> list[Stream]:
        """Return all of them."""
        return [*self._live, *self.behind]

    def is_live(self, stream: Stream) -> bool:
        """Tell whether a stream has what the feed has."""
        return stream in self._live

    def join(self, stream: Stream) -> bool:
        """Take a stream in; returns whether it has to catch up."""
        stream.feed = self
        if stream.position >= self.position and stream.paused_since is None:
            self._add(stream)
            return False
        self.behind.add(stream)
        return True

    def leave(self, stream: Stream) -> None:
        """Let a stream go."""
        stream.feed = None
        self._drop(stream)
        self.behind.discard(stream)

    def fall_behind(self, stream: Stream) -> None:
        """Send a stream nothing for now; it will catch up from where it is."""
        if stream in self._live:
            stream.position = max(stream.position, self.done)
            self._drop(stream)
        self.behind.add(stream)

    def caught_up(self, stream: Stream) -> None:
        """Make a stream live if it has everything and can take more."""
        has_all = stream.position >= self.position
        if has_all and stream.paused_since is None and stream in self.behind:
            self.behind.discard(stream)
            self._add(stream)

    def follow(self, stream: Stream, topics: Iterable[str]) -> None:
        """Let a stream with topics have these too."""
        new = set(topics) - stream.topics
        if new:
            stream.topics |= new
            if stream in self._live:
                self._index(stream, new)

    async def spread(self, page: Sequence[DomainEvent], types: EventTypes) -> int:
        """Send the next events of the log to the live streams; returns how many got any.

        Streams that render their own frames fall behind and catch up, which renders.
        """
        before, last = self.position, page[-1].id
        # From here on, who joins without these events is behind.
        self.position = last
        self._keep(page)
        if page[0].id > before + 1:
            self._restart(page[0].id - 1)
        framed = [(event, event_frame(event)) for event in page]
        reached = 0
        turn = 0
        for stream, events in self._chosen(framed):
            turn += 1
            if turn % TURN == 0:
                await asyncio.sleep(0)
            if stream in self._live and stream.position < last:
                reached += self._serve(stream, events, types, last)
        whole: dict[frozenset[str] | None, bytes] = {}
        for stream in [*self._all]:
            turn += 1
            if turn % TURN == 0:
                await asyncio.sleep(0)
            if stream not in self._live or stream.position >= last:
                continue
            if stream.subscription.wants is None and stream.position <= before:
                frames = whole.get(stream.permissions)
                if frames is None:
                    frames = whole[stream.permissions] = frames_for(stream, framed, types)
                stream.send(frames, last)
                reached += bool(frames)
            else:
                reached += self._serve(stream, framed, types, last)
        self.done = last
        return reached

    def take_recent(self, after: int) -> list[DomainEvent] | None:
        """Return all events after an id up to ``position``, once; None where they must be read."""
        recent, self.recent = self.recent, []
        if recent and recent[0].id <= after + 1 and recent[-1].id == self.position:
            return [event for event in recent if event.id > after]
        return None

    def _keep(self, page: Sequence[DomainEvent]) -> None:
        joins = self.recent and self.recent[-1].id + 1 == page[0].id
        if not joins or len(self.recent) >= RECENT:
            self.recent = []
        self.recent += page

    def pass_on(self, signal: Signal) -> None:
        """Send a signal to all who want it; one who is behind hears it as well."""
        topics = topics_of(signal)
        for topic in topics:
            for stream in [*self._by_topic.get(topic, ())]:
                stream.hear(signal)
        for stream in [*self._all]:
            stream.hear(signal)
        for stream in [*self.behind]:
            if not stream.topics or topics & stream.topics:
                stream.hear(signal)

    def _serve(self, stream: Stream, framed: Framed, types: EventTypes, last: int) -> bool:
        if stream.subscription.render is not None:
            if any(it.id > stream.position and stream.sees(it, types) for it, _ in framed):
                self.fall_behind(stream)
            return False
        frames = frames_for(stream, framed, types)
        if frames:
            stream.send(frames, last)
        return bool(frames)

    def _chosen(self, framed: Framed) -> list[tuple[Stream, Framed]]:
        """Return the live streams with topics that any of the events is about, with those."""
        chosen: dict[Stream, Framed] = {}
        if self._by_topic:
            for event, content in framed:
                found: set[Stream] = set()
                for topic in topics_of(event):
                    found |= self._by_topic.get(topic, set())
                for stream in found:
                    chosen.setdefault(stream, []).append((event, content))
                    if stream.subscription.also is not None:
                        self.follow(stream, stream.subscription.also(event))
        return [*chosen.items()]

    def _restart(self, position: int) -> None:
        """Tell every live stream that events before this one are missing from the log."""
        for stream in [*self._live]:
            if stream.position < position:
                stream.restart(position)

    def _add(self, stream: Stream) -> None:
        self._live.add(stream)
        if stream.topics:
            self._index(stream, stream.topics)
        else:
            self._all.add(stream)

    def _drop(self, stream: Stream) -> None:
        self._live.discard(stream)
        self._all.discard(stream)
        for topic in stream.topics:
            found = self._by_topic.get(topic)
            if found is not None:
                found.discard(stream)
                if not found:
                    del self._by_topic[topic]

    def _index(self, stream: Stream, topics: Iterable[str]) -> None:
        for topic in topics:
            self._by_topic.setdefault(topic, set()).add(stream)
