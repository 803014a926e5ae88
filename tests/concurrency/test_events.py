"""The event log under concurrent writers: no gap, and never an older event after a newer one."""

from __future__ import annotations

from functools import partial
from threading import Event, Thread
from typing import TYPE_CHECKING

from .racing import at_once, copies

if TYPE_CHECKING:
    from support_core.testing import Client, TestWorkspace


def test_a_reader_sees_every_event_once_and_in_order(workspace: TestWorkspace) -> None:
    conversations = [workspace.conversation()["id"] for _ in range(8)]
    done, seen = Event(), list[int]()
    reader = Thread(target=_follow, args=(copies(workspace.owner, 1)[0], seen, done))
    reader.start()
    try:
        answers = at_once(
            *(
                partial(_write, it, id_)
                for it, id_ in zip(copies(workspace.owner, 8), conversations, strict=True)
            )
        )
    finally:
        done.set()
        reader.join(30)
    assert all(answers)
    assert seen == list(range(1, len(seen) + 1))
    last = workspace.owner.get(f"/events?after={seen[-1]}").json["data"]
    assert last == []
    assert len(seen) >= 8 * (2 + 10)


def _write(client: Client, conversation: int) -> bool:
    statuses = ["pending", "active"] * 5
    return all(
        client.patch(f"/conversations/{conversation}/status", {"status": it}).status_int == 200
        for it in statuses
    )


def _follow(client: Client, seen: list[int], done: Event) -> None:
    last_look = False
    while True:
        after = seen[-1] if seen else 0
        found = client.get(f"/events?after={after}").json["data"]
        seen += [event["id"] for event in found]
        if last_look and not found:
            return
        last_look = done.is_set()
