"""Declaring background jobs: ``@job`` on a function that takes a context and ids."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import venusian
from dramatiq.errors import Retry

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ..application import Application
    from ..desk import Desk

JobFunction = Callable[..., None]

#: Arguments are ids and short names; what is longer belongs into a row that an id names.
MAX_TEXT = 255

SECOND = 1000
HOUR = 3600 * SECOND


class RetryLater(Retry):
    """Raised by a job that wants to run again in ``after`` seconds; counts as a retry.

    The reason is kept and shown to the workspace: no bodies, no secrets, nothing of others.
    """

    def __init__(self, reason: str, *, after: float) -> None:
        super().__init__(reason, delay=int(after * SECOND))


class GiveUp(Exception):
    """Raised by a job that can never succeed: it dies at once, whatever retries it has left.

    Its text is kept and shown to the workspace, like the reason of :class:`RetryLater`.
    """


@dataclass(frozen=True)
class JobContext:
    """What a job is given besides its arguments.

    ``attempt`` counts from 1 and includes attempts that ended with their process; ``workspace_id``
    is None for a job that serves no single workspace.
    """

    application: Application
    workspace_id: int | None
    message_id: str
    attempt: int = 1

    def desk(
        self, *, workspace_id: int | None = None, write: bool = True
    ) -> AbstractContextManager[Desk]:
        """Open a transaction of its own: committed at the end, rolled back on an exception.

        A job may open several, one after the other, and does its network calls between them.
        ``workspace_id`` is for jobs that serve all workspaces; others stay in their own.
        """
        return self.application.desk(
            self.workspace_id if workspace_id is None else workspace_id, write=write
        )


class Job:
    """A declared job. Calling it runs the function here and now, as a test does."""

    def __init__(
        self, function: JobFunction, *, queue: str, priority: int, options: dict[str, Any]
    ) -> None:
        self.function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.queue = queue
        self.priority = priority
        self.options = options
        self.__module__ = function.__module__
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self._signature = inspect.signature(function)

    def __call__(self, context: JobContext, *args: int | str) -> None:
        """Run the job's function in the calling thread."""
        self.function(context, *args)

    def __repr__(self) -> str:
        return f"<Job {self.name}>"

    @property
    def max_attempts(self) -> int | None:
        """How often it is tried before it is dead; None for without end."""
        retries: int | None = self.options["max_retries"]
        return None if retries is None else retries + 1

    def name_arguments(self, args: tuple[Any, ...]) -> dict[str, Any] | None:
        """Return the arguments by parameter; None for ones that this version does not take."""
        try:
            bound = self._signature.bind(None, *args)
        except TypeError:
            return None
        return dict(list(bound.arguments.items())[1:])

    def check(self, args: tuple[Any, ...]) -> None:
        """Raise :class:`TypeError`, naming the argument, for what a job cannot be given."""
        bound = self._signature.bind(None, *args)
        names = [name for name in bound.arguments if name != next(iter(self._signature.parameters))]
        given = [bound.arguments[name] for name in names]
        for name, value in zip(names, given, strict=True):
            for part in value if isinstance(value, tuple) else (value,):
                _check_argument(self.name, name, part)


def _check_argument(job: str, name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(
            f"{job}: the argument {name} is {type(value).__name__}; jobs take ids and short strings"
        )
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise TypeError(
            f"{job}: the argument {name} has {len(value)} characters, more than {MAX_TEXT}; "
            "store it and pass its id"
        )


def job(  # noqa: PLR0913 - options, by keyword
    *,
    queue: str,
    max_retries: int | None = 10,
    min_backoff: int = 5 * SECOND,
    max_backoff: int = HOUR,
    time_limit: int = 600 * SECOND,
    priority: int = 0,
    notify_shutdown: bool = False,
) -> Callable[[JobFunction], Job]:
    """Declare a background job, which ``config.scan`` of its module registers.

    A failed job runs again after a back-off that grows from ``min_backoff`` to ``max_backoff``,
    ``max_retries`` times (None: without end), then it is dead. After ``time_limit`` it is
    interrupted (Dramatiq's ``TimeLimitExceeded``), which counts as a failure; with
    ``notify_shutdown`` it is interrupted (``Shutdown``) when its worker stops, and handed back.
    All times are in milliseconds. Among jobs of one queue a lower ``priority`` runs first.

    A job runs at least once, possibly twice at the same time: it must be idempotent.
    """

    def declare(function: JobFunction) -> Job:
        declared = Job(
            function,
            queue=queue,
            priority=priority,
            options={
                "max_retries": max_retries,
                "min_backoff": min_backoff,
                "max_backoff": max_backoff,
                "time_limit": time_limit,
                "notify_shutdown": notify_shutdown,
                "throws": (GiveUp,),
            },
        )
        # "pyramid" is the one category that a plain config.scan() looks for.
        venusian.attach(declared, _register, category="pyramid")
        return declared

    return declare


def _register(scanner: Any, _name: str, declared: Job) -> None:
    scanner.config.add_support_job(declared)
