"""Followers of the event log: exactly once, in order, and never losing their place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, text, update

from support_core.follower_jobs import follow as follow_job, wake_followers
from support_core.jobs import JobContext
from support_core.jobs.replay import Choice, retry_dead
from support_core.models import Event, Job
from support_core.plugin_api import ConfigurationError, Follower
from support_core.services.maintenance import remove_expired
from support_core.testing import count_statements, make_desk, probe

from .following import (
    Reader,
    context_of,
    fail,
    follow,
    job_of,
    kill,
    noted,
    place,
    publish,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases

READER = Reader()


@pytest.fixture(scope="module")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """An application with a plugin that follows."""
    under_test = make_desk(
        tmp_path_factory.mktemp("followers"),
        databases.create("followers"),
        plugins=(),
        extra={"probe": probe, "reader": READER.plugin()},
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _nothing_waits(desk: DeskUnderTest) -> Iterator[None]:
    READER.__init__()  # type: ignore[misc]
    yield
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))


def test_a_follower_hears_each_event_once_and_in_order(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    publish(workspace, 3)
    follow(workspace, "inside", "outside")
    ids = publish(workspace, 11)
    desk.run_jobs()
    assert noted(workspace) == ids
    assert READER.carried == [(workspace.id, id_) for id_ in ids]
    assert max(READER.sizes) == 4
    assert desk.run_jobs() == 0


def _publish_and_fail(workspace: TestWorkspace) -> None:
    with workspace.desk() as opened:
        opened.events.publish("test.happened")
        opened.session.flush()
        raise ZeroDivisionError


def test_what_was_rolled_back_is_heard_by_nobody(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    desk.run_jobs()
    with pytest.raises(ZeroDivisionError):
        _publish_and_fail(workspace)
    assert job_of(workspace) is None
    assert noted(workspace) == []


def test_only_the_workspaces_that_follow_are_read(
    desk: DeskUnderTest, workspace: TestWorkspace, other: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace)
    publish(other)
    desk.run_jobs()
    assert (noted(workspace), noted(other)) == (ids, [])
    assert place(other, "inside") is None


def test_one_that_follows_keeps_its_place_when_it_is_asked_again(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 2)
    follow(workspace, "inside")
    desk.run_jobs()
    assert noted(workspace) == ids


def test_one_that_stopped_following_begins_anew(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    publish(workspace)
    with workspace.desk() as opened:
        opened.events.unfollow("inside")
    publish(workspace)
    desk.run_jobs()
    assert noted(workspace) == []
    follow(workspace, "inside")
    ids = publish(workspace)
    desk.run_jobs()
    assert noted(workspace) == ids


def test_a_handler_may_end_its_own_following(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    follow(workspace, "inside")
    publish(workspace)

    READER.last = "inside"
    desk.run_jobs()
    assert place(workspace, "inside") is None
    assert len(noted(workspace)) == 1


def test_it_catches_up_after_any_stop_in_pages(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 30)
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))  # whoever was to run them is gone
    ids += publish(workspace)
    desk.run_jobs()
    assert noted(workspace) == ids
    assert READER.sizes == [4] * 7 + [3]


def test_a_doubled_run_hears_nothing_twice(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 5)
    for _ in range(3):
        follow_job(context_of(workspace), "inside")
    desk.run_jobs()
    assert noted(workspace) == ids


def test_many_events_ask_for_one_job(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    follow(workspace, "inside")
    publish(workspace, 9)
    with desk.application.database.transaction(write=False) as session:
        assert len(session.scalars(select(Job.id).where(Job.queue == "followers")).all()) == 1


def test_a_handler_that_raises_is_tried_again_and_loses_nothing(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 6)
    READER.on_page = fail
    desk.run_jobs()
    assert noted(workspace) == []
    waiting = job_of(workspace)
    assert waiting.state == "delayed"
    assert waiting.last_error.startswith("RuntimeError")
    READER.on_page = lambda _events: None
    follow_job(context_of(workspace), "inside")
    assert noted(workspace) == ids


@pytest.mark.parametrize("by", ["the next event", "a retry"])
def test_a_dead_job_is_visible_and_goes_on_by(
    desk: DeskUnderTest, workspace: TestWorkspace, by: str
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 2)
    kill(READER, workspace)
    dead = job_of(workspace)
    assert (dead.state, dead.last_error[:12]) == ("dead", "RuntimeError")
    wake_followers(JobContext(desk.application, None, "test"))
    assert job_of(workspace).state == "dead"
    READER.on_page = lambda _events: None
    if by == "the next event":
        ids += publish(workspace)
    else:
        with desk.application.database.transaction() as session:
            assert len(retry_dead(session, Choice(ids=[dead.id])).jobs) == 1
    desk.run_jobs()
    assert noted(workspace) == ids


def test_a_follower_whose_job_is_gone_is_woken_by_the_schedule(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 2)
    with desk.application.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM jobs"))
    wake_followers(JobContext(desk.application, None, "test"))
    desk.run_jobs()
    assert noted(workspace) == ids
    wake_followers(JobContext(desk.application, None, "test"))
    assert job_of(workspace) is None


def _age(workspace: TestWorkspace) -> None:
    with workspace.desk() as opened:
        long_ago = opened.clock() - timedelta(days=400)
        opened.session.execute(
            update(Event).values(created_at=long_ago),
            execution_options={"synchronize_session": False},
        )


def test_what_nobody_read_yet_outlives_its_time(
    desk: DeskUnderTest, workspace: TestWorkspace, other: TestWorkspace
) -> None:
    follow(workspace, "inside")
    ids = publish(workspace, 2)
    publish(other, 2)
    for each in (workspace, other):
        _age(each)
    remove_expired(JobContext(desk.application, None, "test"))
    with other.desk(write=False) as opened:
        assert opened.events.read(after=0) == []
    desk.run_jobs()
    assert noted(workspace) == ids
    remove_expired(JobContext(desk.application, None, "test"))
    with workspace.desk(write=False) as opened:
        assert opened.events.read(after=0) == []


def test_one_that_comes_too_late_goes_on_with_what_is_left_and_says_so(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "inside")
    lost = publish(workspace, 3)
    with workspace.desk() as opened:
        opened.session.execute(delete(Event).where(Event.id.in_(lost)))
    ids = publish(workspace, 2)
    desk.run_jobs()
    assert noted(workspace) == ids
    reached = place(workspace, "inside")
    assert reached is not None
    assert (reached.last_event_id, reached.missed) == (ids[-1], 3)


def test_an_effect_outside_is_repeated_rather_than_lost(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    follow(workspace, "outside")
    ids = publish(workspace, 2)
    READER.on_page = fail
    with pytest.raises(RuntimeError):
        follow_job(context_of(workspace), "outside")
    READER.on_page = lambda _events: None
    follow_job(context_of(workspace), "outside")
    follow_job(context_of(workspace), "outside")
    assert READER.carried == [(workspace.id, id_) for id_ in [*ids, *ids]]


def test_how_far_behind_a_follower_is_can_be_scraped(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    def behind() -> float:
        value = desk.application.metrics.get_sample_value(
            "support_follower_events_behind", {"follower": "inside"}
        )
        assert value is not None
        return value

    follow(workspace, "inside")
    before = behind()
    publish(workspace, 3)
    assert behind() == before + 3
    desk.run_jobs()
    assert behind() <= before


def _cost(desk: DeskUnderTest, workspace: TestWorkspace) -> int:
    publish(workspace)
    with count_statements(desk.application.database) as statements, workspace.desk() as opened:
        opened.events.publish("test.happened")
    return len(statements)


def test_what_following_costs_a_transaction_that_publishes(
    desk: DeskUnderTest,
    workspace: TestWorkspace,
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    nobody = make_desk(
        tmp_path_factory.mktemp("unfollowed"),
        databases.create("unfollowed"),
        plugins=(),
        extra={"probe": probe},
    )
    without = _cost(nobody, nobody.workspace())
    nobody.application.close()
    declared = _cost(desk, workspace)
    follow(workspace, "inside")
    one = _cost(desk, workspace)
    follow(workspace, "outside")
    assert [declared - without, one - without, _cost(desk, workspace) - without] == [1, 2, 3]


def test_every_workspace_is_followed_from_its_first_event_on(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    reader = Reader()
    everywhere = make_desk(
        tmp_path_factory.mktemp("everywhere"),
        databases.create("everywhere"),
        plugins=(),
        extra={"probe": probe, "reader": reader.plugin(everywhere=True)},
    )
    workspaces = [everywhere.workspace(), everywhere.workspace()]
    for each in workspaces:
        publish(each, 2)
    everywhere.run_jobs()
    for each in workspaces:
        with each.desk(write=False) as opened:
            logged = [event.id for event in opened.events.read(after=0)]
        assert noted(each, "test.everywhere") == logged
        with pytest.raises(ValueError, match="follows every workspace"), each.desk() as opened:
            opened.events.unfollow("all")
    everywhere.application.close()


def test_a_follower_that_nobody_declares_cannot_be_asked_for(workspace: TestWorkspace) -> None:
    with pytest.raises(LookupError, match="no enabled plugin"), workspace.desk() as opened:
        opened.events.follow("stranger")


def test_two_followers_of_one_name_stop_the_start(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plugins = {"first": Reader().plugin("first"), "second": Reader().plugin("second")}
    with pytest.raises(ConfigurationError, match="which is another's already"):
        make_desk(
            tmp_path_factory.mktemp("doubled"),
            databases.create("doubled"),
            plugins=(),
            extra=plugins,
        )


def test_a_follower_has_one_handler() -> None:
    with pytest.raises(ValueError, match="either handle or carry"):
        Follower("neither")
