"""What lies between the table and the workers may lose, double and delay whatever it likes."""

from __future__ import annotations

import pytest
from dramatiq import Message

from support_core.jobs import cancel, keyed_id
from support_core.jobs.transport import TransportDown, connect, shown

from . import sample_jobs
from .desks import state_of
from .sample_jobs import note, unimportant

pytestmark = pytest.mark.every_server


@pytest.fixture(autouse=True)
def _empty_queues(broker_url):
    """Begin without the messages that other tests left behind."""
    transport = connect(broker_url)
    for queue in ("notes", "waits"):
        transport._broker.flush(queue)  # type: ignore[attr-defined]
    transport.close()


def _hand_over(application):
    application.jobs.broker.hand_over()


def _depth(application):
    return application.jobs.broker.transport.depth("notes")


def _states(application):
    return sorted(row.state for row in application.rows())


def test_a_job_is_handed_over_and_stays_in_the_table(application):
    application.enqueue(note, 1)
    _hand_over(application)
    (row,) = application.rows()
    assert (row.state, row.attempt, row.owner) == ("handed", 0, None)
    assert _depth(application) == 1
    assert application.jobs.drain() == 1
    assert application.rows() == []


def test_a_message_that_came_twice_runs_once(application):
    application.enqueue(note, 1)
    (row,) = application.rows()
    _hand_over(application)
    application.jobs.broker.transport.publish([Message.decode(row.message)])
    assert application.jobs.drain() == 1
    assert sample_jobs.attempts == [(1, 1)]


def test_a_message_whose_job_is_gone_is_dropped(application):
    message_id = application.enqueue(note, 1)
    application.enqueue(note, 2)
    _hand_over(application)
    with application.desk(1) as desk:
        assert cancel(desk.session, message_id)
    assert application.jobs.drain() == 1
    assert application.effects() == [2]


def test_a_message_that_was_never_sent_is_sent_when_the_lease_ran_out(application):
    application.jobs.drain()
    application.enqueue(note, 1)
    assert application.jobs.broker.handover.hand("notes")
    _hand_over(application)
    assert _depth(application) == 0
    application.clock.forward(seconds=61)
    _hand_over(application)
    assert _depth(application) == 1
    assert application.jobs.drain() == 1


def test_the_server_is_told_of_no_more_than_the_window(make_application):
    application = make_application(window=8)
    for number in range(30):
        application.enqueue(note, number)
    _hand_over(application)
    assert _states(application) == ["handed"] * 8 + ["queued"] * 22
    assert _depth(application) == 8
    assert application.jobs.drain() == 30


def test_absent_workers_do_not_make_the_server_grow(make_application):
    application = make_application(window=8)
    for number in range(30):
        application.enqueue(note, number)
    for _ in range(10):
        application.clock.forward(seconds=61)
        _hand_over(application)
    assert _depth(application) == 16
    assert _states(application).count("handed") == 8
    assert application.jobs.drain() == 30
    assert sorted(application.effects()) == list(range(30))


def test_what_matters_more_is_handed_over_first(make_application):
    application = make_application(window=4)
    for number in range(6):
        application.enqueue(unimportant, number)
    application.enqueue(note, 100)
    _hand_over(application)
    handed = [row.priority for row in application.rows(state="handed")]
    assert sorted(handed) == [0, 10, 10, 10]


def test_a_key_asked_for_again_while_its_job_is_handed_adds_none(application):
    application.enqueue(note, 1, key="mailbox")
    _hand_over(application)
    application.enqueue(note, 1, key="mailbox")
    (row,) = application.rows()
    assert row.state == "handed"
    assert application.jobs.drain() == 1
    assert application.rows() == []


def test_a_handed_job_is_cancelled_by_its_key(application):
    application.enqueue(note, 1, key="mailbox")
    _hand_over(application)
    with application.desk(1) as desk:
        assert cancel(desk.session, keyed_id(note, "mailbox", workspace_id=1))
    assert application.jobs.drain() == 0


def test_a_row_that_is_just_being_changed_is_claimed_once_it_is_not(application):
    if application.database.dialect == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    message_id = application.enqueue(note, 1, key="mailbox")
    _hand_over(application)
    handover = application.jobs.broker.handover
    with application.desk(1) as desk:
        application.jobs.enqueue(desk.session, note, 1, workspace_id=1, key="mailbox")
        assert handover.claim([message_id], owner="me") == ([], {message_id})
    (claim,), left = handover.claim([message_id], owner="me")
    assert (claim.message_id, claim.attempt, left) == (message_id, 1, set())


def test_a_job_that_cannot_be_decoded_is_dead(application):
    application.enqueue(note, 1)
    application.change(message=b"\xff")
    application.jobs.drain()
    (row,) = application.rows()
    assert row.state == "dead"
    assert "Cannot be decoded" in row.last_error


def test_the_embedded_broker_runs_what_was_handed_to_another(application, make_application):
    for number in range(3):
        application.enqueue(note, number)
    _hand_over(application)
    embedded = make_application(broker="embedded")
    embedded.enqueue(note, 3)
    assert embedded.jobs.drain() == 4
    assert sorted(embedded.effects()) == [0, 1, 2, 3]


def test_handing_back_at_a_stop_leaves_nothing_claimed(application):
    for number in range(40):
        application.enqueue(sample_jobs.wait, number)
    application.jobs.start_workers(1)
    assert sample_jobs.began.wait(10)
    sample_jobs.may_end.set()
    application.jobs.stop()
    assert {state_of(row) for row in application.rows()} <= {"queued"}
    left = len(application.rows())
    assert left + len(application.effects()) == 40
    assert application.jobs.drain() == left


def test_a_desk_that_is_another_servers_client_does_not_get_our_jobs(make_application, broker):
    if broker == "rabbitmq":
        pytest.skip("a virtual host is a server of its own")
    ours = make_application()
    theirs = make_application(broker=f"{ours.broker}?namespace=theirs")
    ours.enqueue(note, 1)
    _hand_over(ours)
    assert theirs.jobs.broker.transport.depth("notes") == 0
    assert ours.jobs.drain() == 1


def test_a_drain_without_the_server_says_so(make_application, broker_url):
    address = broker_url.rpartition("@")[0] + "@127.0.0.1:1/0"
    application = make_application(broker=address)
    application.enqueue(note, 1)
    with pytest.raises(TransportDown) as raised:
        application.jobs.drain()
    assert "refused" in str(raised.value)
    assert _states(application) == ["queued"]


def test_the_address_is_shown_without_its_password(broker_url):
    password = broker_url.partition("@")[0].rpartition(":")[2]
    assert password not in shown(broker_url)
    assert shown(broker_url).startswith(broker_url.partition(":")[0])
