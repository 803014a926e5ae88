"""What a stream carries, to whom, and when it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.waiting import until

from .reader import Reader

if TYPE_CHECKING:
    from .conftest import Office


def test_events_arrive_as_they_happen_and_as_the_log_has_them(office: Office) -> None:
    office.conversation(office.mailbox())  # so that its customer is no news below
    reader = office.read()
    box = office.mailbox()
    office.conversation(box)
    reader.wait_for(3)
    with office.client() as caller:
        logged = caller.get(f"/events?after={reader.ids[0] - 1}").json()["data"]
    assert [it.data for it in reader.events] == logged
    assert [it.name for it in reader.events] == [it["type"] for it in logged]
    assert reader.ids == [it["id"] for it in logged]
    reader.cut()


def test_the_answer_is_one_that_proxies_and_browsers_leave_alone(office: Office) -> None:
    reader = office.read()
    head = reader.head.decode().lower()
    assert "content-type: text/event-stream" in head
    assert "cache-control: no-store" in head
    assert "x-accel-buffering: no" in head
    assert "x-content-type-options: nosniff" in head
    assert "x-request-id: " in head
    assert "transfer-encoding" not in head
    assert "content-length" not in head
    assert reader.parser.retry is not None
    assert 1000 <= reader.parser.retry <= 4000
    reader.cut()


def test_a_quiet_stream_gives_signs_of_life_and_its_position(office: Office) -> None:
    reader = office.read("?type=nothing.at-all")
    before = reader.parser.last_id
    until(lambda: reader.parser.comments > 0, "a sign of life")
    office.customer()
    head = office.head()
    until(lambda: reader.parser.last_id == head, "the position moves without an event")
    assert before is not None
    assert head > before
    assert reader.events == []
    reader.cut()


def test_a_stream_goes_on_after_the_id_it_names(office: Office) -> None:
    start = office.head()
    for _ in range(5):
        office.customer()
    wanted = list(range(start + 1, start + 6))
    for reader in (
        office.read(last_id=start),
        office.read(f"?last_event_id={start}"),
        office.read(f"?last_event_id={start + 4}", last_id=start),  # a browser's second attempt
    ):
        reader.wait_for(5)
        office.customer()
        wanted = list(range(start + 1, office.head() + 1))
        reader.wait_for(len(wanted))
        assert reader.ids == wanted
        reader.cut()


def test_a_long_way_back_is_caught_up_with_while_more_comes(office: Office) -> None:
    start = office.head()
    with office.client() as caller:
        for _ in range(450):
            address = f"c{time.monotonic_ns()}@customers.example"
            caller.post("/customers", json={"email": address}).raise_for_status()
    reader = office.read(last_id=start)
    for _ in range(20):
        office.customer()
    reader.wait_for(470)
    assert reader.ids == list(range(start + 1, start + 471))
    reader.cut()


def test_an_id_from_the_future_is_a_reset(office: Office) -> None:
    head = office.head()
    reader = office.read(last_id=head + 1000)
    (reset,) = reader.wait_for(1)
    assert (reset.name, reset.data) == ("reset", {"last_event_id": head})
    assert reader.parser.last_id == head
    office.customer()
    assert reader.wait_for(2)[1].id == head + 1
    reader.cut()


def test_an_id_that_is_none_is_refused(office: Office) -> None:
    for last_id in ("-1", "1.5", "x", "9" * 30):
        reader = Reader(office.desk.url, office.token, headers={"Last-Event-ID": last_id})
        assert reader.status == 422
        reader.wait_for_end() if reader.ended.is_set() else reader.cut()


def test_types_and_nouns_and_mailboxes_are_chosen(office: Office) -> None:
    first, second = office.mailbox(), office.mailbox()
    nouns = office.read("?type=conversation.*")
    types = office.read("?type=thread.added,customer.created")
    boxes = office.read(f"?mailbox_id={first},{2**40}")
    both = office.read(f"?mailbox_id={second}&type=thread.*")
    ours = office.conversation(first)
    office.conversation(second)
    office.call("PATCH", f"/conversations/{ours}/status", {"status": "closed"})
    nouns.wait_for(3)
    assert set(nouns.names) == {"conversation.created", "conversation.updated"}
    types.wait_for(2)
    assert set(types.names) <= {"thread.added", "customer.created"}
    boxes.wait_for(3)
    assert boxes.names == ["conversation.created", "thread.added", "conversation.updated"]
    assert {it.data["mailbox_id"] for it in boxes.events} == {first}
    both.wait_for(1)
    assert [it.data["mailbox_id"] for it in both.events] == [second]
    for reader in (nouns, types, boxes, both):
        reader.cut()


def test_who_follows_a_mailbox_hears_that_a_conversation_has_left_it(office: Office) -> None:
    first, second = office.mailbox(), office.mailbox()
    id_ = office.conversation(first)
    left, joined = office.read(f"?mailbox_id={first}"), office.read(f"?mailbox_id={second}")
    office.call("PATCH", f"/conversations/{id_}", {"mailbox_id": second})
    (moved,) = left.wait_for(1)
    assert moved.name == "conversation.moved"
    assert moved.data["payload"] == {"mailbox_id": first, "to_mailbox_id": second}
    joined.wait_for(1)
    assert joined.names == ["conversation.updated"]
    left.cut()
    joined.cut()


def test_events_are_shown_to_those_who_may_see_what_they_are_about(office: Office) -> None:
    _, role, token = office.member_token(["view_conversations"])
    member = office.read(token=token)
    owner = office.read()
    spare = office.post("/tokens", {"name": "spare"})["id"]
    office.call("DELETE", f"/tokens/{spare}")
    office.customer()
    owner.wait_for(2)
    assert owner.names == ["token.revoked", "customer.created"]
    member.wait_for(1)
    assert member.names == ["customer.created"]
    office.call("PUT", f"/roles/{role}", {"permissions": ["view_conversations", "manage_tokens"]})
    time.sleep(0.5)  # the stream learns of it by the event itself
    spare = office.post("/tokens", {"name": "spare"})["id"]
    office.call("DELETE", f"/tokens/{spare}")
    member.wait_for(2)
    assert member.names == ["customer.created", "token.revoked"]
    member.cut()
    owner.cut()


def test_a_revoked_token_ends_its_stream_and_no_other(office: Office) -> None:
    made = office.post("/tokens", {"name": "short-lived"})
    theirs, ours = office.read(token=made["token"]), office.read()
    office.call("DELETE", f"/tokens/{made['id']}")
    theirs.wait_for_end()
    office.customer()
    ours.wait_for(2)
    assert not ours.ended.is_set()
    again = Reader(office.desk.url, made["token"])
    assert again.status == 401
    again.cut()
    ours.cut()


def test_a_member_who_loses_access_loses_their_streams(office: Office) -> None:
    member, _, token = office.member_token(["view_conversations"])
    reader = office.read(token=token)
    office.call("PUT", f"/users/{member}", {"is_active": False})
    reader.wait_for_end()
    _, role, token = office.member_token(["view_conversations"])
    reader = office.read(token=token)
    office.call("PUT", f"/roles/{role}", {"permissions": ["manage_customers"]})
    reader.wait_for_end()


def test_logging_out_ends_the_logins_streams(office: Office) -> None:
    member, _, _ = office.member_token(["view_conversations"])
    email = office.call("GET", f"/users/{member}")["email"]
    with office.desk.client() as browser:
        body = {"email": email, "password": "correct horse battery"}
        csrf = browser.post("/auth/login", json=body).json()["data"]["csrf_token"]
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        reader = Reader(office.desk.url, headers={"Cookie": cookie}).open()
        other = office.read()
        browser.post("/auth/logout", headers={"X-CSRF-Token": csrf}).raise_for_status()
    reader.wait_for_end()
    assert not other.ended.is_set()
    other.cut()


def test_a_request_that_fails_publishes_nothing(office: Office) -> None:
    box = office.mailbox()
    id_ = office.conversation(box)
    reader = office.read()
    with office.client() as caller:
        refused = caller.post(
            f"/conversations/{id_}/reply",
            json={"body": "x", "status": "closed", "attachment_ids": [2**40]},
        )
        assert refused.status_code == 422
    office.customer()
    reader.wait_for(1)
    assert reader.names == ["customer.created"]
    reader.cut()


def test_presence_and_typing_pass_by_without_an_id(office: Office) -> None:
    box = office.mailbox()
    id_ = office.conversation(box)
    reader, elsewhere = office.read(), office.read(f"?mailbox_id={office.mailbox()}")
    before = reader.parser.last_id
    present = office.call("PUT", f"/conversations/{id_}/presence", {"state": "replying"})
    assert [it["state"] for it in present] == ["replying"]
    office.call("PUT", f"/conversations/{id_}/presence", {"state": "replying"})
    office.post(f"/conversations/{id_}/typing")
    office.call("DELETE", f"/conversations/{id_}/presence")
    reader.wait_for(4)
    signals = [it for it in reader.events if it.id is None]
    assert [it.name for it in signals] == [
        "presence.changed",
        "agent.typing",
        "presence.changed",
    ]
    assert [it.data["payload"].get("state") for it in signals] == ["replying", None, None]
    assert {it.data["conversation_id"] for it in signals} == {id_}
    assert before is not None
    assert elsewhere.events == []
    reader.cut()
    elsewhere.cut()


def test_an_ended_connection_is_noticed_and_forgotten(office: Office) -> None:
    before = office.streams()
    readers = [office.read() for _ in range(5)]
    until(lambda: office.streams() == before + 5, "five more")
    for reader in readers:
        reader.cut()
    until(lambda: office.streams() == before, "none of them is left")


def test_a_head_request_opens_nothing(office: Office) -> None:
    before = office.streams()
    with office.client() as caller:
        answer = caller.head("/events/stream")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert caller.get("/auth/me").status_code == 200
    assert office.streams() == before
