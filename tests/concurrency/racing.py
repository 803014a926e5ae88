"""Calling many times at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

from support_core.testing import Client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Answer = TypeVar("Answer")


def at_once(*calls: Callable[[], Answer]) -> list[Answer]:
    """Make all calls at the same moment, each in a thread of its own; their answers in order."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Answer]) -> Answer:
        start.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def copies(client: Client, number: int) -> Sequence[Client]:
    """Return clients of one caller, one for each thread."""
    return [Client(client._app.app, client.headers) for _ in range(number)]
