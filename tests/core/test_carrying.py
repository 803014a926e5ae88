"""Followers that carry: again rather than never, and on in one job while more is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text, update

from support_core import follower_jobs
from support_core.follower_jobs import REST, follow as follow_job, wake_followers
from support_core.jobs import JobContext
from support_core.models import Job
from support_core.testing import make_desk, probe

from .following import Reader, context_of, follow, job_of, kill, place, publish

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support_core.plugin_api import DomainEvent
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases

READER = Reader()


@pytest.fixture(scope="module")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """An application with a plugin that follows."""
    under_test = make_desk(
        tmp_path_factory.mktemp("carrying"),
        databases.create("carrying"),
        plugins=(),
        extra={"probe": probe, "reader": READER.plugin()},
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _nothing_waits(desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Begin anew; a turn ends when a test says so, however slow the machine is."""
    READER.__init__()  # type: ignore[misc]
    monkeypatch.setattr(follower_jobs, "SHORT_TURN", 600.0)
    yield
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


def test_a_dead_one_that_carries_is_tried_anew_by_the_schedule_after_an_hour(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    """What was away outside may be back; what a handler died of is a defect, which stays."""
    follow(workspace, "inside", "outside")
    ids = publish(workspace, 2)
    for name in ("inside", "outside"):
        kill(READER, workspace, name)
    READER.on_page = lambda _events: None
    READER.carried.clear()
    wake_followers(JobContext(desk.application, None, "test"))
    assert job_of(workspace, "outside").state == "dead"
    with desk.application.database.transaction() as session:
        session.execute(update(Job).values(updated_at=desk.application.clock() - REST))
    wake_followers(JobContext(desk.application, None, "test"))
    desk.run_jobs()
    assert [id_ for of, id_ in READER.carried if of == workspace.id] == ids
    assert job_of(workspace, "outside") is None
    assert job_of(workspace, "inside").state == "dead"


class Meanwhile:
    """Logs more events while a page is carried, for so many pages."""

    def __init__(self, workspace: TestWorkspace, pages: int) -> None:
        self.workspace = workspace
        self.left = pages
        self.ids: list[int] = []

    def __call__(self, _events: Sequence[DomainEvent]) -> None:
        if self.left:
            self.left -= 1
            self.ids += publish(self.workspace, 2)


def test_one_that_carries_reads_on_as_long_as_more_is_logged(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "outside")
    ids = publish(workspace)
    READER.on_page = more = Meanwhile(workspace, pages=3)
    follow_job(context_of(workspace), "outside")
    assert READER.carried == [(workspace.id, id_) for id_ in [*ids, *more.ids]]
    assert len(more.ids) == 6
    reached = place(workspace, "outside")
    assert reached is not None
    assert reached.last_event_id == more.ids[-1]


@pytest.mark.parametrize("why", ["another waits", "its time is over"])
def test_one_that_has_read_on_for_long_enough_lets_others_go_first_and_goes_on(
    workspace: TestWorkspace,
    other: TestWorkspace,
    monkeypatch: pytest.MonkeyPatch,
    why: str,
) -> None:
    monkeypatch.setattr(follower_jobs, "SHORT_TURN", -1.0)
    if why == "its time is over":
        monkeypatch.setattr(follower_jobs, "TURN", -1.0)
    follow(workspace, "outside")
    follow(other, "inside")
    ids = publish(workspace)
    READER.on_page = more = Meanwhile(workspace, pages=2)
    for carried in (1, 3, 5):
        _forget_jobs(workspace)
        if why == "another waits":
            publish(other)
        follow_job(context_of(workspace), "outside")
        assert len(READER.carried) == carried
        assert (job_of(workspace, "outside") is not None) == (carried < 5)
    assert READER.carried == [(workspace.id, id_) for id_ in [*ids, *more.ids]]


def test_one_goes_on_for_as_long_as_nobody_waits(
    workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_jobs, "SHORT_TURN", -1.0)
    follow(workspace, "outside")
    ids = publish(workspace)
    _forget_jobs(workspace)

    class Alone(Meanwhile):
        def __call__(self, events: Sequence[DomainEvent]) -> None:
            super().__call__(events)
            _forget_jobs(workspace)  # its own, which runs, and waits for nobody

    READER.on_page = more = Alone(workspace, pages=3)
    follow_job(context_of(workspace), "outside")
    assert READER.carried == [(workspace.id, id_) for id_ in [*ids, *more.ids]]
    assert len(more.ids) == 6


def _forget_jobs(workspace: TestWorkspace) -> None:
    with workspace.under_test.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


def test_one_whose_place_another_run_has_moved_goes_on_from_there(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "outside")
    ids = publish(workspace, 2)
    later: list[int] = []

    def another(_events: Sequence[DomainEvent]) -> None:
        READER.on_page = lambda _events: None
        follow_job(context_of(workspace), "outside")
        later.extend(publish(workspace, 2))

    READER.on_page = another
    follow_job(context_of(workspace), "outside")
    assert [id_ for _, id_ in READER.carried] == [*ids, *ids, *later]
    reached = place(workspace, "outside")
    assert reached is not None
    assert (reached.last_event_id, reached.missed) == (later[-1], 0)


def test_one_that_is_followed_no_more_stops_amid_its_pages(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "outside")
    ids = publish(workspace, 2)

    def leave(_events: Sequence[DomainEvent]) -> None:
        with workspace.desk() as opened:
            opened.events.unfollow("outside")
        publish(workspace, 2)

    READER.on_page = leave
    follow_job(context_of(workspace), "outside")
    assert [id_ for _, id_ in READER.carried] == ids
    assert place(workspace, "outside") is None
