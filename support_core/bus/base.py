"""What every bus can do; the contract that ``tests/core/bus`` holds all of them to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..db import WorkspaceSession
    from .messages import Notice


class Listener(Protocol):
    """Who listens to a bus; called on a thread of the bus, and to return at once."""

    def heard(self, notice: Notice) -> None:
        """Take a notice in."""

    def missed(self) -> None:
        """Notices may have been lost: look everywhere."""


class Bus:
    """Carries notices from committing transactions to every process that listens.

    At most once and in no promised order: what must not be lost stands in the event log.
    """

    #: How the setting names it.
    name = ""

    def announce(self, session: WorkspaceSession, notices: list[Notice]) -> None:
        """Take part in the transaction that is about to be committed."""

    def publish(self, notices: list[Notice]) -> None:
        """Carry notices of a transaction that was committed; never blocks, never raises."""

    def listen(self, listener: Listener) -> None:
        """Pass every notice from now on to ``listener``; once per process."""
        raise NotImplementedError

    def require(self) -> None:
        """Raise :class:`~support_core.settings.ConfigurationError` where it cannot be reached."""

    def problem(self) -> str | None:
        """Say what is wrong just now, in a sentence; None while all is well."""
        return None

    def stop(self) -> None:
        """End threads and connections."""
