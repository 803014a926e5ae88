"""The counts behind a list's total stay true, whatever changes at once."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.models import Conversation, ConversationTally
from support_core.services.maintenance import fold_tallies

from .racing import at_once, copies

if TYPE_CHECKING:
    from support_core.testing import Client, DeskUnderTest, TestWorkspace

FACETS = ("mailbox_id", "status", "channel", "priority", "assigned_to")


def _tallied(workspace: TestWorkspace) -> dict[tuple[Any, ...], int]:
    columns = [getattr(ConversationTally, name) for name in FACETS]
    total = func.sum(ConversationTally.conversations)
    with workspace.desk(write=False) as desk:
        rows = desk.session.execute(select(*columns, total).group_by(*columns)).all()
    return {tuple(row[:-1]): int(row[-1]) for row in rows if row[-1]}


def _counted(workspace: TestWorkspace) -> dict[tuple[Any, ...], int]:
    columns = [getattr(Conversation, name) for name in FACETS]
    with workspace.desk(write=False) as desk:
        rows = desk.session.execute(
            select(*columns, func.count())
            .where(Conversation.deleted_at.is_(None))
            .group_by(*columns)
        ).all()
    return {(*row[:-2], row[-2] or 0): row[-1] for row in rows}


def _change(client: Client, random: Random, ids: list[int], choices: dict[str, Any]) -> set[int]:
    """Make random changes; returns the statuses of the answers."""
    seen = set()
    for _ in range(15):
        path = f"/conversations/{random.choice(ids)}"
        match random.randrange(6):
            case 0:
                status = random.choice(["active", "pending", "closed", "spam"])
                answer = client.patch(f"{path}/status", {"status": status})
            case 1:
                user = random.choice([None, *choices["members"]])
                answer = client.patch(f"{path}/assign", {"user_id": user})
            case 2:
                answer = client.patch(path, {"priority": random.choice(["low", "urgent"])})
            case 3:
                answer = client.patch(path, {"mailbox_id": random.choice(choices["mailboxes"])})
            case 4:
                answer = client.delete(path)
            case _:
                answer = client.post(f"{path}/restore")
        seen.add(answer.status_int)
    return seen


def test_tallies_equal_the_counts_after_concurrent_changes(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    ids = [workspace.conversation()["id"] for _ in range(12)]
    choices = {
        "members": [workspace.owner_id, workspace.member()],
        "mailboxes": [workspace.a_mailbox, workspace.mailbox()],
    }
    changes = [
        partial(_change, it, Random(seed), ids, choices)  # noqa: S311 - to be repeatable
        for seed, it in enumerate(copies(workspace.owner, 6))
    ]
    answers = at_once(*changes, partial(_fold_often, desk))

    # 404 and 409: another thread had deleted or restored it before.
    assert set().union(*answers) <= {200, 404, 409}
    assert _tallied(workspace) == _counted(workspace)
    _fold(desk)
    assert _tallied(workspace) == _counted(workspace)
    total = workspace.owner.get("/conversations?status=closed,spam").json["meta"]["total"]
    assert total == sum(
        number for facets, number in _counted(workspace).items() if facets[1] in {"closed", "spam"}
    )


def test_folding_leaves_one_row_for_each_kind_of_conversation(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    at_once(*(partial(_open, it, workspace) for it in copies(workspace.owner, 6)))
    _fold(desk)
    with workspace.desk(write=False) as opened:
        rows = opened.session.scalars(select(ConversationTally)).all()
    assert [(row.slot, row.conversations) for row in rows] == [(0, 6)]


def _open(client: Client, workspace: TestWorkspace) -> None:
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "tally@example.test",
        "subject": "Count me",
        "body": "Hello",
        "channel": "probe",
    }
    assert client.post("/conversations", body).status_int == 201


def _fold(desk: DeskUnderTest) -> None:
    with desk.application.desk(None) as opened:
        opened.enqueue(fold_tallies)
    desk.run_jobs()


def _fold_often(desk: DeskUnderTest) -> set[int]:
    for _ in range(5):
        _fold(desk)
    return set()
