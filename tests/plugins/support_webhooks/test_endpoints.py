"""Endpoints by the API: what they take, show and keep to themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from support_core.testing import assert_error, assert_invalid, make_desk, probe
from support_webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases
    from tests.services.receiver import Receiver

    from .conftest import Hook

URL = "https://hooks.example.com/support"


def test_a_new_one_is_shown_with_its_secret_once(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/webhooks", {"url": URL, "description": "To the shop"})
    assert answer.status_int == 201
    made = answer.json["data"]
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["event_types"] == []
    assert made["is_active"] is True
    assert made["health"] == {
        "last_success_at": None,
        "last_failure_at": None,
        "last_failure": None,
        "consecutive_failures": 0,
        "failing_since": None,
        "paused_until": None,
    }
    shown = workspace.owner.get(f"/webhooks/{made['id']}")
    assert shown.json["data"] == made
    assert workspace.owner.get("/webhooks").json["data"] == [made]
    assert secret not in shown.text
    with workspace.desk(write=False) as desk:
        stored = desk.session.scalars(select(WebhookEndpoint.secret)).one()
        assert secret not in stored
        assert desk.keyring.decrypt(stored) == secret


def test_what_is_left_out_of_an_update_stays(workspace: TestWorkspace) -> None:
    values = {"url": URL, "description": "To the shop", "event_types": ["thread.added"]}
    made = workspace.owner.post("/webhooks", values).json["data"]
    path = f"/webhooks/{made['id']}"
    changed = workspace.owner.put(path, {"is_active": False}).json["data"]
    assert {name: changed[name] for name in values} == values
    assert changed["is_active"] is False
    assert workspace.owner.get("/webhooks?is_active=true").json["data"] == []
    cleared = workspace.owner.put(path, {"description": None, "event_types": []}).json["data"]
    assert (cleared["description"], cleared["event_types"]) == (None, [])
    assert "secret" not in cleared


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"url": "The url field is required."}),
        ({"url": "hooks.example.com"}, {"url": "The url must be a valid URL."}),
        ({"url": "ftp://hooks.example.com"}, {"url": "The url must be a valid URL."}),
        (
            {"url": URL, "event_types": ["conversation.created", "conversation.creatd", "*"]},
            {
                "event_types.1": "The selected event types.1 is invalid.",
                "event_types.2": "The selected event types.2 is invalid.",
            },
        ),
        ({"url": URL, "secret": "whsec_mine"}, {"secret": "The secret field is prohibited."}),
        ({"url": URL, "is_active": 1}, {"is_active": "The is active field must be true or false."}),
    ],
)
def test_what_cannot_be_is_refused(
    workspace: TestWorkspace, values: dict[str, Any], errors: dict[str, str]
) -> None:
    assert_invalid(workspace.owner.post("/webhooks", values), **errors)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "192.168.1.1", "169.254.169.254", "[fd00::1]", "0x0a000001"]
)
def test_a_private_address_is_refused_at_once(workspace: TestWorkspace, host: str) -> None:
    sentence = f"The address {host.strip('[]')} may not be reached from here."
    answer = workspace.owner.post("/webhooks", {"url": f"http://{host}/hook"})
    assert_invalid(answer, url=sentence)
    made = workspace.owner.post("/webhooks", {"url": URL}).json["data"]
    answer = workspace.owner.put(f"/webhooks/{made['id']}", {"url": f"http://{host}/hook"})
    assert_invalid(answer, url=sentence)


def test_a_name_with_a_private_address_is_refused_when_it_is_called(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, receiver: Receiver
) -> None:
    strict = make_desk(
        tmp_path_factory.mktemp("strict"),
        databases.create("webhooks_strict"),
        extra={"probe": probe},
        support__outgoing__allowed_networks="",
    )
    workspace = strict.workspace()
    made = workspace.owner.post("/webhooks", {"url": URL}).json["data"]
    with workspace.desk() as desk:
        endpoint = desk.session.get_one(WebhookEndpoint, made["id"])
        endpoint.url = receiver.url
        desk.events.publish("test.happened")
    strict.run_jobs()
    shown = workspace.owner.get(f"/webhooks/{made['id']}").json["data"]["health"]
    assert shown["last_failure"] == "The address 127.0.0.1 may not be reached from here."
    assert receiver.received == []
    strict.application.close()


def test_only_who_manages_the_workspace_sees_webhooks(workspace: TestWorkspace) -> None:
    agent = workspace.client(user_id=workspace.member())
    assert_error(agent.get("/webhooks"), 403, "forbidden", permission="manage_workspace")
    assert_error(agent.post("/webhooks", {"url": URL}), 403, "forbidden")


def test_an_update_is_held_to_what_its_author_has_seen(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/webhooks", {"url": URL}).json["data"]
    path = f"/webhooks/{made['id']}"
    first = workspace.owner.get(path)
    assert workspace.owner.get(path, headers={"If-None-Match": first.headers["ETag"]}).status == (
        "304 Not Modified"
    )
    guard = {"If-Match": first.headers["ETag"]}
    assert workspace.owner.put(path, {"is_active": False}, headers=guard).status_int == 200
    late = workspace.owner.put(path, {"is_active": True}, headers=guard)
    assert_error(late, 412, "precondition_failed")
    assert_error(workspace.owner.delete(path, headers=guard), 412, "precondition_failed")


def test_every_change_leaves_an_entry_and_an_event(workspace: TestWorkspace) -> None:
    made = workspace.owner.post("/webhooks", {"url": URL}).json["data"]
    path = f"/webhooks/{made['id']}"
    workspace.owner.put(path, {"description": "Another"})
    workspace.owner.post(f"{path}/rotate-secret")
    workspace.owner.post(f"{path}/enable")
    workspace.owner.delete(path)
    entries = workspace.owner.get("/audit?sort=id").json["data"]
    ours = [it for it in entries if it["target_type"] == "webhook"]
    assert [it["action"] for it in ours] == [
        "webhook.created",
        "webhook.updated",
        "webhook.secret_rotated",
        "webhook.enabled",
        "webhook.deleted",
    ]
    assert {it["target_id"] for it in ours} == {made["id"]}
    assert ours[1]["fields"] == ["description"]
    logged = workspace.owner.get("/events").json["data"]
    assert [it["type"] for it in logged if it["payload"].get("webhook_id") == made["id"]] == [
        f"webhook.{it}" for it in ("created", "updated", "enabled", "deleted")
    ]


def test_a_deleted_one_is_gone_with_its_log(hook: Hook, receiver: Receiver) -> None:
    hook.publish(7, 8)
    hook.run()
    hook.publish(9)
    assert hook.owner.delete(hook.path).status_int == 200
    hook.run()
    assert len(receiver.received) == 2
    assert_error(hook.owner.get(hook.path), 404, "not_found")
    assert_error(hook.owner.get(f"{hook.path}/deliveries"), 404, "not_found")
    assert hook.owner.get("/webhooks").json["data"] == []
    with hook.workspace.desk(write=False) as opened:
        for model in (WebhookEndpoint, WebhookDelivery, WebhookAttempt):
            assert opened.session.scalar(select(func.count(model.id))) == 0


def test_a_workspace_without_webhooks_is_followed_no_more(hook: Hook) -> None:
    hook.owner.delete(hook.path)
    hook.run()
    with hook.workspace.desk() as desk:
        desk.events.publish("test.happened")
    assert hook.workspace.under_test.run_jobs() == 0


def test_a_plan_may_limit_them(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    limited = make_desk(
        tmp_path_factory.mktemp("limited"),
        databases.create("webhooks_limited"),
        extra={"probe": probe},
        support__plans__pro__limits__webhooks="1",
    )
    owner = limited.workspace().owner
    made = owner.post("/webhooks", {"url": URL}).json["data"]
    refused = owner.post("/webhooks", {"url": URL})
    assert_error(refused, 403, "limit_exceeded", resource="webhooks", limit=1)
    assert owner.get("/entitlements").json["data"]["limits"]["webhooks"] == {"limit": 1, "used": 1}
    owner.delete(f"/webhooks/{made['id']}")
    assert owner.post("/webhooks", {"url": URL}).status_int == 201
    limited.application.close()


def test_the_choice_of_types_is_described(workspace: TestWorkspace) -> None:
    document = workspace.owner.get("/openapi.json").json
    body = document["paths"]["/api/support/webhooks"]["post"]["requestBody"]["content"]
    schema = body["application/json"]["schema"]
    enum = schema["properties"]["event_types"]["items"]["enum"]
    assert {"conversation.*", "conversation.created", "webhook.disabled", "customer.erased"} < set(
        enum
    )


def test_a_test_event_comes_to_one_webhook_only(hook: Hook, receiver: Receiver) -> None:
    other = hook.owner.post("/webhooks", {"url": receiver.url + "/other"}).json["data"]
    hook.run()
    before = len(receiver.received)
    answer = hook.owner.post(f"{hook.path}/test")
    assert answer.status_int == 202
    assert answer.json["data"]["event_type"] == "webhook.test"
    hook.run()
    [received] = receiver.received[before:]
    assert received.path == "/hook"
    assert received.payload["type"] == "webhook.test"
    assert received.payload["data"]["webhook_id"] == hook.id
    assert hook.delivery(answer.json["data"]["id"])["state"] == "delivered"
    hook.owner.put(f"/webhooks/{other['id']}", {"is_active": False})
    assert_error(hook.owner.post(f"/webhooks/{other['id']}/test"), 409, "conflict")
