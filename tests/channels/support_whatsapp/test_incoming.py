"""What customers do: messages of every kind, reactions, edits, new numbers, files."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from support_whatsapp.phones import key_of, other_phones
from support_whatsapp.simulator import Reply, error

from .meta import a_line, run_now

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.graph import Graph

    from .meta import Line

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 1000


def test_what_customers_send_is_told_in_words_with_its_facts(line: Line) -> None:
    customer = line.customer()
    place = {"latitude": 52.1, "longitude": 4.3, "name": "Pier", "address": "Beach 1"}
    card = {"name": {"formatted_name": "Bo"}, "phones": [{"phone": "+31 6"}]}
    chosen = {"type": "list_reply", "list_reply": {"id": "L1", "title": "Blue"}}
    form = {"type": "nfm_reply", "nfm_reply": {"body": "Sent", "response_json": '{"a": 1}'}}
    items = [{"product_retailer_id": "TEA", "quantity": 2, "item_price": 3, "currency": "EUR"}]
    line.arrive(
        customer.says("Hi", id="wamid.1"),
        customer.says("Again", context={"id": "wamid.1", "forwarded": True}),
        customer.sends("location", place),
        customer.sends("contacts", [card]),
        customer.sends("interactive", chosen),
        customer.sends("interactive", form),
        customer.sends("button", {"text": "Yes", "payload": "yes-1"}),
        customer.sends("order", {"catalog_id": "9", "product_items": items}),
        customer.sends("text", {"body": "Ad"}, referral={"source_url": "https://fb.example"}),
        customer.sends("text", {"nobody": 1}),
    )
    threads = line.threads()
    assert [it["body"] for it in threads] == [
        "Hi",
        "Again",
        "[Location] Pier, Beach 1, 52.1, 4.3",
        "[Contact] Bo, +31 6",
        "Blue",
        "Sent",
        "Yes",
        "[Order] 1 items\n2 × TEA (3 EUR)",
        "Ad",
        "[Unsupported message] Its type is text.",
    ]
    meta = [it["meta"] for it in threads]
    assert meta[1]["reply_to_thread_id"] == threads[0]["id"]
    assert meta[1]["forwarded"] is True
    assert (meta[4]["payload"], meta[5]["payload"]) == ("L1", '{"a": 1}')
    assert meta[8]["referral"] == {"source_url": "https://fb.example"}
    (conversation,) = line.conversations()
    assert conversation["subject"] == "WhatsApp from Noor"
    assert conversation["can_reply"]["allowed"] is True


def reactions(line: Line) -> list[list[str]]:
    return [[it["emoji"] for it in one["meta"].get("reactions", [])] for one in line.threads()]


def test_reactions_are_shown_with_their_message_and_can_be_taken_back(line: Line) -> None:
    customer = line.customer()
    line.arrive(customer.says("Hi", id="wamid.1", timestamp="1700000000"))
    line.arrive(customer.reacts("wamid.1", "👍", timestamp="1700000010"))
    assert reactions(line) == [["👍"]]
    line.arrive(customer.reacts("wamid.1", "❤️", timestamp="1700000020"))
    line.arrive(customer.reacts("wamid.1", "😀", timestamp="1700000015"))  # late, and older
    assert reactions(line) == [["❤️"]]
    line.arrive(customer.reacts("wamid.1", "", timestamp="1700000030"))
    assert reactions(line) == [[]]
    types = line.workspace.owner.get("/events?type=thread.updated").json["data"]
    assert len(types) == 3


def test_what_comes_before_its_message_waits_for_it(line: Line) -> None:
    customer = line.customer()
    edit = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Bye"}}}
    line.arrive(customer.says("Before"))
    line.arrive(customer.reacts("wamid.1", "👍"), customer.sends("edit", edit))
    assert [it["state"] for it in line.ledger(kind="message")][-2:] == ["waiting", "waiting"]
    line.arrive(customer.says("Hi", id="wamid.1"))
    thread = line.threads()[-1]
    assert (thread["body"], thread["meta"]["earlier"]) == ("Bye", ["Hi"])
    assert thread["meta"]["reactions"][0]["emoji"] == "👍"
    assert line.ledger(state="waiting") == []


def test_customers_change_and_take_back_their_own_messages_only(line: Line) -> None:
    customer, stranger = line.customer(), line.customer("31600000009", "Eve")
    line.arrive(customer.says("Hi", id="wamid.1"), stranger.says("I am Eve"))
    revoke = {"original_message_id": "wamid.1"}
    line.arrive(stranger.sends("revoke", revoke))
    assert "deleted" not in line.threads()[0]["meta"]
    line.arrive(customer.sends("revoke", revoke, id="wamid.2"))
    shown = line.threads()[0]
    assert (shown["body"], shown["meta"]["deleted"]) == ("Hi", True)


@pytest.mark.parametrize(
    ("one", "other"),
    [("5541988887777", "554188887777"), ("5491123456789", "541123456789")],
)
def test_numbers_that_are_written_in_two_ways_are_one_person(
    line: Line, workspace: TestWorkspace, one: str, other: str
) -> None:
    assert key_of(one) == key_of(other)
    assert other_phones(other) == [f"+{one}"]
    second = a_line(workspace)
    line.arrive(line.customer(other).says("Oi"), line.customer(one).says("De novo"))
    line.arrive(second.customer(one).says("Aqui"))
    assert workspace.owner.get("/customers").json["meta"]["total"] == 1
    assert len(line.conversations()) == 2


def test_a_landline_in_brazil_has_no_ninth_digit() -> None:
    assert key_of("554133334444") == "554133334444"


def test_somebody_whom_meta_names_by_id_alone_is_somebody(line: Line) -> None:
    customer = line.customer()
    webhook = customer.says("Hi", from_user_id="NL.123")
    (change,) = webhook["entry"][0]["changes"]
    change["value"]["contacts"] = [{"profile": {"name": "Noor"}, "user_id": "NL.123"}]
    del change["value"]["messages"][0]["from"]
    line.arrive(webhook)
    line.arrive(customer.says("With a number now", from_user_id="NL.123"))
    (conversation,) = line.conversations()
    assert [it["body"] for it in conversation["threads"]] == ["Hi", "With a number now"]
    assert conversation["customer"]["display_name"] == "Noor"


def test_a_customer_with_a_new_number_stays_who_they_are(line: Line) -> None:
    customer = line.customer()
    line.arrive(customer.says("Hi"))
    change = {"type": "user_changed_number", "body": "Noor changed", "wa_id": "31699999999"}
    line.arrive(customer.sends("system", change, id="wamid.s"))
    line.arrive(customer.sends("system", change, id="wamid.s", n=1))
    line.arrive(line.customer("31699999999").says("Me again"))
    (conversation,) = line.conversations()
    assert [it["type"] for it in conversation["threads"]] == ["customer", "lineitem", "customer"]
    owner = line.workspace.owner
    shown = owner.get(f"/customers/{conversation['customer']['id']}").json["data"]
    assert shown["phone"] == "+31699999999"
    line.arrive(customer.says("I have this number now"))
    assert len(line.conversations()) == 2


def test_an_agent_joins_a_customer_who_mails_with_the_one_who_writes_here(line: Line) -> None:
    owner = line.workspace.owner
    mails = owner.post("/customers", {"email": "noor@example.test"}).json["data"]
    line.arrive(line.customer().says("Hi"))
    (conversation,) = line.conversations()
    writes = conversation["customer"]["id"]
    path = f"/customers/{mails['id']}/merge"
    answer = owner.post(path, {"customer_id": writes})
    assert answer.status_int == 200, answer.text
    assert answer.json["data"]["phone"] == "+31612345678"
    line.arrive(line.customer().says("Still me"))
    (conversation,) = line.conversations()
    assert conversation["customer"] == {
        "id": mails["id"],
        "email": "noor@example.test",
        "display_name": "Noor",
    }
    assert owner.get(f"/customers/{writes}").status_int == 404
    for wrong in (writes, mails["id"], 2**40):
        answer = owner.post(path, {"customer_id": wrong})
        assert answer.json["errors"] == {"customer_id": ["The selected customer id is invalid."]}
    search = owner.get("/conversations?search=noor@example").json["data"]
    assert [it["id"] for it in search] == [conversation["id"]]


def test_an_erased_customer_leaves_nothing_and_does_not_come_back(
    line: Line, desk: DeskUnderTest
) -> None:
    webhook = line.customer().says("My secret", id="wamid.secret")
    line.arrive(webhook, line.customer().reacts("wamid.secret", "👍"))
    (conversation,) = line.conversations()
    owner = line.workspace.owner
    assert owner.post(f"/customers/{conversation['customer']['id']}/erase").status_int == 200
    line.arrive({**webhook, "again": True})
    desk.run_jobs()
    assert "secret" not in str(line.threads())
    for item in line.ledger():
        assert "31612345678" not in str(item)


def picture(graph: Graph, content: bytes = PICTURE, **more: Any) -> dict[str, Any]:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    file = {"id": graph.add_file(content, "image/png"), "mime_type": "image/png"}
    return {**file, "sha256": digest, **more}


def test_a_file_is_fetched_by_itself_with_a_fresh_link_each_time(line: Line, graph: Graph) -> None:
    graph.expire = 1
    graph.fail("/v24.0/", error(131000, "Something went wrong"))
    line.arrive(line.customer().sends("image", picture(graph, caption="Look")))
    (thread,) = line.threads()
    assert thread["body"] == "Look"
    (shown,) = thread["meta"]["attachments"]
    assert (shown["state"], thread["attachments"]) == ("pending", [])
    fetch_now(line)  # an error of Meta's, then a link that has run out, then the file
    fetch_now(line)
    (thread,) = line.threads()
    (attachment,) = thread["attachments"]
    (shown,) = thread["meta"]["attachments"]
    assert (shown["state"], shown["attachment_id"]) == ("stored", attachment["id"])
    assert attachment["name"] == "image.png"
    got = line.workspace.owner.get(f"/attachments/{attachment['id']}/download")
    assert got.body == PICTURE
    links = [it for it in graph.asked if "/link/" in it.path]
    assert len({it.path for it in links}) == len(links) == 2


def fetch_now(line: Line) -> None:
    run_now(line, "whatsapp-media")


@pytest.mark.parametrize("wrong", ["hash", "type", "size", "host", "gone"])
def test_a_file_that_is_not_right_is_not_taken_and_says_why(
    line: Line, graph: Graph, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = picture(graph)
    if wrong == "hash":
        file["sha256"] = hashlib.sha256(b"other").hexdigest()
        monkeypatch.setattr("support_whatsapp.media.MOST_ATTEMPTS", 1)
    if wrong == "type":
        file["id"] = graph.add_file(b"MZ", "application/x-msdownload")
    if wrong == "size":
        file["id"] = graph.add_file(b"x" * (5 << 20) + b"x", "image/png")
    if wrong == "host":
        link = b'{"url": "http://169.254.169.254/secrets", "mime_type": "image/png"}'
        graph.fail(f"/{file['id']}", Reply(200, link))
    if wrong == "gone":
        graph.fail(f"/{file['id']}", error(100, "Object does not exist"))
    line.arrive(line.customer().sends("image", file))
    (thread,) = line.threads()
    (shown,) = thread["meta"]["attachments"]
    assert shown["state"] == "failed"
    assert shown["error"]
    assert thread["attachments"] == []
    (failed,) = line.ledger(state="failed")
    if wrong in {"host", "gone"}:  # it was Meta's answer that was wrong, once
        line.workspace.owner.post(f"/whatsapp/accounts/{line.id}/ingest/{failed['id']}/replay")
        line.workspace.under_test.run_jobs()
        assert line.threads()[0]["attachments"]
        assert line.ledger(state="failed") == []
