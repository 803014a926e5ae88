"""The delivery log: what it shows, how it is filtered, and when it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from support_core.plugin_api import JobContext
from support_core.testing import assert_error, assert_invalid, count_statements
from support_webhooks.jobs import purge
from support_webhooks.models import WebhookAttempt, WebhookDelivery
from tests.services.receiver import Answer

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.receiver import Receiver

    from .conftest import Hook


def test_an_attempt_shows_both_sides_and_no_secret(hook: Hook, receiver: Receiver) -> None:
    said = b"nul \0 and broken \xff " + b"x" * 5000
    receiver.script = [Answer(500, said, {"X-Reason": "a bad day", "Content-Type": "text/plain"})]
    hook.publish(7)
    hook.run()
    hook.skip(seconds=6)
    [listed] = hook.log()
    shown = hook.delivery(listed["id"])
    assert {name: shown[name] for name in listed} == listed
    assert shown["body"].encode() == receiver.received[0].body
    failed, good = shown["attempt_log"]
    assert (failed["number"], failed["status"]) == (1, 500)
    assert failed["url"] == receiver.url
    assert 0 <= failed["duration_ms"] < 15_000
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature", "content-type"):
        assert failed["request_headers"][name] == receiver.received[0].headers[name]
    assert failed["response_headers"]["x-reason"] == "a bad day"
    assert failed["response_body"].startswith("nul  and broken \ufffd xxx")
    assert 2000 < len(failed["response_body"]) <= 2048
    assert failed["error"] == "The receiver answered 500."
    assert (good["number"], good["status"], good["error"]) == (2, 204, None)
    text_shown = hook.owner.get(f"{hook.path}/deliveries/{listed['id']}").text
    assert hook.secret.removeprefix("whsec_") not in text_shown


def test_the_log_is_filtered(hook: Hook, receiver: Receiver) -> None:
    receiver.rule = lambda it: Answer(500 if it.event[0] == 7 else 204)
    hook.publish(7, 8)
    hook.publish(8, type_="test.other")
    hook.run()
    ids = [it["id"] for it in hook.log()]

    def found(query: str) -> list[int]:
        return [it["id"] for it in hook.log(f"?sort=id&{query}")]

    assert found("state=pending") == ids[:1]
    assert found("state=delivered,failed") == ids[1:]
    assert found("event_type=test.other") == ids[2:]
    assert found("conversation_id=8") == ids[1:]
    assert found("conversation_id=8&event_type=test.happened&state=delivered") == ids[1:2]
    now = hook.clock()
    assert found(f"after={_written(now - timedelta(hours=1))}") == ids
    assert found(f"after={_written(now + timedelta(hours=1))}") == []
    assert found(f"before={_written(now - timedelta(hours=1))}") == []
    assert_invalid(
        hook.owner.get(f"{hook.path}/deliveries?state=lost"),
        state="The selected state is invalid.",
    )


def _written(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


def test_the_log_has_pages_and_cursors(hook: Hook) -> None:
    hook.publish(*range(1, 8))
    hook.run()
    whole = [it["id"] for it in hook.log()]
    page = hook.owner.get(f"{hook.path}/deliveries?per_page=3&page=3").json
    assert [it["id"] for it in page["data"]] == whole[:1]
    assert page["meta"]["total"] == 7
    seen: list[int] = []
    cursor = ""
    while cursor is not None:
        page = hook.owner.get(f"{hook.path}/deliveries?per_page=3&cursor={cursor}").json
        seen += [it["id"] for it in page["data"]]
        cursor = page["meta"]["next_cursor"]
    assert seen == whole[::-1]


def test_one_webhooks_delivery_is_not_anothers(hook: Hook, make_hook: Any) -> None:
    other = make_hook()
    hook.publish(7)
    hook.run()
    [mine] = [it for it in hook.log() if it["event_type"] == "test.happened"]
    for path in (f"deliveries/{mine['id']}", f"deliveries/{2**62}"):
        assert_error(hook.owner.get(f"{other.path}/{path}"), 404, "not_found")


def _aged(hook: Hook, days: int) -> None:
    hook.clock.skip(days=days)
    purge(JobContext(hook.workspace.under_test.application, None, "test"))


def test_what_is_over_for_long_is_removed_and_what_is_not_stays(
    hook: Hook, receiver: Receiver
) -> None:
    hook.publish(*range(1, 21))
    hook.run()
    receiver.rule = lambda _received: Answer(500)
    hook.publish(30)
    hook.run()
    _aged(hook, 29)
    assert len(hook.log()) == 21
    _aged(hook, 2)
    assert [it["conversation_id"] for it in hook.log()] == [30]
    with hook.workspace.desk(write=False) as desk:
        assert desk.session.scalar(select(func.count(WebhookAttempt.id))) == 1
    hook.owner.put(hook.path, {"is_active": False})
    _aged(hook, 1)
    assert hook.log() == []


def test_removing_takes_many_small_transactions(hook: Hook, monkeypatch: Any) -> None:
    monkeypatch.setattr("support_webhooks.keeping.BATCH", 4)
    hook.publish(*range(1, 11))
    hook.run()
    hook.clock.skip(days=40)
    database = hook.workspace.under_test.application.database
    with count_statements(database) as statements:
        purge(JobContext(hook.workspace.under_test.application, None, "test"))
    assert len([it for it in statements if it.startswith("DELETE FROM webhook_deliveries")]) >= 3
    assert hook.log() == []


def test_of_an_erased_customer_the_log_keeps_ids_only(hook: Hook, receiver: Receiver) -> None:
    receiver.rule = lambda _received: Answer(200, b"Thanks for Jane Heliotrope", {"X-For": "Jane"})
    made = hook.workspace.conversation(
        customer_email="jane@heliotrope.test",
        customer_name="Jane Heliotrope",
        subject="Heliotrope",
        body="I am Heliotrope",
        tags=["heliotrope"],
    )
    other = hook.workspace.conversation(customer_email="other@example.test")
    path = f"/conversations/{made['id']}"
    hook.owner.post(f"{path}/reply", {"body": "Dear Heliotrope", "cc": ["x@heliotrope.test"]})
    hook.owner.patch(path, {"subject": "More of Heliotrope"})
    hook.run()
    hook.owner.post(f"/customers/{made['customer']['id']}/erase")
    hook.run()
    kept = {"request": "", "answers": []}
    with hook.workspace.desk(write=False) as desk:
        for delivery in desk.session.scalars(select(WebhookDelivery)):
            kept["request"] += delivery.body
        rows = desk.session.execute(
            select(WebhookDelivery.conversation_id, WebhookAttempt.response_body).join(
                WebhookAttempt,
                (WebhookAttempt.workspace_id == WebhookDelivery.workspace_id)
                & (WebhookAttempt.delivery_id == WebhookDelivery.id),
            )
        ).all()
    assert "eliotrope" not in str(kept["request"])
    answers = {body for conversation_id, body in rows if conversation_id == made["id"]}
    assert answers == {None}
    others = {body for conversation_id, body in rows if conversation_id == other["id"]}
    assert others == {"Thanks for Jane Heliotrope"}


PLANS = {
    "the next to send": "SELECT * FROM webhook_deliveries WHERE workspace_id = 1 AND "
    "endpoint_id = 1 AND state IN ('pending', 'sending') AND due_at <= '2026-01-01' "
    "ORDER BY due_at, id LIMIT 8",
    "who stands in line": "SELECT topic FROM webhook_deliveries WHERE workspace_id = 1 AND "
    "endpoint_id = 1 AND topic IN ('a', 'b') AND state IN ('waiting', 'pending', 'sending')",
    "the list": "SELECT * FROM webhook_deliveries WHERE workspace_id = 1 AND endpoint_id = 1 "
    "ORDER BY id DESC LIMIT 26",
    "what is old": "SELECT id FROM webhook_deliveries WHERE workspace_id = 1 AND endpoint_id = 1 "
    "AND created_at < '2026-01-01' ORDER BY created_at LIMIT 500",
}


def test_no_look_reads_the_whole_log(desk: DeskUnderTest, workspace: TestWorkspace) -> None:
    if desk.application.database.dialect != "sqlite":
        return  # PostgreSQL's plan depends on how many rows there are; the indexes are the same
    with desk.application.database.engine.connect() as connection:
        for name, statement in PLANS.items():
            plan = connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
            shown = " | ".join(str(row[-1]) for row in plan)
            assert "USING INDEX" in shown or "COVERING INDEX" in shown, f"{name}: {shown}"
            assert "SCAN" not in shown, f"{name}: {shown}"
            assert "B-TREE" not in shown or name == "who stands in line", f"{name}: {shown}"
