"""Errors: one body, whatever layer refused, and a request id on every answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from webtest import TestApp

from support_core.testing import Client, assert_error, assert_invalid

from . import host

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace

    from .conftest import LogLines


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/conversations", {"GET", "HEAD", "POST"}),
        ("TRACE", "/conversations", {"GET", "HEAD", "POST"}),
        ("POST", "/conversations/1", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("PATCH", "/conversations/1/reply", {"POST"}),
        ("GET", "/conversations/1/status", {"PATCH"}),
        ("PATCH", "/mailboxes/1", {"GET", "HEAD", "PUT", "DELETE"}),
        ("GET", "/auth/login", {"POST"}),
        ("DELETE", "/healthz", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_405_with_allow(
    workspace: TestWorkspace, method: str, path: str, allow: set[str]
) -> None:
    answer = workspace.owner.call(method, path)
    assert_error(answer, 405, "method_not_allowed")
    assert set(answer.allow) == allow
    asked = workspace.owner.call("OPTIONS", path)
    assert asked.status_int == 200
    assert asked.body == b""
    assert set(asked.allow) == allow


@pytest.mark.parametrize(
    "path",
    ["/", "/nope", "/conversations/", "/conversations/abc", "/conversations/1e3", "/chat/nope"],
)
def test_an_unknown_route_is_404(workspace: TestWorkspace, path: str) -> None:
    assert_error(workspace.owner.get(path), 404, "not_found")
    assert_error(Client(workspace.under_test.wsgi).post(path, {}), 404, "not_found")


def test_a_path_that_ends_in_a_newline_is_another_path(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()["id"]
    for path in ("/conversations", f"/conversations/{conversation}"):
        assert workspace.owner.get(path).status_int == 200
        for end in ("%0A", "%0D%0A", "%0A%0A"):
            assert_error(workspace.owner.get(path + end), 404, "not_found")


def test_outside_of_the_api_there_is_nothing_either(desk: DeskUnderTest) -> None:
    for path in ("/", "/favicon.ico", "/api", "/api/support", "//api/support/healthz"):
        assert_error(TestApp(desk.wsgi).get(path, status="*"), 404, "not_found")


@pytest.mark.parametrize(
    "id_", ["0", "999999999", "9223372036854775807", "9223372036854775808", "9" * 400]
)
def test_an_id_that_no_row_has_is_404(workspace: TestWorkspace, id_: str) -> None:
    owner = workspace.owner
    for answer in (
        owner.get(f"/conversations/{id_}"),
        owner.post(f"/conversations/{id_}/reply", {"body": "x"}),
        owner.get(f"/customers/{id_}"),
        owner.put(f"/mailboxes/{id_}", {"name": "x"}),
        owner.get(f"/attachments/{id_}/download"),
        owner.delete(f"/users/{id_}"),
        owner.get(f"/roles/{id_}"),
        owner.delete(f"/tokens/{id_}"),
    ):
        assert_error(answer, 404, "not_found", message="The requested resource was not found.")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/*", 200),
        ("*/*", 200),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", 200),
        ("application/json;q=0.1, text/html", 200),
        (";;nonsense", 200),
        ("", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/xml, text/*", 406),
    ],
)
def test_the_answer_is_json_or_406(workspace: TestWorkspace, accept: str, status: int) -> None:
    answer = workspace.owner.get("/conversations", headers={"Accept": accept})
    assert answer.status_int == status
    if status == 406:
        assert_error(answer, 406, "not_acceptable")


def test_406_changes_nothing(workspace: TestWorkspace) -> None:
    made = {"email": "a@example.test"}
    answer = workspace.owner.post("/customers", made, headers={"Accept": "text/html"})
    assert_error(answer, 406, "not_acceptable")
    assert workspace.owner.get("/customers").json["data"] == []


@pytest.mark.parametrize(
    "media", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "text/json"]
)
def test_a_body_of_another_type_is_415(workspace: TestWorkspace, media: str) -> None:
    answer = workspace.owner.post(
        "/customers", raw=b"email=a@example.test", headers={"Content-Type": media}
    )
    assert_error(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", ""])
def test_a_body_is_json(workspace: TestWorkspace, media: str) -> None:
    raw = b'{"email": "a@example.test"}'
    answer = workspace.owner.post("/customers", raw=raw, headers={"Content-Type": media})
    assert answer.status_int == 201


def test_a_body_over_the_limit_is_413(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace()
    raw = b'{"email": "a@example.test", "notes": "' + b"x" * 4096 + b'"}'
    assert_error(workspace.owner.post("/customers", raw=raw), 413, "payload_too_large", limit=4096)
    fits = b'{"email": "a@example.test"' + b" " * 4000 + b"}"
    assert workspace.owner.post("/customers", raw=fits).status_int == 201


def test_no_credentials_are_401(workspace: TestWorkspace) -> None:
    answer = Client(workspace.under_test.wsgi).get("/conversations")
    assert_error(answer, 401, "unauthenticated", message="Unauthenticated.")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert set(answer.json) == {"error", "message"}


def test_a_missing_permission_is_403_and_named(workspace: TestWorkspace) -> None:
    viewer = workspace.client(user_id=workspace.member("viewer"))
    answer = viewer.post("/mailboxes", {})
    assert_error(
        answer,
        403,
        "forbidden",
        message="This action is unauthorized.",
        permission="manage_mailboxes",
    )


def test_a_plan_without_the_feature_is_403_with_the_references_fields(
    hosted: DeskUnderTest,
) -> None:
    workspace = hosted.workspace(plan=host.BARE)
    for answer in (workspace.owner.get("/conversations"), workspace.owner.post("/mailboxes", {})):
        assert_error(answer, 403, "feature_not_available")
        assert answer.json == {
            "error": "feature_not_available",
            "message": "Your plan does not include access to this feature.",
            "feature": "api_access",
            "current_plan": host.BARE,
        }


def test_a_used_up_limit_is_403_with_the_references_fields(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace(plan=host.SINGLE)
    body = {"name": "A", "email": "a@example.test"}
    assert workspace.owner.post("/mailboxes", body).status_int == 201
    answer = workspace.owner.post("/mailboxes", {**body, "email": "b@example.test"})
    assert_error(answer, 403, "limit_exceeded")
    assert answer.json == {
        "error": "limit_exceeded",
        "message": "You have reached your plan's limit for this resource.",
        "resource": "mailboxes",
        "limit": 1,
        "current_plan": host.SINGLE,
    }
    assert_error(
        workspace.owner.post("/users", {"email": "c@example.test", "name": "C"}),
        403,
        "limit_exceeded",
        resource="agents",
    )


def test_what_a_plugin_drops_is_an_error_of_the_same_shape(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace()
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "a@example.test",
        "subject": "Buy now",
        "body": "Cheap",
        "channel": "probe",
    }
    assert_error(workspace.owner.post("/conversations", body), 422, "message_dropped")
    assert workspace.owner.get("/conversations").json["data"] == []
    assert workspace.owner.get("/customers").json["data"] == []


def test_a_defect_is_500_without_internals_and_with_an_id_to_quote(
    hosted: DeskUnderTest, log: LogLines
) -> None:
    workspace = hosted.workspace()
    path = f"/conversations/{workspace.conversation()['id']}"
    answer = workspace.owner.patch(path, {"priority": "urgent"})
    assert_error(answer, 500, "server_error", message="Server Error")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]
    for inner in ("hunter2", "Traceback", "RuntimeError", "pager", ".py"):
        assert inner not in answer.text
    assert answer.json["request_id"] in log.text
    # Nothing of the failed request stays.
    shown = workspace.owner.get(path).json["data"]
    assert shown["priority"] == "normal"
    assert len(shown["threads"]) == 1


def test_every_answer_carries_a_request_id(workspace: TestWorkspace) -> None:
    owner, nobody = workspace.owner, Client(workspace.under_test.wsgi)
    id_ = workspace.conversation()["id"]
    answers = [
        owner.get("/conversations"),
        owner.post("/customers", {"email": "a@example.test"}),
        owner.get("/nope"),
        owner.put("/conversations", {}),
        owner.get("/conversations/999999"),
        owner.post("/conversations", raw=b"{"),
        owner.post("/conversations", {}),
        owner.get("/conversations", headers={"Accept": "text/html"}),
        owner.get("/conversations/%ff"),
        nobody.get("/conversations"),
        nobody.get("/healthz"),
        owner.call("HEAD", f"/conversations/{id_}"),
        owner.call("OPTIONS", "/conversations"),
        owner.get(f"/conversations/{id_}", headers={"If-None-Match": "*"}),
    ]
    ids = [answer.headers["X-Request-Id"] for answer in answers]
    assert all(ids)
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("given", ["abc-123", "A.b_c-9", "x" * 64])
def test_a_sane_request_id_is_the_callers(workspace: TestWorkspace, given: str) -> None:
    answer = workspace.owner.get("/auth/me", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "<script>", "a;b", "{}"])
def test_another_request_id_is_replaced(workspace: TestWorkspace, given: str) -> None:
    answer = workspace.owner.get("/auth/me", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] not in {"", given}


def test_head_is_get_without_the_body(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    got, head = workspace.owner.get(path), workspace.owner.call("HEAD", path)
    assert (head.status_int, head.body) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag"):
        assert head.headers[name] == got.headers[name]
    missing = workspace.owner.call("HEAD", "/conversations/999999")
    assert (missing.status_int, missing.body) == (404, b"")


def test_answers_are_not_cached_and_not_sniffed(workspace: TestWorkspace) -> None:
    for answer in (workspace.owner.get("/conversations"), workspace.owner.get("/nope")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_failing_field_is_reported_at_once(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.post(
            "/conversations",
            {"subject": "ab", "customer_email": "x", "priority": "max", "tags": "x", "colour": 1},
        ),
        mailbox_id="The mailbox id field is required.",
        customer_email="The customer email must be a valid email address.",
        subject="The subject must be at least 3 characters.",
        body="The body field is required.",
        priority="The selected priority is invalid.",
        tags="The tags must be an array.",
        colour="The colour field is prohibited.",
        **(
            {}
            if "api" in workspace.under_test.application.plugins.channels
            else {"channel": "The channel field is required."}
        ),
    )


def test_references_that_do_not_exist_are_reported_together(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    answer = workspace.owner.post(
        "/conversations",
        {
            "mailbox_id": other.mailbox(),
            "customer_email": "a@example.test",
            "subject": "Hello",
            "body": "There",
            "channel": "probe",
            "assigned_to": other.owner_id,
        },
    )
    assert_invalid(
        answer,
        mailbox_id="The selected mailbox id is invalid.",
        assigned_to="The selected assigned to is invalid.",
    )
