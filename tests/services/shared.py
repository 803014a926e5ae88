"""Servers that the first test that wants one starts, for all workers of the run.

They are kept for the process that owns the run, so that they outlive the worker that was first.
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING, NamedTuple

from . import require_service
from .rabbitmq import Rabbitmq, RabbitmqMissing
from .redis import Redis, RedisMissing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: What one worker has of each server: two areas, for the suite's application and for small ones.
AREAS = ("suite", "jobs")

_started: list[Redis | Rabbitmq] = []


class Run(NamedTuple):
    """One run of the suite: a folder its workers share, whose it is, and which worker this is."""

    folder: Path
    owner: int
    worker: int
    workers: int


def broker_url(run: Run, broker: str, area: str) -> str:
    """Return a value of ``support.broker`` by its kind: embedded, rabbitmq or redis."""
    if broker == "rabbitmq":
        return rabbitmq_url(run, area)
    return redis_url(run, area) if broker == "redis" else "embedded"


def redis_url(run: Run, area: str) -> str:
    """Return the URL of a Redis database of this worker's own; skip the test where none is."""
    try:
        base = _once(run, "redis", lambda: Redis(keep_for=run.owner))
    except RedisMissing as missing:
        require_service("Redis", str(missing))
    return f"{base}/{run.worker * len(AREAS) + AREAS.index(area)}"


def rabbitmq_url(run: Run, area: str) -> str:
    """Return the URL of a virtual host of this worker's own; skip the test where none is."""
    vhosts = [f"{number}-{name}" for number in range(run.workers) for name in AREAS]
    try:
        base = _once(run, "rabbitmq", lambda: Rabbitmq(vhosts=vhosts, keep_for=run.owner))
    except RabbitmqMissing as missing:
        require_service("RabbitMQ", str(missing))
    return f"{base}/{run.worker}-{area}"


def _once(run: Run, name: str, start: Callable[[], Redis | Rabbitmq]) -> str:
    """Return the URL of the run's server ``name``; start it where nobody has."""
    known = run.folder / f"{name}.url"
    with (run.folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not known.exists():
            server = start()
            _started.append(server)
            known.touch(mode=0o600)
            known.write_text(server.url)
        return known.read_text()
