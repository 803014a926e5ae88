"""Roles, and attempts to climb by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import Client, TestWorkspace

PERMISSIONS = [
    "view_conversations",
    "reply_to_conversations",
    "assign_conversations",
    "delete_conversations",
    "manage_mailboxes",
    "manage_customers",
    "manage_widgets",
    "manage_channels",
    "manage_sla",
    "manage_rules",
    "manage_roles",
    "manage_tokens",
    "access_reports",
    "manage_workspace",
]


def create(workspace: TestWorkspace, *permissions: str, name: str = "lead") -> dict[str, Any]:
    answer = workspace.owner.post("/roles", {"name": name, "permissions": list(permissions)})
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def holder(workspace: TestWorkspace, *permissions: str) -> Client:
    """Return a client of a member with a role of just these permissions."""
    create(workspace, *permissions, name="custom")
    return workspace.client(user_id=workspace.member("custom"))


def test_four_roles_ship(workspace: TestWorkspace) -> None:
    rows = {row["name"]: row for row in workspace.owner.get("/roles").json["data"]}
    assert set(rows) == {"owner", "admin", "agent", "viewer"}
    assert rows["owner"]["permissions"] == PERMISSIONS
    assert rows["viewer"]["permissions"] == ["view_conversations"]
    assert all(row["is_builtin"] for row in rows.values())


def test_a_workspace_adds_its_own(workspace: TestWorkspace) -> None:
    made = create(workspace, "view_conversations", "manage_mailboxes")
    assert made["is_builtin"] is False
    path = f"/roles/{made['id']}"
    assert workspace.owner.get(path).json["data"] == made
    changed = workspace.owner.put(path, {"permissions": ["access_reports"]}).json["data"]
    assert (changed["name"], changed["permissions"]) == ("lead", ["access_reports"])
    assert workspace.owner.delete(path).json == {"message": "Role deleted successfully"}
    assert_error(workspace.owner.get(path), 404, "not_found")


def test_a_changed_role_counts_at_once(workspace: TestWorkspace) -> None:
    role = create(workspace, "view_conversations")
    client = workspace.client(user_id=workspace.member("lead"))
    assert client.get("/conversations").status_int == 200
    workspace.owner.put(f"/roles/{role['id']}", {"permissions": ["access_reports"]})
    refused = client.get("/conversations")
    assert_error(refused, 403, "forbidden", permission="view_conversations")


def test_what_a_role_is_made_of_is_checked(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.post("/roles", {"name": "Two Words", "permissions": ["fly", None, "fly"]}),
        **{
            "name": "The name format is invalid.",
            "permissions.0": "The selected permissions.0 is invalid.",
            "permissions.1": "The permissions.1 field is required.",
            "permissions.2": "The selected permissions.2 is invalid.",
        },
    )
    for name in ("agent", "owner"):
        answer = workspace.owner.post("/roles", {"name": name, "permissions": []})
        assert_invalid(answer, name="The name has already been taken.")
    for internal in ("member", "__no_permission_required__", "*"):
        answer = workspace.owner.post("/roles", {"name": "x", "permissions": [internal]})
        assert answer.status_int == 422


def test_the_shipped_roles_cannot_be_changed(workspace: TestWorkspace) -> None:
    for row in workspace.owner.get("/roles").json["data"]:
        path = f"/roles/{row['id']}"
        changed = workspace.owner.put(path, {"permissions": PERMISSIONS})
        assert_error(changed, 409, "conflict")
        assert_error(workspace.owner.delete(path), 409, "conflict")


def test_a_role_that_somebody_has_cannot_be_deleted(workspace: TestWorkspace) -> None:
    role = create(workspace)
    member = workspace.member("lead")
    assert_error(workspace.owner.delete(f"/roles/{role['id']}"), 409, "conflict")
    workspace.owner.put(f"/users/{member}", {"role": "agent"})
    assert workspace.owner.delete(f"/roles/{role['id']}").status_int == 200


def test_a_role_whose_holders_have_left_can_be_deleted(workspace: TestWorkspace) -> None:
    role = create(workspace)
    member = workspace.member("lead")
    workspace.owner.delete(f"/users/{member}")
    assert workspace.owner.delete(f"/roles/{role['id']}").status_int == 200
    assert workspace.owner.get("/users").json["meta"]["total"] == 1


def test_nobody_grants_what_they_do_not_have(workspace: TestWorkspace) -> None:
    client = holder(workspace, "view_conversations", "manage_roles")
    own = client.get("/roles").json["data"][-1]
    more = [*own["permissions"], "manage_workspace"]
    for answer in (
        client.post("/roles", {"name": "boss", "permissions": ["manage_workspace"]}),
        client.put(f"/roles/{own['id']}", {"permissions": more}),
    ):
        assert_error(answer, 403, "forbidden", permission="manage_workspace")
    assert client.post("/roles", {"name": "r", "permissions": ["manage_roles"]}).status_int == 201


def test_nobody_changes_a_role_above_their_own(workspace: TestWorkspace) -> None:
    above = create(workspace, "view_conversations", "manage_mailboxes", name="above")
    client = holder(workspace, "view_conversations", "manage_roles")
    answer = client.put(f"/roles/{above['id']}", {"permissions": []})
    assert_error(answer, 403, "forbidden", permission="manage_mailboxes")


def test_an_admin_cannot_make_or_become_an_owner(workspace: TestWorkspace) -> None:
    id_ = workspace.member("admin")
    admin = workspace.client(user_id=id_)
    body = {"email": "new@example.test", "name": "New", "role": "owner"}
    second = workspace.member("agent")
    for answer in (
        admin.post("/users", body),
        admin.put(f"/users/{id_}", {"role": "owner"}),
        admin.put(f"/users/{second}", {"role": "owner"}),
    ):
        assert_error(answer, 403, "forbidden", message="Only an owner can make an owner.")


@pytest.mark.parametrize(
    "change",
    [
        {"password": "taken over account"},
        {"email": "mine@example.test"},
        {"is_active": False},
        {"role": "viewer"},
        {"name": "x"},
    ],
)
def test_an_admin_cannot_touch_an_owner(workspace: TestWorkspace, change: dict[str, Any]) -> None:
    admin = workspace.client(user_id=workspace.member("admin"))
    path = f"/users/{workspace.owner_id}"
    assert_error(admin.put(path, change), 403, "forbidden")
    assert_error(admin.delete(path), 403, "forbidden")


def test_who_manages_members_cannot_reach_above_themselves(workspace: TestWorkspace) -> None:
    admin = workspace.member("admin")
    client = holder(workspace, "view_conversations", "manage_workspace")
    body = {"email": "new@example.test", "name": "New"}
    for answer in (
        client.post("/users", {**body, "role": "admin"}),
        client.post("/users", {**body, "role": "agent"}),
        client.put(f"/users/{admin}", {"password": "taken over account"}),
        client.delete(f"/users/{admin}"),
    ):
        assert_error(answer, 403, "forbidden")
    assert client.post("/users", {**body, "role": "viewer"}).status_int == 201


def test_an_owners_weak_token_is_weak(workspace: TestWorkspace) -> None:
    weak = workspace.client(abilities=["manage_workspace", "manage_roles", "view_conversations"])
    body = {"email": "new@example.test", "name": "New", "role": "owner"}
    for answer in (
        weak.post("/users", body),
        weak.put(f"/users/{workspace.owner_id}", {"password": "taken over account"}),
        weak.post("/roles", {"name": "boss", "permissions": ["manage_tokens"]}),
    ):
        assert_error(answer, 403, "forbidden")


def test_another_workspaces_role_does_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = create(other, "view_conversations", name="theirs")
    path = f"/roles/{theirs['id']}"
    for answer in (
        workspace.owner.get(path),
        workspace.owner.put(path, {"name": "x"}),
        workspace.owner.delete(path),
    ):
        assert_error(answer, 404, "not_found")
    body = {"email": "a@example.test", "name": "A", "role": "theirs"}
    answer = workspace.owner.post("/users", body)
    assert_invalid(answer, role="The selected role is invalid.")


def test_roles_are_the_business_of_who_manages_them(workspace: TestWorkspace) -> None:
    agent = workspace.client(user_id=workspace.member())
    for answer in (agent.get("/roles"), agent.post("/roles", {}), agent.delete("/roles/1")):
        assert_error(answer, 403, "forbidden", permission="manage_roles")
