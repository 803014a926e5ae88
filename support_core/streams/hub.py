"""The hub of one process: every open stream, and what keeps them going."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ..errors import TooManyRequests, Unavailable
from ..events import ACCESS
from . import log as event_log
from .catching_up import CatchUp
from .feed import Feed
from .recheck import RECHECK, Recheck
from .stream import Stream
from .wheel import Wheel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ..application import Application
    from ..bus import Notice
    from ..events import DomainEvent
    from .subscription import Subscription

log = structlog.get_logger(__name__)

#: Threads that read for streams.
THREADS = 3
#: Workspaces whose logs are read in one go.
BATCH = 64
#: Seconds until work that failed is begun again.
RETRY_SECONDS = 1.0


class Hub:
    """Feeds every stream of the process. Its methods run on the event loop, save where noted."""

    def __init__(self, application: Application) -> None:
        settings = application.settings
        self.application = application
        self.types = application.event_types
        self._ending = RECHECK.union(*(it.ended_by for it in application.audiences))
        self.most: int = settings["support.streams.max"]
        self.sent = 0
        self._poll_every: float = settings["support.streams.poll"]
        self._feeds: dict[int, Feed] = {}
        self._held: Counter[str] = Counter()
        self._wheel = Wheel(settings["support.streams.heartbeat"])
        self._dirty: dict[int, None] = {}
        self._catching_up = CatchUp(self)
        self._recheck = Recheck(self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look = asyncio.Event()
        self._poll_now = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="support-streams")
        self.closing = False

    def __len__(self) -> int:
        """Return how many streams are open; from any thread."""
        return self._held.total()

    @property
    def default_limit(self) -> int:
        """Streams that one caller may hold, unless their subscription says otherwise."""
        limit: int = self.application.settings["support.streams.per_caller"]
        return limit

    async def start(self) -> None:
        """Listen to the bus, and begin to serve."""
        self._loop = asyncio.get_running_loop()
        self.application.bus.listen(self)
        for work in (
            self._read,
            self._poll,
            self._catching_up.run,
            self._recheck.run,
            self._wheel.run,
        ):
            self._tasks.append(asyncio.create_task(self._forever(work)))

    async def stop(self) -> None:
        """End all streams and the work on them."""
        self.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End every stream now; their clients come back to another process and go on there."""
        self.closing = True
        for feed in [*self._feeds.values()]:
            for stream in feed.streams():
                stream.end()

    def admit(self, subscription: Subscription) -> None:
        """Raise ``TooManyRequests`` or ``Unavailable`` where one more is too many; any thread."""
        if self.closing or len(self) >= self.most:
            raise Unavailable(
                "This server holds as many streams open as it can. Try again shortly.",
                headers={"Retry-After": "5"},
            )
        if self._held[subscription.key] >= subscription.limit:
            raise TooManyRequests(
                f"You hold {subscription.limit} streams open already; close one first.",
                headers={"Retry-After": "5"},
            )

    def open(self, transport: Any, head: bytes, subscription: Subscription) -> None:
        """Make an answered request's connection a stream."""
        stream = Stream(self, subscription)
        self._held[subscription.key] += 1
        self._wheel.add(stream)
        workspace_id = subscription.workspace_id
        feed = self._feeds.get(workspace_id)
        if feed is None:
            feed = self._feeds[workspace_id] = Feed(workspace_id, subscription.head)
            self._need_look(workspace_id)  # for what came since the view looked
        elif subscription.head > feed.position:
            self._need_look(workspace_id)
        stream.open(transport, head)
        if feed.join(stream):
            self.catch_up(feed)
        if self.closing:
            stream.end()

    def leave(self, stream: Stream) -> None:
        """Forget a stream whose connection is gone."""
        feed, key = stream.feed, stream.subscription.key
        self._wheel.discard(stream)
        self._held[key] -= 1
        if self._held[key] <= 0:
            del self._held[key]
        if feed is not None:
            feed.leave(stream)
            if not len(feed):
                del self._feeds[feed.workspace_id]
                self._dirty.pop(feed.workspace_id, None)

    def catch_up(self, feed: Feed) -> None:
        """See to the streams of a feed that are behind."""
        self._catching_up.add(feed)

    def feeds(self) -> list[Feed]:
        """Return the feeds of all workspaces that have streams."""
        return [*self._feeds.values()]

    def feed(self, workspace_id: int) -> Feed | None:
        """Return the feed of a workspace, None where nobody listens."""
        return self._feeds.get(workspace_id)

    async def in_thread(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run what blocks."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    def pages(self, wanted: Sequence[tuple[int, int]]) -> list[list[DomainEvent]]:
        """Return the next page of each (workspace, event id), in a thread."""
        found = []
        for workspace_id, after in wanted:
            with self.application.database.transaction(workspace_id, write=False) as session:
                found.append(event_log.read_page(session, after))
        return found

    def heard(self, notice: Notice) -> None:
        """Take a notice of the bus in, on any thread."""
        if self._loop is not None and notice.workspace_id in self._feeds:
            self._call(self._heard, notice)

    def missed(self) -> None:
        """Look everywhere, on any thread."""
        self._call(self._poll_now.set)

    def _call(self, work: Callable[..., object], *arguments: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work, *arguments)

    def _heard(self, notice: Notice) -> None:
        feed = self._feeds.get(notice.workspace_id)
        if feed is None:
            return
        if notice.head is not None and notice.head > feed.position:
            self._need_look(feed.workspace_id)
        for signal in notice.signals:
            if signal.type == ACCESS:
                self._recheck.add(feed)
            else:
                feed.pass_on(signal)

    def _need_look(self, workspace_id: int) -> None:
        self._dirty[workspace_id] = None
        self._look.set()

    async def _read(self) -> None:
        """Read the logs that have grown, some workspaces at a time, and spread what is new."""
        while True:
            await self._look.wait()
            self._look.clear()
            while self._dirty:
                taken = [*self._dirty][:BATCH]
                for workspace_id in taken:
                    del self._dirty[workspace_id]
                feeds = [self._feeds[it] for it in taken if it in self._feeds]
                wanted = [(feed.workspace_id, feed.position) for feed in feeds]
                for feed, page in zip(feeds, await self.in_thread(self.pages, wanted), strict=True):
                    if page:
                        await self._spread(feed, page)

    async def _spread(self, feed: Feed, page: Sequence[DomainEvent]) -> None:
        self.sent += await feed.spread(page, self.types)
        if len(page) == event_log.PAGE:
            self._need_look(feed.workspace_id)
        if feed.behind:
            self.catch_up(feed)
        if any(event.type in self._ending for event in page):
            self._recheck.add(feed)

    async def _poll(self) -> None:
        """Ask from time to time how far the logs have come, in case the bus lost something."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._poll_now.wait(), self._poll_every)
            self._poll_now.clear()
            if self._feeds:
                found = await self.in_thread(self._heads, [*self._feeds])
                for workspace_id, head in found.items():
                    feed = self._feeds.get(workspace_id)
                    if feed is not None and head > feed.position:
                        self._need_look(workspace_id)

    def _heads(self, workspaces: list[int]) -> dict[int, int]:
        with self.application.database.transaction(write=False) as session:
            return event_log.heads(session, workspaces)

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """Keep a piece of work going whatever happens to the database; polling makes up for it."""
        name = getattr(work, "__qualname__", "")
        while True:
            try:
                await work()
            except SQLAlchemyError as error:
                log.warning("stream_work_failed", work=name, error=type(error).__name__)
            except Exception:
                log.exception("stream_work_failed", work=name)
            await asyncio.sleep(RETRY_SECONDS)
            self._poll_now.set()
