"""What a workspace may do and how the desk is: entitlements, channels, health."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import Client, assert_error

from . import host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace


@pytest.fixture
def ailing() -> Iterator[str]:
    """Something the host's health check reports."""
    host.ailments.append("The billing system does not answer.")
    yield host.ailments[0]
    host.ailments.clear()


def test_entitlements_show_plan_features_and_each_limit_with_its_use(
    hosted: DeskUnderTest,
) -> None:
    workspace = hosted.workspace(plan=host.SINGLE)
    shown = workspace.owner.get("/entitlements").json["data"]
    assert shown["plan"] == host.SINGLE
    assert shown["features"] == {"api_access": True}
    assert shown["limits"]["mailboxes"] == {"limit": 1, "used": 0}
    assert shown["limits"]["agents"] == {"limit": None, "used": 1}
    workspace.owner.post("/mailboxes", {"name": "A", "email": "a@example.test"})
    shown = workspace.owner.get("/entitlements").json["data"]
    assert shown["limits"]["mailboxes"] == {"limit": 1, "used": 1}


def test_use_is_counted_for_every_resource(workspace: TestWorkspace) -> None:
    workspace.conversation()
    workspace.member()
    workspace.owner.upload("a.bin", b"x" * 10)
    limits = workspace.owner.get("/entitlements").json["data"]["limits"]
    used = {name: limits[name]["used"] for name in limits}
    expected = {"mailboxes": 1, "agents": 2, "storage_mb": 1, "conversations_per_month": 1}
    assert {name: used[name] for name in expected} == expected


def test_entitlements_are_shown_where_the_plan_has_no_api(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace(plan=host.BARE)
    assert workspace.owner.get("/entitlements").json["data"]["features"] == {"api_access": False}
    assert workspace.owner.get("/auth/me").status_int == 200
    assert_error(workspace.owner.get("/channels"), 403, "feature_not_available")


def test_who_is_calling(workspace: TestWorkspace) -> None:
    member = workspace.member("viewer", email="vi@example.test", name="Vi")
    me = workspace.client(user_id=member).get("/auth/me").json["data"]
    assert me == {
        "user": {"id": member, "email": "vi@example.test", "name": "Vi", "role": "viewer"},
        "workspace_id": workspace.id,
        "permissions": ["view_conversations"],
        "csrf_token": None,
    }


def test_channels_show_what_they_can_do(workspace: TestWorkspace) -> None:
    rows = {row["name"]: row for row in workspace.owner.get("/channels").json["data"]}
    probe = rows["probe"]
    assert probe["label"] == "Probe"
    assert probe["max_body"] == 20_000
    assert probe["capabilities"]["receipts"] is True
    assert probe["capabilities"]["typing"] is False
    assert set(probe["capabilities"]) == {
        "inbound",
        "outbound",
        "attachments",
        "typing",
        "receipts",
        "templates",
    }
    assert isinstance(probe["health"], list)


def test_the_process_answers_without_credentials(desk: DeskUnderTest) -> None:
    answer = Client(desk.wsgi).get("/healthz")
    assert (answer.status_int, answer.json) == (200, {"status": "ok"})


def test_readiness_names_every_check(hosted: DeskUnderTest) -> None:
    answer = Client(hosted.wsgi).get("/readyz")
    assert answer.status_int == 200
    assert answer.json["status"] == "ok"
    checks = {it["name"]: it["ok"] for it in answer.json["checks"]}
    assert checks == {"database": True, "schema": True, "jobs": True, "billing": True}


def test_readiness_is_503_and_names_what_ails(hosted: DeskUnderTest, ailing: str) -> None:
    answer = Client(hosted.wsgi).get("/readyz")
    assert answer.status_int == 503
    assert answer.json["status"] == "unavailable"
    [failed] = [it for it in answer.json["checks"] if not it["ok"]]
    assert failed == {"name": "billing", "ok": False, "message": ailing}
    assert Client(hosted.wsgi).get("/healthz").status_int == 200


def test_metrics_are_prometheus_text(desk: DeskUnderTest) -> None:
    Client(desk.wsgi).get("/healthz")
    answer = Client(desk.wsgi).get("/metrics")
    assert answer.content_type == "text/plain"
    assert 'support_http_request_seconds_count{method="GET",route="/api/support/healthz"' in (
        answer.text
    )


def test_metrics_can_ask_for_a_token(hosted: DeskUnderTest) -> None:
    nobody = Client(hosted.wsgi)
    assert_error(nobody.get("/metrics"), 401, "unauthenticated")
    for wrong in ("Bearer x", "let-me-see", "Bearer let-me-se\xe9"):
        answer = nobody.get("/metrics", headers={"Authorization": wrong})
        assert_error(answer, 401, "unauthenticated")
    right = nobody.get("/metrics", headers={"Authorization": "Bearer let-me-see"})
    assert right.status_int == 200
