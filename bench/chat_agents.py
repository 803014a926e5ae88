"""Agents of :mod:`bench.chat` who answer, in processes of their own.

One interpreter commits some two hundred replies a second; a desk has several.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from support_core import app
from support_core.plugin_api import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import ExitStack

    from support_core.plugin_api import Application

#: Of each reply by its id: the visitor's number, when it was begun, and when it was stored.
Sent = dict[int, tuple[int, float, float]]

#: Seconds from asking for replies to the first of them, for the processes to begin together.
LEAD = 0.5


@dataclass(frozen=True)
class Share:
    """What one process is asked for: every ``step``-th reply from ``first``, by so many threads."""

    workspace_id: int
    agent_id: int
    conversations: Sequence[int]
    total: int
    rate: int
    start: float
    first: int
    step: int
    writers: int

    def visitor(self, number: int) -> int:
        """Return whose a reply is: each visitor in turn, spread over all of them."""
        visitors = len(self.conversations)
        return number * max(1, visitors // self.total) % visitors


class Agents:
    """So many processes, each with an application of its own, until the stack ends."""

    def __init__(self, stack: ExitStack, settings: Mapping[str, str], processes: int) -> None:
        self._pools = [
            stack.enter_context(
                ProcessPoolExecutor(
                    1, mp_context=get_context("spawn"), initializer=_begin, initargs=(settings,)
                )
            )
            for _ in range(processes)
        ]
        #: Seconds of processor time that they have used for answering so far.
        self.used = 0.0

    def answer(  # noqa: PLR0913 - what a measurement is made of
        self,
        workspace_id: int,
        agent_id: int,
        conversations: Sequence[int],
        *,
        total: int,
        rate: int,
        writers: int,
    ) -> tuple[Sent, float]:
        """Answer at a rate a second; return what was sent, and the seconds it took."""
        for pool in self._pools:
            pool.submit(time.monotonic).result()  # it has built its application
        start = time.monotonic() + LEAD
        step = len(self._pools)
        shares = [
            Share(workspace_id, agent_id, conversations, total, rate, start, it, step, writers)
            for it in range(step)
        ]
        asked = [pool.submit(_answered, it) for pool, it in zip(self._pools, shares, strict=True)]
        sent: Sent = {}
        for it in asked:
            theirs, used = it.result()
            sent |= theirs
            self.used += used
        return sent, max(stored for _, _, stored in sent.values()) - start


_applications: list[Application] = []


def _begin(settings: Mapping[str, str]) -> None:
    """Build a process's application, whose commits ring for the worker where there is one."""
    application = app.build(settings).registry.support
    if "support.broker" in settings:
        application.jobs.open()
    _applications.append(application)


def _answered(share: Share) -> tuple[Sent, float]:
    """Return a process's replies, and the processor time they took, in seconds."""
    (application,) = _applications
    used = time.process_time()
    sent: Sent = {}

    def write(first: int) -> None:
        for number in range(first, share.total, share.step * share.writers):
            pause = share.start + number / share.rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            visitor = share.visitor(number)
            began = time.monotonic()
            with application.desk(share.workspace_id) as desk:
                conversation = desk.conversations.get(share.conversations[visitor])
                acting = desk.acting_as(share.agent_id)
                thread = acting.replies.add(conversation, Reply(body=f"Answer {number}"))
                id_ = thread.id
            sent[id_] = visitor, began, time.monotonic()

    writers = [
        threading.Thread(target=write, args=(share.first + share.step * it,))
        for it in range(share.writers)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return sent, time.process_time() - used
