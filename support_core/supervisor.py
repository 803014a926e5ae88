"""Several processes as one: started together, restarted when they die, ended together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

log = structlog.get_logger(__name__)

#: Seconds before a process that died is started again: at first, and at most. One that lived for
#: ``STEADY`` seconds begins anew with the first.
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 60.0

#: Seconds between two looks at the processes.
LOOK_EVERY = 0.1

_PR_SET_PDEATHSIG = 1


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent process is gone, even by ``kill -9`` (Linux)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    except AttributeError:
        log.warning("no_prctl", consequence="this process outlives its parent when that is killed")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)  # it was faster


@dataclass
class _Child:
    number: int
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause: float = FIRST_PAUSE
    next_start: float = field(default_factory=time.monotonic)


class Supervisor:
    """Keeps ``count`` processes of one command running until it is told to stop.

    After SIGTERM they get ``grace`` seconds; what still runs then is killed.
    """

    def __init__(self, command: Sequence[str], count: int, *, grace: float) -> None:
        self._command = list(command)
        self._children = [_Child(number) for number in range(1, count + 1)]
        self._grace = grace

    def run(self, ended: Event) -> bool:
        """Run until ``ended`` is set; return whether every process then ended well."""
        while not ended.wait(LOOK_EVERY):
            for child in self._children:
                self._keep(child)
        return self._stop()

    def _keep(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.next_start:
                child.began = now
                child.process = subprocess.Popen(  # noqa: S603 - our own command line
                    self._command, stdin=subprocess.DEVNULL
                )
        elif (status := child.process.poll()) is not None:
            if now - child.began > STEADY:
                child.pause = FIRST_PAUSE
            log.error(
                "worker_process_died", process=child.number, status=status, again_in=child.pause
            )
            child.process = None
            child.next_start = now + child.pause
            child.pause = min(LONGEST_PAUSE, child.pause * 2)

    def _stop(self) -> bool:
        running = [child.process for child in self._children if child.process is not None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        well = True
        for process in running:
            try:
                well = process.wait(max(0.0, deadline - time.monotonic())) == 0 and well
            except subprocess.TimeoutExpired:
                log.error("worker_process_killed", pid=process.pid, after=self._grace)
                process.kill()
                process.wait()
                well = False
        return well
