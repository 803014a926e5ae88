"""What a client of nchan's streams gets."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from support_core.plugin_api import JobContext
from support_nchan import channels
from support_nchan.jobs import cut_oldest

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

    from .conftest import Behind
    from .listening import Listening


def log_of(workspace: TestWorkspace, after: int = 0) -> list[dict[str, Any]]:
    """Return the events of a workspace as ``GET /events`` shows them to its owner."""
    answer = workspace.owner.get(f"/events?after={after}&per_page=100")
    assert answer.status_int == 200, answer.text
    found: list[dict[str, Any]] = answer.json["data"]
    return found


def head_of(workspace: TestWorkspace) -> int:
    return max((event["id"] for event in log_of(workspace)), default=0)


def customer(workspace: TestWorkspace, name: str) -> None:
    body = {"email": f"{name}@customers.example", "first_name": name}
    assert workspace.owner.post("/customers", body).status_int == 201


def publish(behind: Behind) -> None:
    behind.desk.run_jobs()


def test_events_arrive_as_get_events_shows_them(behind: Behind, shop: TestWorkspace) -> None:
    assert shop.a_mailbox
    behind.settle()
    before = head_of(shop)
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        shop.conversation(channel="api")
        publish(behind)
        wanted = log_of(shop, before)
        frames = stream.wait_for(len(wanted))
        assert len(wanted) >= 3
    assert [frame.data for frame in frames] == wanted
    assert [frame.event for frame in frames] == [event["type"] for event in wanted]
    assert stream.answer["content-type"].startswith("text/event-stream")


def test_a_stream_is_answered_with_the_headers_of_every_request(
    behind: Behind, shop: TestWorkspace
) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
    assert stream.answer["x-request-id"]
    assert stream.answer["x-content-type-options"] == "nosniff"
    assert not [name for name in stream.answer if "channel" in name or "accel-redirect" in name]


def test_many_events_keep_the_order_of_the_log(behind: Behind, shop: TestWorkspace) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        for number in range(30):
            customer(shop, f"order{number}")
        publish(behind)
        stream.wait_for(30)
        assert stream.ids == sorted(set(stream.ids))


def test_who_comes_back_gets_what_was_missed_once_and_in_order(
    behind: Behind, shop: TestWorkspace
) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        for number in range(5):
            customer(shop, f"before{number}")
        publish(behind)
        stream.wait_for(5)
    for number in range(20):
        customer(shop, f"away{number}")
    publish(behind)
    with behind.listen(shop, after=stream.last_id) as again:
        again.wait_for(20)
        customer(shop, "back")
        publish(behind)
        again.wait_for(21)
        assert again.stays_quiet()
    assert stream.ids + again.ids == [event["id"] for event in log_of(shop)][-26:]
    assert again.opened is None


def test_who_saw_nothing_yet_comes_back_to_what_was_missed(
    behind: Behind, shop: TestWorkspace
) -> None:
    with behind.listen(shop) as stream:
        stream.wait_until_open()
    time.sleep(1.1)  # a position names a second
    customer(shop, "missed")
    publish(behind)
    with behind.listen(shop, after=stream.last_id) as again:
        again.wait_for(1)
        assert again.ids == [head_of(shop)]


def test_an_id_of_the_log_is_gone_on_from_as_well(behind: Behind, shop: TestWorkspace) -> None:
    customer(shop, "first")
    publish(behind)
    known = head_of(shop)
    customer(shop, "second")
    publish(behind)
    for stream in (
        behind.listen(shop, after=str(known)),
        behind.listen(shop, last_event_id=known),
    ):
        with stream:
            stream.wait_for(1)
            while known + 1 not in stream.ids:
                stream.wait_for(len(stream.frames) + 1)
    with behind.listen(shop, after=str(head_of(shop))) as stream:
        customer(shop, "third")
        publish(behind)
        while head_of(shop) not in stream.ids:
            stream.wait_for(len(stream.frames) + 1)


def test_more_than_nchan_keeps_is_a_reset(behind: Behind, shop: TestWorkspace) -> None:
    """200 events are kept here; the client loads anew and goes on from the id it is told."""
    customer(shop, "early")
    publish(behind)
    with behind.listen(shop, after=str(head_of(shop))) as stream:
        assert stream.status == 200
    before = int(time.time()) - 1
    with shop.desk() as desk:
        for _ in range(205):
            desk.events.publish("customer.updated", customer_id=1)
    for after in ("1", f"{before}:0"):
        with behind.listen(shop, after=after) as stream:
            (reset,) = stream.wait_for(1)
            stream.wait_for_the_end()
        assert reset.event == "reset"
        assert reset.data == {"last_event_id": int(reset.id)}
    publish(behind)
    with behind.listen(shop, after=reset.id) as stream:
        customer(shop, "late")
        publish(behind)
        stream.wait_for(1)
        while stream.frames[-1].event != "customer.created":
            stream.wait_for(len(stream.frames) + 1)


def test_an_id_of_a_future_that_was_rolled_back_is_a_reset(
    behind: Behind, shop: TestWorkspace
) -> None:
    customer(shop, "only")
    with behind.listen(shop, after="4711") as stream:
        (reset,) = stream.wait_for(1)
    assert (reset.event, reset.data) == ("reset", {"last_event_id": head_of(shop)})


def test_filters_show_the_mailboxes_and_types_they_name(
    behind: Behind, shop: TestWorkspace
) -> None:
    first, second = shop.mailbox(), shop.mailbox()
    behind.settle()

    def heard(stream: Listening) -> set[tuple[str, int]]:
        return {(frame.event, frame.data["mailbox_id"]) for frame in stream.frames}

    with (
        behind.listen(shop, mailbox_id=first) as of_first,
        behind.listen(shop, mailbox_id=f"{first},{second}") as of_both,
        behind.listen(shop, type="conversation.*", mailbox_id=second) as of_noun,
        behind.listen(shop, type="thread.added,customer.created") as of_types,
    ):
        for stream in (of_first, of_both, of_noun, of_types):
            stream.wait_until_open()
        for mailbox in (first, second):
            shop.conversation(channel="api", mailbox_id=mailbox)
        publish(behind)
        of_both.wait_for(4)
        of_first.wait_for(2)
        of_noun.wait_for(1)
        of_types.wait_for(3)
        assert of_types.stays_quiet()
    created, added = "conversation.created", "thread.added"
    assert heard(of_first) == {(created, first), (added, first)}
    assert heard(of_both) == {
        (name, mailbox) for name in (created, added) for mailbox in (first, second)
    }
    assert heard(of_noun) == {(created, second)}
    assert [it.event for it in of_types.frames] == ["customer.created", added, added]


def test_more_filters_than_nchan_can_follow_are_refused_clearly(
    behind: Behind, shop: TestWorkspace
) -> None:
    mailboxes = ",".join(str(shop.mailbox()) for _ in range(70))
    with behind.listen(shop, mailbox_id=mailboxes) as stream:
        assert stream.status == 422
    assert json.loads(stream.refusal)["errors"] == {
        "mailbox_id": ["The filters name more than one stream can follow; open several."]
    }


def test_typing_is_heard_in_passing(behind: Behind, shop: TestWorkspace) -> None:
    conversation = shop.conversation(channel="api")
    behind.settle()
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        answer = shop.owner.post(f"/conversations/{conversation['id']}/typing")
        assert answer.status_int == 200
        heard = stream.wait_for(len(stream.frames) + 1)[-1]
    assert heard.event == "agent.typing"
    assert heard.data["conversation_id"] == conversation["id"]


def test_a_stream_of_some_minutes_is_cut(behind: Behind, shop: TestWorkspace) -> None:
    application = behind.desk.application
    clock, moment = application.clock, application.clock()
    try:
        application.clock = lambda: moment - timedelta(minutes=behind.engine.recheck)
        with behind.listen(shop) as old:
            old.wait_until_open()
            application.clock = lambda: moment
            with behind.listen(shop) as new:
                new.wait_until_open()
                cut_oldest(JobContext(application, None, "cut"))
                old.wait_for_the_end()
                assert not new.ended.is_set()
    finally:
        application.clock = clock


def test_a_stream_is_cut_in_its_turn_and_is_gone_on_with(
    behind: Behind, shop: TestWorkspace
) -> None:
    application = behind.desk.application
    minute = int(application.clock().timestamp() // 60)
    with behind.listen(shop) as stream:
        stream.wait_until_open()
        for later in range(2, behind.engine.recheck):
            behind.engine.publisher.cut(channels.turn(minute + later, behind.engine.recheck))
        assert stream.stays_quiet()
        assert not stream.ended.is_set(), "it is not its turn"
        for mine in (minute, minute + 1):
            behind.engine.publisher.cut(channels.turn(mine, behind.engine.recheck))
        stream.wait_for_the_end()
    customer(shop, "between")
    publish(behind)
    with behind.listen(shop, after=stream.last_id) as again:
        again.wait_for(1)
        assert head_of(shop) in again.ids
