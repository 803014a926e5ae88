"""From the event log and from signals to nchan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from support_core.plugin_api import event_frame, hookimpl, signal_frame

from . import channels
from .publisher import Cut, Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Audience, Desk, DomainEvent, OpenDesk, Shown, Signal

    from .engine import Nchan

#: The signal of a login that ended.
ACCESS = "access.changed"

#: The line of what agents' streams show: all of it, for a stream may show several channels.
AGENTS = "agents"


def carry(open_desk: OpenDesk, events: Sequence[DomainEvent]) -> None:
    """Publish events in the order of the log; again from the first, after a raise or a crash."""
    with open_desk(write=False) as desk:
        application = desk.application
        shown, ended = _of_audiences(desk, events)
    workspace_id = events[0].workspace_id
    said: list[Message | Cut] = []
    for audience, it in shown:
        channel = channels.of_audience(workspace_id, audience, it.name)
        said.append(Message(channel, [channel], it.event, orjson.dumps(it.data)))
    said += [Cut(channels.of_audience(workspace_id, *it)) for it in ended]
    for event in events:
        needed = application.event_types.needed(
            event.type, of_conversation=event.conversation_id is not None
        )
        content = payload(event_frame(event))
        said.append(Message(AGENTS, channels.of(event, needed), event.type, content))
        leash = taken_away(event)
        if leash is not None:
            said.append(Cut(leash))
    nchan: Nchan = application.extensions["nchan"]
    nchan.publisher.publish(said)


def _of_audiences(
    desk: Desk, events: Sequence[DomainEvent]
) -> tuple[list[tuple[str, Shown]], list[tuple[str, str]]]:
    """Return what the audiences see of events, and the names that end with them."""
    shown: list[tuple[str, Shown]] = []
    ended: list[tuple[str, str]] = []
    for audience in desk.application.audiences:
        wanted = [it for it in events if audience.wants(it)]
        if wanted:
            shown += [(audience.name, it) for it in audience.show(desk, wanted)]
        ending = [it for it in events if it.type in audience.ended_by]
        if ending:
            ended += [(audience.name, it) for it in audience.ends(desk, ending)]
    return shown, ended


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

    def __init__(self, application: Any, nchan: Nchan) -> None:
        self._application = application
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
        for audience in self._application.audiences:
            if signal.type in audience.hears:
                self._pass_on(audience, signal)

    def _pass_on(self, audience: Audience, signal: Signal) -> None:
        with self._application.desk(signal.workspace_id, write=False) as desk:
            heard = list(audience.hear(desk, signal))
        for it in heard:
            channel = channels.of_audience(signal.workspace_id, audience.name, it.name)
            self._nchan.publisher.passing([channel], name=it.event, content=orjson.dumps(it.data))


def payload(frame: bytes) -> bytes:
    """Return the data of one of our own stream's frames, which nchan puts into one of its own."""
    for line in frame.splitlines():
        if line.startswith(b"data: "):
            return line.removeprefix(b"data: ")
    raise ValueError("a frame without data")
