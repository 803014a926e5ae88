"""Jobs for the tests, declared as an application declares its own."""

from __future__ import annotations

import threading
import time

from support_core.jobs import GiveUp, JobContext, RetryLater, job

from .desks import take_effect

#: What tests look at and steer running jobs with.
attempts: list[tuple[int, int]] = []
began = threading.Event()
may_end = threading.Event()
failures_left = {"count": 0}


def reset() -> None:
    """Forget the last test."""
    attempts.clear()
    began.clear()
    may_end.clear()
    failures_left["count"] = 0


@job(queue="notes")
def note(context: JobContext, number: int) -> None:
    """Take effect once, however often it runs."""
    attempts.append((number, context.attempt))
    with context.desk() as desk:
        take_effect(desk, "note", number, once=True)


@job(queue="notes")
def slow_note(context: JobContext, number: int) -> None:
    """Take a moment to take effect."""
    time.sleep(0.005)
    with context.desk() as desk:
        take_effect(desk, "note", number, once=True)


@job(queue="notes", max_retries=2, min_backoff=1000, max_backoff=60_000)
def fail(context: JobContext, number: int) -> None:
    """Fail as often as the test wants."""
    attempts.append((number, context.attempt))
    if failures_left["count"]:
        failures_left["count"] -= 1
        raise ValueError(f"attempt {context.attempt}")
    with context.desk() as desk:
        take_effect(desk, "note", number)


@job(queue="notes")
def give_up(context: JobContext) -> None:
    """Never succeed."""
    raise GiveUp("the account is closed")


@job(queue="notes", max_retries=1)
def later(context: JobContext) -> None:
    """Ask for another time."""
    raise RetryLater("too busy", after=90)


@job(queue="waits")
def wait(context: JobContext, number: int) -> None:
    """Run until the test lets it end."""
    attempts.append((number, context.attempt))
    began.set()
    may_end.wait(30)
    with context.desk() as desk:
        take_effect(desk, "note", number)


@job(queue="waits")
def linger(context: JobContext, number: int) -> None:
    """Take effect, then run until the test lets it end."""
    attempts.append((number, context.attempt))
    with context.desk() as desk:
        take_effect(desk, "note", number)
    began.set()
    may_end.wait(30)


@job(queue="waits", time_limit=300)
def overrun(context: JobContext) -> None:
    """Run longer than is allowed."""
    attempts.append((0, context.attempt))
    while True:
        time.sleep(0.01)


@job(queue="waits", notify_shutdown=True)
def listen(context: JobContext) -> None:
    """Run until the worker is stopped."""
    began.set()
    while True:
        time.sleep(0.01)


@job(queue="notes", priority=10)
def unimportant(context: JobContext, number: int) -> None:
    """Take effect after what matters more."""
    with context.desk() as desk:
        take_effect(desk, "note", number)


@job(queue="notes")
def spawn(context: JobContext, count: int) -> None:
    """Enqueue as many notes, and fail when there are more than ten."""
    with context.desk() as desk:
        for number in range(count):
            context.application.jobs.enqueue(
                desk.session, note, number, workspace_id=context.workspace_id
            )
        if count > 10:
            raise GiveUp("too many")


@job(queue="notes")
def greet(context: JobContext, name: str, number: int = 1) -> None:
    """Take a name."""


@job(queue="notes")
def sweep(context: JobContext) -> None:
    """Do what is done regularly."""
    attempts.append((0, context.attempt))


ALL = (
    sweep,
    note,
    slow_note,
    fail,
    give_up,
    later,
    wait,
    linger,
    overrun,
    listen,
    unimportant,
    spawn,
    greet,
)
