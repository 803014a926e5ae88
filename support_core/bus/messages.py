"""What travels on the bus: that a workspace's log has grown, and signals that pass by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that is over as soon as it is said, such as that somebody types.

    It is stored nowhere: who is not listening just now never hears of it. ``payload`` holds ids,
    names and states that every listener of the conversation may see.
    """

    type: str
    workspace_id: int
    conversation_id: int | None = None
    mailbox_id: int | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message of the bus, about one workspace.

    ``head`` is the id of the newest event of its log, where that has grown: whoever follows the
    log should look. Losing a notice delays and never loses an event.
    """

    workspace_id: int
    head: int | None = None
    signals: tuple[Signal, ...] = ()


def encode(notice: Notice) -> bytes:
    """Return the notice as it travels."""
    said: dict[str, Any] = {"w": notice.workspace_id}
    if notice.head is not None:
        said["h"] = notice.head
    if notice.signals:
        said["s"] = [
            [each.type, each.conversation_id, each.mailbox_id, each.payload]
            for each in notice.signals
        ]
    return orjson.dumps(said)


def decode(message: bytes | str) -> Notice:
    """Read a notice; raises ``ValueError`` for what is none."""
    try:
        said = orjson.loads(message)
        workspace_id = int(said["w"])
        signals = tuple(
            Signal(type_, workspace_id, conversation_id, mailbox_id, payload)
            for type_, conversation_id, mailbox_id, payload in said.get("s", ())
        )
        return Notice(workspace_id, said.get("h"), signals)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a notice") from error
