"""What agents answer: in parts, within the window, at most once, told of as WhatsApp reports."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from support_core.testing import assert_invalid
from support_whatsapp.models import WhatsAppAccount, WhatsAppContact, WhatsAppPart
from support_whatsapp.parts import split

if TYPE_CHECKING:
    from tests.services.graph import Graph, Sent

    from .meta import Line

from tests.services.graph import error, throttled

from .meta import run_now

HELLO = {
    "name": "order_update",
    "language": "en_US",
    "status": "APPROVED",
    "category": "UTILITY",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "About {{1}}"},
        {"type": "BODY", "text": "Hello {{1}}, {{2}} is on its way, {{1}}."},
        {"type": "FOOTER", "text": "Acme"},
        {"type": "BUTTONS", "buttons": [{"type": "URL", "url": "https://a.example/{{1}}"}]},
    ],
}


def a_conversation(line: Line, **more: Any) -> dict[str, Any]:
    line.arrive(line.customer().says("Hi", id="wamid.first", **more))
    return line.conversations()[0]


def answered(line: Line, conversation: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = line.reply(conversation, **body)
    assert answer.status_int == 201, answer.text
    line.workspace.under_test.run_jobs()
    thread: dict[str, Any] = answer.json["data"]
    return thread


def test_a_reply_leaves_as_a_message_that_may_quote_and_marks_what_was_read(
    line: Line, graph: Graph
) -> None:
    conversation = a_conversation(line)
    quoted = conversation["threads"][0]["id"]
    thread = answered(line, conversation, body="On its way", in_reply_to=quoted)
    (sent,) = graph.sent
    assert sent.body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "31612345678",
        "biz_opaque_callback_data": sent.body["biz_opaque_callback_data"],
        "context": {"message_id": "wamid.first"},
        "type": "text",
        "text": {"body": "On its way", "preview_url": False},
    }
    assert graph.read == ["wamid.first"]
    shown = line.delivery(conversation, thread)
    assert (shown["state"], shown["error"]) == ("sent", None)
    assert shown["recipients"][0]["address"] == "+31612345678"
    line.arrive(line.customer().reacts(sent.external_id, "🎉"))
    assert line.threads()[-1]["meta"]["reactions"][0]["emoji"] == "🎉"
    assert_invalid(
        line.reply(conversation, body="x", in_reply_to=2**40),
        in_reply_to="The selected in reply to is invalid.",
    )


def test_a_long_text_is_split_between_words(line: Line, graph: Graph) -> None:
    words = " ".join(f"word{number}" for number in range(1500))
    thread = answered(line, conversation := a_conversation(line), body=words)
    pieces = [it.body["text"]["body"] for it in graph.sent]
    assert len(pieces) == 4
    assert all(len(it) <= 4096 for it in pieces)
    assert " ".join(pieces) == words
    assert line.delivery(conversation, thread)["state"] == "sent"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  ", []),
        ("abc def", ["abc def"]),
        ("abcdefgh ijk", ["abcdefgh", "ijk"]),
        ("abcdefghijklm", ["abcdefghij", "klm"]),
        ("abcde\nfg hij", ["abcde", "fg hij"]),
        ("x" * 10, ["x" * 10]),
    ],
)
def test_splitting_loses_no_letter_and_breaks_words_only_when_it_must(
    text: str, pieces: list[str]
) -> None:
    assert split(text, 10) == pieces


def test_files_go_by_upload_as_what_they_are(line: Line, graph: Graph) -> None:
    owner, conversation = line.workspace.owner, a_conversation(line)
    files = [
        owner.upload(name, content, content_type=kind).json["data"]["id"]
        for name, content, kind in (
            ("photo.jpg", b"\xff\xd8" + b"j" * 200_000, "image/jpeg"),
            ("voice.ogg", b"OggS", "audio/ogg"),
            ('tax "2026".pdf', b"%PDF", "application/pdf"),
        )
    ]
    answered(line, conversation, body="See", attachment_ids=files)
    first, second, third = [it.body for it in graph.sent]
    assert first["image"]["caption"] == "See"
    assert graph.files[first["image"]["id"]].content == b"\xff\xd8" + b"j" * 200_000
    assert second["type"] == "audio"
    assert third["document"]["filename"].startswith("tax")
    assert graph.files[third["document"]["id"]].mime_type == "application/pdf"


def statuses(line: Line, sent: Sent, *words: str, **more: Any) -> None:
    line.arrive(*(line.customer().reports(sent, word, **more) for word in words))


def test_statuses_come_in_any_order_and_only_move_forward(line: Line, graph: Graph) -> None:
    conversation = a_conversation(line)
    thread = answered(line, conversation, body="Hello")
    (sent,) = graph.sent
    statuses(line, sent, "in_orbit", "delivered")
    assert line.delivery(conversation, thread)["state"] == "delivered"
    statuses(line, sent, "read")
    statuses(line, sent, "delivered", "sent", "failed", timestamp="1")
    assert line.delivery(conversation, thread)["state"] == "read"
    thread = answered(line, conversation, body="Listen")
    statuses(line, graph.sent[-1], "played")
    assert line.delivery(conversation, thread)["state"] == "read"
    assert [it["reason"] for it in line.ledger(kind="status")] == [
        "in_orbit is no status that the desk knows."
    ]


def test_a_status_that_comes_before_our_own_answer_counts(line: Line, graph: Graph) -> None:
    conversation, customer = a_conversation(line), line.customer()

    def at_once(sent: Sent) -> None:
        told = customer.reports(sent, "delivered")
        told["entry"][0]["changes"][0]["value"]["statuses"][0].pop("biz_opaque_callback_data")
        assert line.post(told).status_int == 200

    graph._heard = at_once
    try:
        answer = line.reply(conversation, body="Quick")
        line.workspace.under_test.run_jobs()
    finally:
        graph._heard = None
    assert line.delivery(conversation, answer.json["data"])["state"] == "delivered"


def test_a_reply_in_parts_is_as_far_as_its_slowest_part(line: Line, graph: Graph) -> None:
    conversation = a_conversation(line)
    thread = answered(line, conversation, body="word " * 1500)
    first, second = graph.sent
    statuses(line, first, "read")
    assert line.delivery(conversation, thread)["state"] == "sent"
    statuses(line, second, "delivered")
    assert line.delivery(conversation, thread)["state"] == "delivered"


def test_a_failed_status_says_why_in_words_and_can_be_sent_again(line: Line, graph: Graph) -> None:
    conversation = a_conversation(line)
    thread = answered(line, conversation, body="Hello")
    details = {"details": "More than 24 hours have passed since the customer last replied."}
    why = {"code": 131047, "title": "Re-engagement message", "error_data": details}
    statuses(line, graph.sent[0], "failed", errors=[why])
    shown = line.delivery(conversation, thread)
    assert shown["state"] == "failed"
    assert shown["error"] == (
        "Re-engagement message: More than 24 hours have passed since the customer last replied "
        "(131047)."
    )
    path = f"/conversations/{conversation['id']}/threads/{thread['id']}/retry"
    assert line.workspace.owner.post(path).status_int == 200
    line.workspace.under_test.run_jobs()
    assert len(graph.sent) == 2
    statuses(line, graph.sent[1], "delivered")
    assert line.delivery(conversation, thread)["state"] == "delivered"


def test_what_passes_is_tried_again_by_its_code_and_what_stays_is_not(
    line: Line, graph: Graph
) -> None:
    conversation = a_conversation(line)
    graph.fail("/messages", throttled(), error(131056, "Pair rate limit hit"))
    thread = answered(line, conversation, body="Hello")
    shown = line.delivery(conversation, thread)
    assert (shown["state"], shown["attempts"]) == ("pending", 1)
    assert "throughput has been reached" in shown["error"]
    run_now(line, "deliveries")
    assert "Pair rate limit hit" in line.delivery(conversation, thread)["error"]
    run_now(line, "deliveries")
    assert line.delivery(conversation, thread)["state"] == "sent"
    assert len(graph.sent) == 1
    graph.fail("/messages", error(131026, "Message undeliverable"))
    thread = answered(line, conversation, body="Bye")
    assert line.delivery(conversation, thread)["state"] == "failed"


def test_only_the_parts_that_did_not_go_out_are_sent_again(line: Line, graph: Graph) -> None:
    conversation = a_conversation(line)
    answer = line.reply(conversation, body="word " * 1500)
    original = graph.answer

    def second_fails(method: str, path: str, headers: Any, body: bytes) -> Any:
        if path.endswith("/messages") and graph.sent and not second_fails.done:  # type: ignore[attr-defined]
            second_fails.done = True  # type: ignore[attr-defined]
            return throttled()
        return original(method, path, headers, body)

    second_fails.done = False  # type: ignore[attr-defined]
    graph.answer = second_fails  # type: ignore[method-assign]
    try:
        line.workspace.under_test.run_jobs()
        assert len(graph.sent) == 1
        run_now(line, "deliveries")
    finally:
        del graph.answer
    assert len({it.body["text"]["body"] for it in graph.sent}) == len(graph.sent) == 2
    assert line.delivery(conversation, answer.json["data"])["state"] == "sent"


def test_a_message_without_an_answer_is_never_sent_twice_by_itself(
    line: Line, graph: Graph
) -> None:
    conversation = a_conversation(line)
    thread = answered(line, conversation, body="Once", undo_seconds=60)
    with line.workspace.desk() as desk:  # as after the death of the process while it waited
        delivery = desk.deliveries.of_thread(thread["id"])
        assert delivery is not None
        part = WhatsAppPart(
            delivery_id=delivery.id,
            number=0,
            message_id=delivery.message_id,
            account_id=line.id,
            conversation_id=conversation["id"],
            thread_id=thread["id"],
            state="sending",
        )
        desk.session.add(part)
        reference = f"{delivery.message_id}.0"
    run_now(line, "deliveries")
    assert "its report is awaited" in line.delivery(conversation, thread)["error"]
    with line.workspace.desk() as desk:
        row = desk.session.execute(
            select(WhatsAppPart).where(WhatsAppPart.thread_id == thread["id"])
        )
        row.scalar_one().updated_at = desk.clock() - timedelta(minutes=2)
    run_now(line, "deliveries")
    shown = line.delivery(conversation, thread)
    assert shown["state"] == "failed"
    assert "Nobody knows whether this message was sent" in shown["error"]
    assert graph.sent == []
    told = {"id": "wamid.after.all", "status": "delivered", "biz_opaque_callback_data": reference}
    line.arrive(line.customer().webhook({"statuses": [told]}))
    assert line.delivery(conversation, thread)["state"] == "delivered"


def closed(line: Line) -> dict[str, Any]:
    return a_conversation(line, timestamp=str(int(time.time()) - 25 * 3600))


def never_synced(line: Line) -> None:
    application = line.workspace.under_test.application
    with application.desk(line.workspace.id) as desk:
        account = desk.session.get_one(WhatsAppAccount, line.id)
        account.templates_synced_at = None


def test_a_list_that_was_never_read_is_read_before_a_template_is_sent(
    line: Line, graph: Graph
) -> None:
    conversation = closed(line)
    never_synced(line)
    graph.templates = [HELLO]
    unknown = {"name": "nope", "language": "en", "parameters": ["Noor"]}
    thread = answered(line, conversation, template=unknown)
    delivery = line.delivery(conversation, thread)
    assert (delivery["state"], delivery["error"]) == ("failed", "The selected template is invalid.")
    assert graph.sent == []
    answer = line.reply(conversation, template=unknown)  # known by now
    assert answer.json["errors"] == {"template": ["The selected template is invalid."]}


def test_where_meta_does_not_give_the_list_it_judges_the_template_itself(
    line: Line, graph: Graph
) -> None:
    conversation = closed(line)
    never_synced(line)
    graph.fail("/message_templates", error(200, "Permissions error"))
    template = {"name": "hello", "language": "en", "parameters": ["Noor"]}
    thread = answered(line, conversation, template=template)
    assert line.delivery(conversation, thread)["state"] == "sent"
    (sent,) = graph.sent
    assert sent.body["template"]["name"] == "hello"


def test_outside_the_window_only_a_template_goes_through(line: Line, graph: Graph) -> None:
    conversation = closed(line)
    window = conversation["can_reply"]
    assert (window["allowed"], window["template_required"]) == (False, True)
    assert window["reason"].startswith("The 24-hour window closed on 20")
    assert window["until"]
    assert_invalid(line.reply(conversation, body="Too late"), body=window["reason"])
    assert_invalid(line.reply(conversation), body="The body field is required.")
    template = {"name": "hello", "language": "en", "parameters": ["Noor"]}
    assert_invalid(
        line.reply(conversation, body="x", template=template),
        body="The body field is prohibited when template is present.",
    )
    graph.templates = [HELLO, {**HELLO, "name": "paused", "status": "PAUSED"}]
    path = f"/whatsapp/accounts/{line.id}/templates"
    assert line.workspace.owner.post(f"{path}/sync").status_int == 202
    line.workspace.under_test.run_jobs()
    listed = line.workspace.owner.get(f"{path}?status=APPROVED").json["data"]
    assert [it["name"] for it in listed] == ["order_update"]
    wanted = {"name": "order_update", "language": "en_US"}
    for wrong, field, sentence in (
        ({**wanted, "name": "nope"}, "template", "The selected template is invalid."),
        ({**wanted, "language": "nl"}, "template", "The selected template is invalid."),
        ({**wanted, "name": "paused"}, "template", "The template is not approved (paused)."),
        (
            {**wanted, "parameters": ["a"]},
            "template.parameters",
            "The template.parameters must have exactly 4 items.",
        ),
    ):
        answer = line.reply(conversation, template=wrong)
        assert answer.json["errors"] == {field: [sentence]}
    filled = {**wanted, "parameters": ["A-1", "Noor", "your parcel", "track-1"]}
    thread = answered(line, conversation, template=filled)
    assert thread["body"] == "About A-1\nHello Noor, your parcel is on its way, Noor.\nAcme"
    assert thread["meta"]["template"]["name"] == "order_update"
    (sent,) = graph.sent
    text = {"type": "text"}
    assert sent.body["template"] == {
        "name": "order_update",
        "language": {"code": "en_US"},
        "components": [
            {"type": "header", "parameters": [{**text, "text": "A-1"}]},
            {
                "type": "body",
                "parameters": [{**text, "text": "Noor"}, {**text, "text": "your parcel"}],
            },
            {
                "type": "button",
                "sub_type": "url",
                "index": "0",
                "parameters": [{**text, "text": "track-1"}],
            },
        ],
    }
    assert line.delivery(conversation, thread)["state"] == "sent"
    line.arrive(line.customer().says("I am back"))
    assert line.conversations()[0]["can_reply"]["allowed"] is True


def test_a_reply_held_back_beyond_the_window_fails_before_it_is_sent(
    line: Line, graph: Graph
) -> None:
    conversation = a_conversation(line, timestamp=str(int(time.time()) - 24 * 3600 + 30))
    answer = line.reply(conversation, body="Later", undo_seconds=60)
    with line.workspace.desk() as desk:
        contact = desk.session.execute(
            select(WhatsAppContact).where(WhatsAppContact.conversation_id == conversation["id"])
        ).scalar_one()
        contact.last_inbound_at = desk.clock() - timedelta(hours=25)
    run_now(line, "deliveries")
    shown = line.delivery(conversation, answer.json["data"])
    assert shown["state"] == "failed"
    assert "The 24-hour window closed on" in shown["error"]
    assert graph.sent == []
