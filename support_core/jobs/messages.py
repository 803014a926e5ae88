"""A claimed job as Dramatiq's workers see it, and what is to be written when they are done."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dramatiq import Message
from dramatiq.broker import MessageProxy
from dramatiq.errors import DecodeError
from dramatiq.middleware import Shutdown

from .failures import describe
from .outbox import is_keyed
from .settlements import Settlement

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from .claims import Claim

#: A job whose worker process ended under it this often is dead: it may be what ends them.
MAX_LOST = 10

#: Options by which Dramatiq's retries remember earlier attempts.
_MARKS = ("retries", "traceback", "requeue_timestamp")

#: Seconds until the next attempt when the retry middleware itself failed to name them.
_UNDECIDED = 60


class JobMessage(MessageProxy):
    """The message of a claim. ``retry_in`` is set, in milliseconds, when it is to be retried."""

    def __init__(self, message: Message[Any], claim: Claim) -> None:
        super().__init__(message)
        self.claim = claim
        self.retry_in: int | None = None
        self.lost = False

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self.claim.attempt

    @property
    def exception(self) -> BaseException | None:
        """What the job raised."""
        return self._exception

    @property
    def interrupted(self) -> bool:
        """Whether the worker's end interrupted the job."""
        return isinstance(self._exception, Shutdown)

    def settlement(self, clock: Callable[[], datetime]) -> Settlement | None:
        """Return what to write now that the job ran; None for one that was lost meanwhile."""
        if self.lost:
            return None
        if self.interrupted:
            return Settlement(self.claim, "interrupted")
        error = describe(self._exception)
        if self.failed:
            return Settlement(
                self.claim, "dead", fresh=self._anew(), last_error=error or "Rejected."
            )
        if self.retry_in is None and self._exception is None:
            return Settlement(self.claim, "done", fresh=self._anew())
        delay = _UNDECIDED * 1000 if self.retry_in is None else self.retry_in
        options = {name: value for name, value in self.options.items() if name != "traceback"}
        kept: Message[Any] = Message(**{**self._message.asdict(), "options": options})
        return Settlement(
            self.claim,
            "retry",
            message=kept.encode(),
            due_at=clock() + timedelta(milliseconds=delay),
            last_error=error,
        )

    def _anew(self) -> bytes:
        """Encode the message for the case that its key was asked for again."""
        return fresh(self._message) if is_keyed(self.message_id) else b""


def fresh(message: Message[Any]) -> bytes:
    """Encode a message without the marks of earlier attempts."""
    options = {name: value for name, value in message.options.items() if name not in _MARKS}
    return Message(**{**message.asdict(), "options": options}).encode()


def open_claim(claim: Claim) -> JobMessage | Settlement:
    """Decode a claim's message; return a settlement for one that cannot or must not run."""
    try:
        message: Message[Any] = Message.decode(claim.message)
    except DecodeError as error:
        return Settlement(
            claim, "dead", fresh=claim.message, last_error=f"Cannot be decoded: {error.error}"
        )
    if claim.attempt - 1 - message.options.get("retries", 0) >= MAX_LOST:
        return Settlement(
            claim,
            "dead",
            fresh=fresh(message),
            last_error=f"{MAX_LOST} times the worker that ran it ended without an answer.",
        )
    return JobMessage(message, claim)
