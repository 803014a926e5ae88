"""Whatever Meta, or somebody in its place, answers and sends: a reason in words, never a defect."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_invalid
from tests.services.graph import Reply, error

from .meta import a_line
from .test_outgoing import HELLO, a_conversation, answered

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace
    from tests.services.graph import Graph

    from .meta import Line


def saying(body: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), headers=headers)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(131051, "Bad \u0000 \ud800 message"), "Bad"),
        (error(131051, "x" * 10_000), "x" * 900),
        (saying({"error": {"code": "²", "message": "Superscript"}}, 400), "Superscript"),
        (saying({"error": {"code": "9" * 5000, "message": "Long code"}}, 400), "Long code"),
        (saying({"error": {"code": [], "message": {}}}, 400), "Error"),
        (saying({"messages": [{"id": None}]}), "without an id"),
    ],
)
def test_a_refusal_that_is_odd_fails_the_delivery_in_words(
    line: Line, graph: Graph, reply: Reply, words: str
) -> None:
    conversation = a_conversation(line)
    graph.fail("/messages", reply)
    thread = answered(line, conversation, body="Hello")
    delivery = line.delivery(conversation, thread)
    assert delivery["state"] == "failed"
    assert words in delivery["error"]
    assert len(delivery["error"]) <= 1000


def test_an_id_that_no_column_holds_is_known_again_in_its_report(line: Line, graph: Graph) -> None:
    conversation = a_conversation(line)
    long = "wamid." + "y" * 3000
    graph.fail("/messages", saying({"messages": [{"id": long}]}))
    thread = answered(line, conversation, body="Hello")
    assert line.delivery(conversation, thread)["state"] == "sent"
    told = {"id": long, "status": "read", "recipient_id": "31612345678", "timestamp": "1"}
    line.arrive(line.customer().webhook({"statuses": [told]}))
    assert line.delivery(conversation, thread)["state"] == "read"


@pytest.mark.parametrize(
    "link",
    [
        {"url": "http://["},
        {"url": "file:///etc/passwd"},
        {"url": "http://169.254.169.254/latest/meta-data"},
        {"url": 7},
    ],
)
def test_a_link_to_a_file_that_is_none_of_metas_is_refused_in_words(
    line: Line, graph: Graph, link: dict[str, Any]
) -> None:
    media_id = graph.add_file(b"x", "image/jpeg")
    graph.fail(media_id, saying({"mime_type": "image/jpeg", **link}))
    line.arrive(line.customer().sends("image", {"id": media_id, "mime_type": "image/jpeg"}))
    (thread,) = line.threads()
    (file,) = thread["meta"]["attachments"]
    assert file["state"] == "failed"
    assert "none of WhatsApp's" in file["error"]


def test_a_file_whose_size_is_no_number_is_fetched(line: Line, graph: Graph) -> None:
    media_id = graph.add_file(b"content", "image/jpeg")
    link = graph._media(media_id)
    told = {**json.loads(link.body), "file_size": "²", "mime_type": "image/jpeg\u0000"}
    graph.fail(media_id, saying(told))
    line.arrive(line.customer().sends("image", {"id": media_id, "mime_type": "image/jpeg"}))
    (thread,) = line.threads()
    assert [it["state"] for it in thread["meta"]["attachments"]] == ["stored"]


def test_what_meta_says_of_a_number_may_be_anything(line: Line, graph: Graph) -> None:
    odd = {"display_phone_number": "\u0000", "verified_name": "\ud800", "quality_rating": 5}
    graph.fail(line.number, saying({**odd, "throughput": []}))
    path = f"/whatsapp/accounts/{line.id}"
    assert line.workspace.owner.post(f"{path}/test", {}).status_int == 200
    assert line.workspace.owner.get(path).json["data"]["health"]["quality_rating"] == "5"


def test_a_list_of_templates_that_fails_is_asked_for_again_within_the_hour(
    line: Line, graph: Graph
) -> None:
    graph.templates = [HELLO]
    graph.fail("/message_templates", error(4, "Too many calls", status=429, Retry_After="86400"))
    path = f"/whatsapp/accounts/{line.id}/templates"
    assert line.workspace.owner.post(f"{path}/sync").status_int == 202
    line.workspace.under_test.run_jobs()
    jobs = line.workspace.owner.get("/jobs?state=delayed").json["data"]
    (waits,) = [it for it in jobs if it["name"].endswith("templates.sync")]
    due, noted = (datetime.fromisoformat(waits[name]) for name in ("due_at", "updated_at"))
    assert timedelta(minutes=30) < due - noted <= timedelta(hours=1, minutes=1)


def test_a_token_that_no_header_can_carry_is_refused(workspace: TestWorkspace, line: Line) -> None:
    body = {"mailbox_id": line.mailbox_id, "phone_number_id": "1", "app_secret": "s"}
    answer = workspace.owner.post("/whatsapp/accounts", {**body, "access_token": "tökén"})
    assert_invalid(answer, access_token="The access token format is invalid.")


def test_who_says_nothing_but_blanks_of_the_sender_is_found_by_the_contact(line: Line) -> None:
    webhook = line.customer().says("Hello")
    (value,) = [it["value"] for it in webhook["entry"][0]["changes"]]
    value["messages"][0]["from"] = " "
    line.arrive(webhook)
    (thread,) = line.threads()
    assert thread["meta"]["from"] == "31612345678"


def test_a_number_nobody_has_is_quoted_shortly(line: Line) -> None:
    stranger = line.customer()
    stranger.phone_number_id = "9" * 70_000
    line.arrive(stranger.says("Hello"))
    (failed,) = line.ledger(state="failed")
    assert len(failed["reason"]) < 120


def test_one_workspaces_webhook_files_nothing_in_anothers_for_the_same_number(
    line: Line, other: TestWorkspace
) -> None:
    number = line.number
    theirs = a_line(other, secret="their-secret", phone_number_id=number)
    theirs.arrive(theirs.customer().says("For them"))
    assert line.conversations() == []
    assert [it["body"] for it in theirs.threads()] == ["For them"]
    forged = theirs.customer().says("Forged")
    line.secret = theirs.secret
    assert line.post(forged).status_int == 401
    assert line.conversations() == []
