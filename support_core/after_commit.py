"""Telling plugins what was committed, on a thread of their own."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .bus import Signal
    from .events import DomainEvent
    from .plugins import Plugins

log = structlog.get_logger(__name__)

EVENT, SIGNAL = "support_after_commit", "support_signal"


class AfterCommit:
    """Calls the ``support_after_commit`` and ``support_signal`` hooks, in the order of the commits.

    They run on one background thread, started with the first thing to tell, so that a slow plugin
    delays no response.
    """

    def __init__(self, plugins: Plugins) -> None:
        self._plugins = plugins
        self._queue: queue.SimpleQueue[tuple[str, dict[str, Any], str] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tell(self, events: Sequence[DomainEvent], signals: Sequence[Signal] = ()) -> None:
        """Pass on what was committed."""
        if events and self._heard(EVENT):
            for event in events:
                self._queue.put((EVENT, {"event": event}, event.type))
        if signals and self._heard(SIGNAL):
            for signal in signals:
                self._queue.put((SIGNAL, {"signal": signal}, signal.type))

    def stop(self) -> None:
        """End the background thread once it has told what was committed so far."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=10)

    def _heard(self, hook: str) -> bool:
        """Tell whether any plugin implements the hook; start the thread for the first that does."""
        if next(self._plugins.implementations(hook), None) is None:
            return False
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="support-after-commit")
                self._thread.daemon = True
                self._thread.start()
        return True

    def _run(self) -> None:
        while (told := self._queue.get()) is not None:
            hook, values, type_ = told
            for name, implementation in self._plugins.implementations(hook):
                try:
                    implementation(**values)
                except Exception:
                    log.exception("after_commit_hook_failed", plugin=name, event_type=type_)
