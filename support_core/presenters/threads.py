"""Threads on their own, with what belongs to them, read for all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..services.thread_details import details_of
from .conversations import present_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk
    from ..models import Thread


def present_one(desk: Desk, thread: Thread) -> dict[str, Any]:
    """Return one thread with its author, attachments and delivery."""
    return present_many(desk, [thread])[0]


def present_many(desk: Desk, threads: Sequence[Thread]) -> list[dict[str, Any]]:
    """Return threads with their authors, attachments and deliveries."""
    details = details_of(desk, threads)
    return [present_thread(thread, details) for thread in threads]
