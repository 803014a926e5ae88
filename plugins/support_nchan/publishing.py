"""From the event log and from signals to nchan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import event_frame, hookimpl, signal_frame

from . import channels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import DomainEvent, OpenDesk, Signal

    from .engine import Nchan

#: The signal of a login that ended.
ACCESS = "access.changed"


def carry(open_desk: OpenDesk, events: Sequence[DomainEvent]) -> None:
    """Publish events in the order of the log; again from the first, after a raise or a crash."""
    with open_desk() as desk:
        application = desk.application
    nchan: Nchan = application.extensions["nchan"]
    for event in events:
        needed = application.event_types.needed(
            event.type, of_conversation=event.conversation_id is not None
        )
        nchan.publisher.event(
            channels.of(event, needed), name=event.type, content=payload(event_frame(event))
        )
        leash = taken_away(event)
        if leash is not None:
            nchan.publisher.cut(leash)


def taken_away(event: DomainEvent) -> str | None:
    """Return the leash of those whose access an event may have changed."""
    workspace_id, said = event.workspace_id, event.payload
    match event.type:
        case "user.updated" | "user.deleted":
            return channels.user(workspace_id, said["user_id"])
        case "token.revoked":
            return channels.token(workspace_id, said["token_id"])
        case "role.updated":
            return channels.everybody(workspace_id)
        case _:
            return None


class Signals:
    """Publishes signals of this process, once and without trying again."""

    def __init__(self, nchan: Nchan) -> None:
        self._nchan = nchan

    @hookimpl
    def support_signal(self, signal: Signal) -> None:
        """See the hook; a raise is logged there and harms nobody."""
        if signal.type == ACCESS:
            self._nchan.publisher.cut(channels.logins(signal.workspace_id))
            return
        self._nchan.publisher.passing(
            channels.of(signal, channels.SIGNALS),
            name=signal.type,
            content=payload(signal_frame(signal)),
        )


def payload(frame: bytes) -> bytes:
    """Return the data of one of our own stream's frames, which nchan puts into one of its own."""
    for line in frame.splitlines():
        if line.startswith(b"data: "):
            return line.removeprefix(b"data: ")
    raise ValueError("a frame without data")
