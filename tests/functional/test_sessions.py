"""Logging in by cookie, by the host's own login, and naming the workspace."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from support_core.models import LoginSession
from support_core.testing import Client, assert_error, assert_invalid

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import DeskUnderTest, TestWorkspace

PASSWORD = "correct horse battery"
_NUMBERS = count(1)


@pytest.fixture
def email() -> str:
    return f"person{next(_NUMBERS)}@logins.test"


def login(workspace: TestWorkspace, email: str, password: str = PASSWORD) -> TestResponse:
    body = {"email": email, "password": password}
    return Client(workspace.under_test.wsgi).post("/auth/login", body)


def session(workspace: TestWorkspace, answer: TestResponse, *, csrf: bool = True) -> Client:
    headers = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    if csrf:
        headers["X-CSRF-Token"] = answer.json["data"]["csrf_token"]
    return Client(workspace.under_test.wsgi, headers)


def test_a_login_sets_an_http_only_cookie(workspace: TestWorkspace, email: str) -> None:
    workspace.member("admin", email=email, password=PASSWORD)
    answer = login(workspace, email.upper())
    assert answer.status_int == 200
    assert answer.json["data"]["workspaces"] == [
        {"id": workspace.id, "name": f"Workspace {workspace.slug[10:]}", "slug": workspace.slug}
    ]
    attributes = answer.headers["Set-Cookie"].lower()
    assert "httponly" in attributes
    assert "samesite=lax" in attributes
    assert "path=/api/support" in attributes
    assert PASSWORD not in answer.text
    me = session(workspace, answer).get("/auth/me").json["data"]
    assert me["user"]["email"] == email
    assert me["user"]["role"] == "admin"
    assert me["csrf_token"] == answer.json["data"]["csrf_token"]


def test_wrong_credentials_all_look_alike(workspace: TestWorkspace, email: str) -> None:
    workspace.member(email=email, password=PASSWORD)
    inactive = f"inactive-{email}"
    workspace.member(email=inactive, password=PASSWORD, is_active=False)
    without = f"without-{email}"
    workspace.member(email=without)
    for address, password in (
        (email, "wrong"),
        (email, f"{PASSWORD} "),
        (email, PASSWORD.upper()),
        ("nobody@logins.test", PASSWORD),
        (inactive, PASSWORD),
        (without, PASSWORD),
    ):
        answer = login(workspace, address, password)
        assert_invalid(answer, email="These credentials do not match our records.")
        assert "Set-Cookie" not in answer.headers


def test_a_login_needs_both_fields(workspace: TestWorkspace) -> None:
    assert_invalid(
        Client(workspace.under_test.wsgi).post("/auth/login", {}),
        email="The email field is required.",
        password="The password field is required.",
    )


def test_unsafe_methods_need_the_csrf_token(workspace: TestWorkspace, email: str) -> None:
    workspace.member("admin", email=email, password=PASSWORD)
    answer = login(workspace, email)
    bare, body = session(workspace, answer, csrf=False), {"email": "a@example.test"}
    assert bare.get("/conversations").status_int == 200
    assert_error(bare.post("/customers", body), 403, "forbidden", message="CSRF token mismatch.")
    for token in ("", "x", "\xe9", answer.json["data"]["csrf_token"][:-1]):
        refused = bare.post("/customers", body, headers={"X-CSRF-Token": token})
        assert_error(refused, 403, "forbidden")
    assert_error(bare.post("/auth/logout"), 403, "forbidden")
    assert session(workspace, answer).post("/customers", body).status_int == 201


def test_another_logins_csrf_token_is_no_good(workspace: TestWorkspace, email: str) -> None:
    workspace.member("admin", email=email, password=PASSWORD)
    first, second = login(workspace, email), login(workspace, email)
    client = session(workspace, first, csrf=False)
    client.headers["X-CSRF-Token"] = second.json["data"]["csrf_token"]
    assert_error(client.post("/customers", {}), 403, "forbidden")


def test_logging_out_ends_this_login_only(workspace: TestWorkspace, email: str) -> None:
    workspace.member(email=email, password=PASSWORD)
    first = session(workspace, login(workspace, email))
    second = session(workspace, login(workspace, email))
    answer = first.post("/auth/logout")
    assert answer.status_int == 200
    assert answer.json == {"message": "Logged out successfully"}
    assert "support_session=;" in answer.headers["Set-Cookie"]
    assert_error(first.get("/auth/me"), 401, "unauthenticated")
    assert second.get("/auth/me").status_int == 200


def test_a_login_ends_by_itself(workspace: TestWorkspace, email: str) -> None:
    workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    with workspace.under_test.application.database.transaction() as opened:
        opened.execute(update(LoginSession).values(expires_at=datetime.now(UTC)))
    assert_error(client.get("/auth/me"), 401, "unauthenticated")


def test_a_new_password_ends_every_login(workspace: TestWorkspace, email: str) -> None:
    member = workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    workspace.owner.put(f"/users/{member}", {"password": "another long password"})
    assert_error(client.get("/auth/me"), 401, "unauthenticated")
    assert login(workspace, email).status_int == 422
    assert login(workspace, email, "another long password").status_int == 200


@pytest.mark.parametrize("way", ["deactivate", "delete"])
def test_who_leaves_is_logged_out(workspace: TestWorkspace, email: str, way: str) -> None:
    member = workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    token = workspace.client(user_id=member)
    if way == "delete":
        workspace.owner.delete(f"/users/{member}")
    else:
        workspace.owner.put(f"/users/{member}", {"is_active": False})
    assert_error(client.get("/auth/me"), 401, "unauthenticated")
    assert_error(token.get("/auth/me"), 401, "unauthenticated")
    assert login(workspace, email).status_int == 422


def test_who_works_in_several_names_the_workspace(
    workspace: TestWorkspace, other: TestWorkspace, email: str
) -> None:
    workspace.member("admin", email=email, password=PASSWORD)
    other.member("viewer", email=email, password=PASSWORD)
    answer = login(workspace, email)
    assert [it["id"] for it in answer.json["data"]["workspaces"]] == [workspace.id, other.id]
    client = session(workspace, answer)
    for path in ("/conversations", "/auth/me"):
        assert_error(client.get(path), 400, "workspace_required")
    for named, expected in (
        (str(workspace.id), workspace),
        (other.slug, other),
        (str(other.id), other),
    ):
        me = client.get("/auth/me", headers={"X-Workspace": named}).json["data"]
        assert me["workspace_id"] == expected.id
    other.conversation()
    rows = client.get("/conversations", headers={"X-Workspace": other.slug}).json["data"]
    assert len(rows) == 1
    refused = client.post("/mailboxes", {}, headers={"X-Workspace": other.slug})
    assert_error(refused, 403, "forbidden", permission="manage_mailboxes")


def test_a_workspace_one_does_not_work_in_looks_like_none(
    workspace: TestWorkspace, other: TestWorkspace, email: str
) -> None:
    workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    answers = [
        client.get("/conversations", headers={"X-Workspace": named})
        for named in (str(other.id), other.slug, "999999999", "nonsense", "0")
    ]
    assert {answer.status_int for answer in answers} == {403}
    assert len({answer.text for answer in answers}) == 1


def test_one_workspace_needs_no_name(workspace: TestWorkspace, email: str) -> None:
    workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    assert client.get("/auth/me").json["data"]["workspace_id"] == workspace.id
    named = client.get("/auth/me", headers={"X-Workspace": workspace.slug})
    assert named.status_int == 200


def test_a_token_needs_no_csrf_token_and_a_wrong_one_is_not_saved_by_a_cookie(
    workspace: TestWorkspace, email: str
) -> None:
    workspace.member(email=email, password=PASSWORD)
    client = session(workspace, login(workspace, email))
    answer = client.get("/auth/me", headers={"Authorization": "Bearer sct_wrong"})
    assert_error(answer, 401, "unauthenticated")
    assert workspace.owner.post("/customers", {"email": "a@example.test"}).status_int == 201


def test_the_host_says_who_it_is(hosted: DeskUnderTest) -> None:
    workspace = hosted.workspace()
    member = workspace.member("viewer")
    client = Client(hosted.wsgi, {"X-Host-User": f"{workspace.id}:{member}"})
    me = client.get("/auth/me").json["data"]
    assert (me["user"]["id"], me["workspace_id"]) == (member, workspace.id)
    assert_error(client.post("/mailboxes", {}), 403, "forbidden", permission="manage_mailboxes")
    owner = Client(hosted.wsgi, {"X-Host-User": f"{workspace.id}:{workspace.owner_id}"})
    assert owner.post("/customers", {"email": "a@example.test"}).status_int == 201


def test_a_host_that_names_nobody_of_ours_is_401(hosted: DeskUnderTest) -> None:
    workspace, other = hosted.workspace(), hosted.workspace()
    inactive = workspace.member(is_active=False)
    for named in (
        f"{workspace.id}:{other.owner_id}",
        f"{other.id}:{workspace.owner_id}",
        f"{workspace.id}:{inactive}",
        "999999:1",
    ):
        answer = Client(hosted.wsgi, {"X-Host-User": named}).get("/auth/me")
        assert_error(answer, 401, "unauthenticated")


def test_a_token_comes_before_the_hosts_login(hosted: DeskUnderTest) -> None:
    workspace, other = hosted.workspace(), hosted.workspace()
    named = {"X-Host-User": f"{other.id}:{other.owner_id}"}
    me = workspace.owner.get("/auth/me", headers=named).json["data"]
    assert me["workspace_id"] == workspace.id
