"""The webhook: proved, kept, worked off, each thing once and none lost for another's sake."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError
from webtest import TestApp

from support_core.plugin_api import JobContext
from support_core.testing.workspace import BASE
from support_whatsapp.filing import Filing
from support_whatsapp.handling import handle
from support_whatsapp.keeping import let_go, sweep
from support_whatsapp.models import WhatsAppItem, WhatsAppPayload

from .meta import a_line, purge_jobs

if TYPE_CHECKING:
    import pytest
    from webtest.response import TestResponse

    from support_core.testing import DeskUnderTest, TestWorkspace

    from .meta import Line


def ask(line: Line, **query: str) -> TestResponse:
    return TestApp(line.workspace.under_test.wsgi).get(
        f"{BASE}/whatsapp/webhook/{line.id}",
        {f"hub.{name}": value for name, value in query.items()},
        expect_errors=True,
    )


def test_the_handshake_answers_the_bare_challenge_to_who_knows_the_token(line: Line) -> None:
    asked = {"mode": "subscribe", "verify_token": "verify me", "challenge": "1158201444"}
    answer = ask(line, **asked)
    assert (answer.status_int, answer.text) == (200, "1158201444")
    assert answer.content_type == "text/plain"
    for wrong in (
        {**asked, "verify_token": "wrong"},
        {**asked, "verify_token": "vérify"},
        {**asked, "mode": "unsubscribe"},
        {**asked, "challenge": ""},
        {},
    ):
        answer = ask(line, **wrong)
        assert answer.status_int == 403
        assert "1158201444" not in answer.text


def test_only_the_bytes_that_were_signed_are_taken(line: Line, desk: DeskUnderTest) -> None:
    spaced = json.dumps(line.customer().says("Größe 👋"), ensure_ascii=False, indent=3).encode()
    for headers in (
        {"X-Hub-Signature-256": ""},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "sha1=00"},
    ):
        answer = line.post(spaced, **headers)
        assert answer.status_int == 401
        assert answer.json["message"] == "Unauthenticated."
    desk.run_jobs()
    assert line.conversations() == []
    line.arrive(spaced)
    assert [it["body"] for it in line.threads()] == ["Größe 👋"]


def test_an_account_that_is_not_there_is_answered_like_a_wrong_signature(line: Line) -> None:
    line.id += 10**6
    assert line.post(line.customer().says("Hello")).status_int == 401


def test_what_is_no_json_is_kept_as_failed_and_makes_nothing(line: Line) -> None:
    line.arrive(b"not json", b"[1]", b'{"entry": 7}', b"\xff\xfe", b"[" * 5000)
    assert line.conversations() == []
    assert {it["reason"] for it in line.ledger(state="failed")} == {
        "The webhook's body is not JSON.",
        "The webhook's body is no JSON object.",
    }


def hundred(line: Line) -> dict[str, Any]:
    """A payload of a hundred messages, over entries and changes, with other things between."""
    entries = []
    for entry in range(5):
        changes = []
        for change in range(4):
            base = entry * 20 + change * 5
            value = line.customer(f"3161000{entry:04d}").says("x")["entry"][0]["changes"][0][
                "value"
            ]
            (message,) = value["messages"]
            value["messages"] = [
                {**message, "id": f"wamid.{base + n}", "text": {"body": f"Message {base + n}"}}
                for n in range(5)
            ]
            value["statuses"] = [{"id": f"wamid.unknown{base}", "status": "read"}, "nonsense", 7]
            changes.append({"field": "messages", "value": value})
            changes.append({"field": "new_thing", "value": {"metadata": None}})
        entries.append({"id": str(entry), "changes": [*changes, None, {"value": 3}]})
    return {"object": "whatsapp_business_account", "entry": [*entries, None, 5]}


def test_a_hundred_messages_across_entries_yield_a_hundred_in_their_order(line: Line) -> None:
    line.arrive(hundred(line))
    shown = line.conversations()
    assert len(shown) == 5
    found = [it["body"] for one in shown for it in one["threads"]]
    assert sorted(found) == sorted(f"Message {n}" for n in range(100))
    for one in shown:
        numbers = [int(it["body"].split()[1]) for it in one["threads"]]
        assert numbers == sorted(numbers)
    assert line.ledger(state="failed") == []


def test_a_message_is_filed_once_within_a_payload_over_payloads_and_at_the_same_time(
    line: Line, desk: DeskUnderTest
) -> None:
    webhook = line.customer().says("Hello", id="wamid.same")
    (change,) = webhook["entry"][0]["changes"]
    change["value"]["messages"] *= 2
    webhook["entry"] *= 2
    again = [json.dumps({**webhook, "n": n}).encode() for n in range(12)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(line.post, [*again, *again]))
    assert {it.status_int for it in answers} == {200}
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: desk.run_jobs(), range(3)))
    desk.run_jobs()
    assert [it["body"] for it in line.threads()] == ["Hello"]


def test_a_message_whose_filing_fails_loses_none_of_its_neighbours_and_is_replayed(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = line.customer().says("One", id="wamid.1")
    (change,) = webhook["entry"][0]["changes"]
    (message,) = change["value"]["messages"]
    change["value"]["messages"] = [
        {**message, "id": f"wamid.{n}", "text": {"body": word}}
        for n, word in enumerate(("One", "Two", "Three"))
    ]
    original = Filing._written

    def broken(self: Filing, account: Any, told: Any, *rest: Any) -> Any:
        filed = original(self, account, told, *rest)
        if told.data["text"]["body"] == "Two":
            raise ZeroDivisionError
        return filed

    with monkeypatch.context() as patch:
        patch.setattr(Filing, "_written", broken)
        line.arrive(webhook)
    assert [it["body"] for it in line.threads()] == ["One", "Three"]
    (failed,) = line.ledger(state="failed")
    assert failed["reason"] == "ZeroDivisionError while it was filed."
    path = f"/whatsapp/accounts/{line.id}/ingest/{failed['id']}"
    shown = line.workspace.owner.get(path).json["data"]
    assert shown["data"]["data"]["text"] == {"body": "Two"}
    health = line.workspace.owner.get("/channels").json["data"]
    (checks,) = [it["health"] for it in health if it["name"] == "whatsapp"]
    assert not checks[0]["ok"]
    replayed = line.workspace.owner.post(f"{path}/replay")
    assert (replayed.status_int, replayed.json["data"]["state"]) == (200, "handled")
    assert line.workspace.owner.post(f"{path}/replay").status_int == 409
    assert [it["body"] for it in line.threads()] == ["One", "Three", "Two"]


def test_a_webhook_that_kills_its_process_again_and_again_lets_the_others_pass(
    line: Line, desk: DeskUnderTest
) -> None:
    assert line.post(line.customer().says("Deadly")).status_int == 200
    with line.workspace.desk() as opened:
        (payload,) = opened.session.query(WhatsAppPayload).filter_by(account_id=line.id)
        payload.attempts = 5
    line.arrive(line.customer().says("Harmless"))
    assert [it["body"] for it in line.threads()] == ["Harmless"]
    (failed,) = line.ledger(state="failed")
    path = f"/whatsapp/accounts/{line.id}/ingest/{failed['id']}/replay"
    assert line.workspace.owner.post(path).status_int == 200
    desk.run_jobs()
    assert [it["body"] for it in line.threads()] == ["Harmless", "Deadly"]


def test_trouble_of_the_database_blames_no_message(
    line: Line, desk: DeskUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("gone away"))

    with monkeypatch.context() as patch:
        patch.setattr(Filing, "file", away)
        line.arrive(line.customer().says("Patience"))
    assert line.ledger() == []
    with line.workspace.desk() as opened:
        (payload,) = opened.session.query(WhatsAppPayload).filter_by(account_id=line.id)
        assert (payload.state, payload.attempts) == ("received", 0)
        opened.enqueue(handle, line.id)
    desk.run_jobs()
    assert [it["body"] for it in line.threads()] == ["Patience"]


def test_a_payload_is_filed_by_the_number_in_it_and_in_its_own_workspace_only(
    workspace: TestWorkspace, other: TestWorkspace, line: Line
) -> None:
    second, foreign = a_line(workspace), a_line(other)
    line.arrive(second.customer().says("For the second"))
    (found,) = line.conversations()
    assert found["mailbox"]["id"] == second.mailbox_id
    line.arrive(foreign.customer().says("For a stranger"))
    assert foreign.conversations() == []
    assert len(line.conversations()) == 1
    (failed,) = line.ledger(state="failed")
    assert failed["reason"] == f"No account has the phone number id {foreign.number}."


def test_unknown_kinds_are_kept_and_shown(line: Line) -> None:
    customer = line.customer()
    line.arrive(
        customer.webhook({"anything": [1]}, "brand_new_field"),
        customer.webhook({"errors": [{"code": 130429, "title": "Rate limit hit"}]}),
        customer.sends("hologram", {"id": "5"}, id="wamid.h"),
        customer.sends("request_welcome", {}),
    )
    assert {it["kind"] for it in line.ledger(state="kept")} == {
        "brand_new_field",
        "error",
        "message",
    }
    (thread,) = line.threads()
    assert thread["body"] == "[Unsupported message] Its type is hologram."
    assert thread["meta"]["kind"] == "unsupported"


def test_webhooks_whose_job_was_purged_are_worked_on_all_the_same(
    line: Line, desk: DeskUnderTest
) -> None:
    assert line.post(line.customer().says("Forgotten")).status_int == 200
    purge_jobs(line)
    with line.workspace.desk() as opened:
        (payload,) = opened.session.query(WhatsAppPayload).filter_by(account_id=line.id)
        payload.received_at = opened.clock() - timedelta(minutes=5)
    desk.run_jobs()
    assert line.threads() == []
    sweep(JobContext(desk.application, None, message_id="test"))
    desk.run_jobs()
    assert [it["body"] for it in line.threads()] == ["Forgotten"]


def test_webhooks_go_when_they_are_old_and_what_failed_stays(
    line: Line, desk: DeskUnderTest
) -> None:
    line.arrive(line.customer().says("Hello"), b"not json")
    with line.workspace.desk() as opened:
        for row in opened.session.query(WhatsAppPayload).filter_by(account_id=line.id):
            row.received_at -= timedelta(days=60)
        for item in opened.session.query(WhatsAppItem).filter_by(account_id=line.id):
            item.created_at -= timedelta(days=60)
    let_go(JobContext(desk.application, None, message_id="test"))
    assert [it["state"] for it in line.ledger()] == ["failed"]
    with line.workspace.desk() as opened:
        (left,) = opened.session.query(WhatsAppPayload).filter_by(account_id=line.id)
        assert left.body == b"not json"
