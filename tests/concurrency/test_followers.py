"""Followers while many write and workers run: once each, in order, and nobody in anybody's way."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from support_core.follower_jobs import follow as follow_job
from support_core.jobs import JobContext
from support_core.models import Job
from support_core.testing import make_desk, probe
from tests.core.following import Reader, follow, noted, place

from .racing import at_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import DomainEvent
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases

READER = Reader()
WRITERS = 6
EACH = 25
SECONDS = 60


@pytest.fixture(scope="module")
def followed(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application with workers of its own, and followers that write and fail."""
    under_test = make_desk(
        tmp_path_factory.mktemp("followed"),
        databases.create("followed"),
        plugins=(),
        extra={"probe": probe, "reader": READER.plugin()},
        support__database__pool_size="20",
    )
    yield under_test
    under_test.application.close()


def _write(workspace: TestWorkspace, number: int) -> bool:
    """Log events while rows of all writers are locked in one order, as services do."""
    for count in range(EACH):
        with workspace.desk() as desk:
            desk.events.publish("test.happened", writer=number, count=count)
    return True


def _doubled(workspace: TestWorkspace) -> bool:
    """Run the follower's job beside the workers, as one that lost its lease does."""
    context = JobContext(workspace.under_test.application, workspace.id, "key-doubled")
    for _ in range(EACH):
        try:
            follow_job(context, "inside")
        except RuntimeError:
            time.sleep(0.01)
    return True


def _waits(desk: DeskUnderTest) -> bool:
    with desk.application.database.transaction(write=False) as session:
        return session.execute(select(Job.id).where(Job.queue == "followers")).first() is not None


def test_every_event_is_heard_once_and_in_order_whoever_writes(followed: DeskUnderTest) -> None:
    workspace = followed.workspace()
    follow(workspace, "inside", "outside")
    failures = iter(range(1_000_000))

    def now_and_then(_events: Sequence[DomainEvent]) -> None:
        if next(failures) % 7 == 3:
            raise RuntimeError("a defect of the plugin")

    READER.on_page = now_and_then
    followed.application.jobs.start_workers(4)
    try:
        answers = at_once(
            *(partial(_write, workspace, number) for number in range(WRITERS)),
            *(partial(_doubled, workspace) for _ in range(2)),
        )
        READER.on_page = lambda _events: None
        with workspace.desk() as desk:
            desk.events.publish("test.last")
        deadline = time.monotonic() + SECONDS
        while _waits(followed):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        followed.application.jobs.stop()
    assert all(answers)
    with workspace.desk(write=False) as desk:
        first = noted(workspace)[0]
        logged = [event.id for event in desk.events.read(after=first - 1, limit=10_000)]
    assert len(logged) == WRITERS * EACH + 1
    assert noted(workspace) == logged
    assert {id_ for of, id_ in READER.carried if of == workspace.id} == set(logged)


def _follow_and_leave(workspace: TestWorkspace) -> bool:
    for _ in range(EACH):
        follow(workspace, "inside")
        with workspace.desk() as desk:
            desk.events.publish("test.between")
            desk.events.unfollow("inside")
    return True


def test_following_and_leaving_while_others_write_blocks_nobody(followed: DeskUnderTest) -> None:
    READER.on_page = lambda _events: None
    workspace = followed.workspace()
    answers = at_once(
        *(partial(_write, workspace, number) for number in range(4)),
        partial(_doubled, workspace),
        *(partial(_follow_and_leave, workspace) for _ in range(2)),
    )
    assert all(answers)
    follow(workspace, "inside")
    with workspace.desk() as desk:
        desk.events.publish("test.last")
    followed.run_jobs()
    heard = noted(workspace)
    assert heard == sorted(set(heard))
    reached = place(workspace, "inside")
    assert reached is not None
    assert heard[-1] == reached.last_event_id


def test_an_event_of_the_moment_in_which_following_begins_is_not_missed(
    followed: DeskUnderTest,
) -> None:
    READER.on_page = lambda _events: None
    for _ in range(10):
        workspace = followed.workspace()
        at_once(partial(_write, workspace, 1), partial(follow, workspace, "inside"))
        followed.run_jobs()
        reached = place(workspace, "inside")
        assert reached is not None
        with workspace.desk(write=False) as desk:
            logged = [event.id for event in desk.events.read(after=0, limit=1000)]
        assert reached.last_event_id == logged[-1]
        heard = noted(workspace)
        assert heard == logged[len(logged) - len(heard) :]
