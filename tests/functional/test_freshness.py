"""What one process changes holds in every other with the very next request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from support_core.models import ApiToken, Role, User, Workspace
from support_core.testing import Client, assert_error, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support_core.testing import DeskUnderTest, TestWorkspace


@pytest.fixture
def elsewhere(desk: DeskUnderTest, database_url: str, tmp_path: Path) -> Iterator[DeskUnderTest]:
    """Another process's application on the suite's database."""
    under_test = make_desk(tmp_path, database_url, plugins=(), extra={"probe": probe})
    yield under_test
    under_test.application.close()


@pytest.fixture
def client(workspace: TestWorkspace, elsewhere: DeskUnderTest) -> Client:
    """A member's client there, who has asked already."""
    token = workspace.token(user_id=workspace.member("agent"))
    client = Client(elsewhere.wsgi, {"Authorization": f"Bearer {token}"})
    for _ in range(2):
        assert client.get("/conversations").status_int == 200
    return client


def test_a_revoked_token_is_nobodys(workspace: TestWorkspace, client: Client) -> None:
    with workspace.desk() as desk:
        desk.session.execute(update(ApiToken).values(revoked_at=desk.clock()))
    assert_error(client.get("/conversations"), 401, "unauthenticated")


def test_a_role_that_lost_a_permission_has_lost_it(
    workspace: TestWorkspace, client: Client
) -> None:
    with workspace.desk() as desk:
        desk.session.execute(update(Role).where(Role.name == "agent").values(permissions=[]))
    assert_error(client.get("/conversations"), 403, "forbidden")


def test_who_is_made_inactive_is_out(workspace: TestWorkspace, client: Client) -> None:
    with workspace.desk() as desk:
        desk.session.execute(
            update(User).where(User.id != workspace.owner_id).values(is_active=False)
        )
    assert_error(client.get("/conversations"), 401, "unauthenticated")


def test_a_changed_name_is_shown(workspace: TestWorkspace, client: Client) -> None:
    with workspace.desk() as desk:
        desk.session.execute(
            update(User).where(User.id != workspace.owner_id).values(name="Another Name")
        )
    assert "Another Name" in client.get("/auth/me").text


def test_a_new_conversation_is_listed_and_counted(workspace: TestWorkspace, client: Client) -> None:
    assert client.get("/conversations").json["meta"]["total"] == 0
    made = workspace.conversation()["id"]
    listed = client.get("/conversations").json
    assert [it["id"] for it in listed["data"]] == [made]
    assert listed["meta"]["total"] == 1


def test_a_workspaces_new_plan_is_known(workspace: TestWorkspace, client: Client) -> None:
    with workspace.desk() as desk:
        desk.session.get_one(Workspace, workspace.id).plan = "enterprise"
    assert client.get("/entitlements").json["data"]["plan"] == "enterprise"
