"""Members of a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def create(workspace: TestWorkspace, **values: Any) -> dict[str, Any]:
    body = {"email": "agent@example.test", "name": "Ann Agent", **values}
    answer = workspace.owner.post("/users", body)
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def test_create_shows_the_member(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post(
        "/users",
        {
            "email": "Ann@Example.test",
            "name": "Ann Agent",
            "role": "viewer",
            "is_active": True,
            "is_available": False,
            "password": "a long enough password",
        },
    )
    assert answer.status_int == 201
    assert answer.json["message"] == "User created successfully"
    made = answer.json["data"]
    assert made["email"] == "Ann@Example.test"
    assert (made["name"], made["role"]) == ("Ann Agent", "viewer")
    assert (made["is_active"], made["is_available"]) == (True, False)
    assert "password" not in answer.text
    assert workspace.owner.get(f"/users/{made['id']}").json["data"] == made


def test_a_member_is_an_agent_unless_said_otherwise(workspace: TestWorkspace) -> None:
    made = create(workspace)
    assert (made["role"], made["is_active"], made["is_available"]) == ("agent", True, True)


def test_what_a_member_is_made_of_is_checked(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.post(
            "/users", {"email": "x", "password": "short", "is_active": 1, "permissions": []}
        ),
        email="The email must be a valid email address.",
        name="The name field is required.",
        is_active="The is active field must be true or false.",
        password="The password must be at least 12 characters.",
        permissions="The permissions field is prohibited.",
    )
    assert_invalid(
        workspace.owner.post("/users", {"email": "a@example.test", "name": "A", "role": "emperor"}),
        role="The selected role is invalid.",
    )


def test_the_address_is_unique_in_the_workspace(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    create(workspace)
    body = {"email": "AGENT@example.test", "name": "Double"}
    taken = {"email": "The email has already been taken."}
    assert_invalid(workspace.owner.post("/users", body), **taken)
    second = create(workspace, email="second@example.test")
    answer = workspace.owner.put(f"/users/{second['id']}", {"email": "Agent@example.test"})
    assert_invalid(answer, **taken)
    create(other)


def test_a_taken_address_and_an_unknown_role_are_both_named(workspace: TestWorkspace) -> None:
    create(workspace)
    body = {"email": "agent@example.test", "name": "Double", "role": "emperor"}
    assert_invalid(
        workspace.owner.post("/users", body),
        email="The email has already been taken.",
        role="The selected role is invalid.",
    )


def test_update_keeps_what_is_left_out(workspace: TestWorkspace) -> None:
    made = create(workspace)
    path = f"/users/{made['id']}"
    answer = workspace.owner.put(path, {"is_available": False, "role": "viewer"})
    assert answer.status_int == 200
    assert answer.json["message"] == "User updated successfully"
    changed = answer.json["data"]
    assert (changed["name"], changed["role"]) == ("Ann Agent", "viewer")
    assert changed["is_available"] is False
    assert workspace.owner.put(path, changed).status_int == 200


def test_a_removed_member_is_gone_and_what_they_wrote_stays(workspace: TestWorkspace) -> None:
    made = create(workspace)
    id_ = workspace.conversation(assigned_to=made["id"])["id"]
    client = workspace.client(user_id=made["id"])
    client.post(f"/conversations/{id_}/reply", {"body": "From Ann"})
    answer = workspace.owner.delete(f"/users/{made['id']}")
    assert answer.status_int == 200
    assert answer.json == {"message": "User deleted successfully"}
    assert_error(workspace.owner.get(f"/users/{made['id']}"), 404, "not_found")
    assert_error(client.get("/auth/me"), 401, "unauthenticated")
    shown = workspace.owner.get(f"/conversations/{id_}").json["data"]
    assert shown["threads"][-1]["user"] == {"id": made["id"], "name": "Ann Agent"}
    create(workspace)  # the address is free again


def test_the_list_is_searched_and_sorted(workspace: TestWorkspace) -> None:
    create(workspace, email="b@example.test", name="Bea 100%")
    create(workspace, email="a@example.test", name="Al_fred", is_active=False)

    def names(query: str) -> list[str]:
        answer = workspace.owner.get(f"/users?{query}")
        assert answer.status_int == 200, answer.text
        return [row["name"] for row in answer.json["data"]]

    assert names("sort=name") == ["Al_fred", "Bea 100%", "Olivia Owner"]
    assert names("sort=-email&per_page=1&page=3") == ["Al_fred"]
    assert names("search=BEA") == ["Bea 100%"]
    assert names("search=%25") == ["Bea 100%"]
    assert names("search=_") == ["Al_fred"]
    assert names("search=A%40EXAMPLE") == ["Al_fred"]
    assert names("is_active=false") == ["Al_fred"]
    assert names("sort=name&per_page=2&cursor=") == ["Al_fred", "Bea 100%"]
    create(workspace, email="z@example.test", name="Zoë ÖZIL")
    assert names(f"search={quote('ZOË özi')}") == ["Zoë ÖZIL"]


def test_the_last_owner_cannot_be_removed(workspace: TestWorkspace) -> None:
    path = f"/users/{workspace.owner_id}"
    for answer in (
        workspace.owner.delete(path),
        workspace.owner.put(path, {"role": "admin"}),
        workspace.owner.put(path, {"is_active": False}),
    ):
        assert_error(answer, 409, "conflict")
    # An inactive owner does not count as one.
    second = create(workspace, role="owner", is_active=False)
    assert_error(workspace.owner.delete(path), 409, "conflict")
    workspace.owner.put(f"/users/{second['id']}", {"is_active": True})
    assert workspace.owner.delete(path).status_int == 200


def test_another_workspaces_member_does_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    path = f"/users/{other.owner_id}"
    for answer in (
        workspace.owner.get(path),
        workspace.owner.put(path, {"name": "x"}),
        workspace.owner.delete(path),
    ):
        assert_error(answer, 404, "not_found")


def test_agents_see_members_and_do_not_change_them(workspace: TestWorkspace) -> None:
    member = workspace.member()
    agent = workspace.client(user_id=member)
    assert agent.get("/users").status_int == 200
    for answer in (
        agent.post("/users", {}),
        agent.put(f"/users/{member}", {"role": "owner"}),
        agent.delete(f"/users/{workspace.owner_id}"),
    ):
        assert_error(answer, 403, "forbidden", permission="manage_workspace")
