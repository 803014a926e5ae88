"""API tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import update

from support_core.models import ApiToken
from support_core.testing import Client, assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def create(workspace: TestWorkspace, **body: Any) -> dict[str, Any]:
    answer = workspace.owner.post("/tokens", {"name": "integration", **body})
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def bearer(workspace: TestWorkspace, token: str) -> Client:
    return Client(workspace.under_test.wsgi, {"Authorization": f"Bearer {token}"})


def test_the_secret_is_shown_once(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/tokens", {"name": "integration"})
    assert answer.status_int == 201
    assert answer.json["message"] == "Token created successfully"
    made = answer.json["data"]
    assert bearer(workspace, made["token"]).get("/conversations").status_int == 200
    listed = workspace.owner.get("/tokens")
    assert made["token"] not in listed.text
    row = next(it for it in listed.json["data"] if it["id"] == made["id"])
    assert "token" not in row
    assert (row["name"], row["expires_at"]) == ("integration", None)
    assert row["user_id"] == workspace.owner_id


def test_the_secret_is_stored_as_a_hash(workspace: TestWorkspace) -> None:
    secret = create(workspace)["token"]
    with workspace.desk(write=False) as desk:
        for token in desk.session.query(ApiToken).all():
            assert secret not in repr(vars(token))
            assert secret.removeprefix("sct_") not in repr(vars(token))


def test_a_token_implies_its_workspace(workspace: TestWorkspace, other: TestWorkspace) -> None:
    client = bearer(workspace, create(workspace)["token"])
    for named in (str(other.id), other.slug, "nonsense"):
        me = client.get("/auth/me", headers={"X-Workspace": named}).json["data"]
        assert me["workspace_id"] == workspace.id


def test_abilities_cut_the_role_down(workspace: TestWorkspace) -> None:
    made = create(workspace, abilities=["view_conversations"])
    assert made["abilities"] == ["view_conversations"]
    client = bearer(workspace, made["token"])
    assert client.get("/auth/me").json["data"]["permissions"] == ["view_conversations"]
    assert client.get("/conversations").status_int == 200
    answer = client.post("/conversations", {})
    assert_error(answer, 403, "forbidden", permission="reply_to_conversations")


def test_abilities_never_add_to_the_role(workspace: TestWorkspace) -> None:
    agent = workspace.member()
    made = create(workspace, user_id=agent, abilities=["view_conversations", "manage_mailboxes"])
    client = bearer(workspace, made["token"])
    assert client.get("/auth/me").json["data"]["permissions"] == ["view_conversations"]
    assert_error(client.post("/mailboxes", {}), 403, "forbidden")


def test_a_token_without_abilities_can_nothing(workspace: TestWorkspace) -> None:
    client = bearer(workspace, create(workspace, abilities=[])["token"])
    assert client.get("/auth/me").json["data"]["permissions"] == []
    assert_error(client.get("/conversations"), 403, "forbidden")


def test_a_token_expires(workspace: TestWorkspace) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    made = create(workspace, expires_at=later.isoformat())
    assert made["expires_at"] == later.strftime("%Y-%m-%dT%H:%M:%SZ")
    client = bearer(workspace, made["token"])
    assert client.get("/auth/me").status_int == 200
    with workspace.desk() as desk:
        desk.session.execute(
            update(ApiToken)
            .where(ApiToken.id == made["id"])
            .values(expires_at=desk.clock() - timedelta(seconds=1))
        )
    assert_error(client.get("/auth/me"), 401, "unauthenticated")


def test_a_revoked_token_is_dead_at_once(workspace: TestWorkspace) -> None:
    made = create(workspace)
    client = bearer(workspace, made["token"])
    answer = workspace.owner.delete(f"/tokens/{made['id']}")
    assert answer.status_int == 200
    assert answer.json == {"message": "Token revoked successfully"}
    assert_error(client.get("/auth/me"), 401, "unauthenticated", message="Unauthenticated.")
    assert made["id"] not in [it["id"] for it in workspace.owner.get("/tokens").json["data"]]
    assert_error(workspace.owner.delete(f"/tokens/{made['id']}"), 404, "not_found")


def test_another_workspaces_token_cannot_be_revoked(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = create(other)
    assert_error(workspace.owner.delete(f"/tokens/{theirs['id']}"), 404, "not_found")
    assert bearer(other, theirs["token"]).get("/auth/me").status_int == 200


def test_use_is_noted(workspace: TestWorkspace) -> None:
    made = create(workspace)
    bearer(workspace, made["token"]).get("/auth/me")
    rows = workspace.owner.get("/tokens?sort=-id").json["data"]
    used = next(it for it in rows if it["id"] == made["id"])["last_used_at"]
    assert used is not None
    assert used.endswith("Z")


def test_what_a_token_is_made_of_is_checked(workspace: TestWorkspace) -> None:
    assert_invalid(
        workspace.owner.post(
            "/tokens",
            {"abilities": ["fly", "view_conversations"], "expires_at": "soon", "user_id": "x"},
        ),
        **{
            "name": "The name field is required.",
            "abilities.0": "The selected abilities.0 is invalid.",
            "expires_at": "The expires at is not a valid date.",
            "user_id": "The user id must be an integer.",
        },
    )
    assert_invalid(
        workspace.owner.post("/tokens", {"name": "t", "expires_at": "2020-01-01T00:00:00Z"}),
        expires_at="The expires at must be a date after now.",
    )
    assert_invalid(
        workspace.owner.post("/tokens", {"name": "t", "abilities": "view_conversations"}),
        abilities="The abilities must be an array.",
    )


def test_a_token_cannot_make_a_stronger_one(workspace: TestWorkspace) -> None:
    weak = bearer(
        workspace, create(workspace, abilities=["manage_tokens", "view_conversations"])["token"]
    )
    answer = weak.post("/tokens", {"name": "t", "abilities": ["manage_workspace"]})
    assert_error(answer, 403, "forbidden", permission="manage_workspace")
    same = weak.post("/tokens", {"name": "t"}).json["data"]
    assert same["abilities"] == ["view_conversations", "manage_tokens"]


def test_a_token_cannot_be_made_for_somebody_above(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    admin = workspace.client(user_id=workspace.member("admin"))
    refused = admin.post("/tokens", {"name": "t", "user_id": workspace.owner_id})
    assert_error(refused, 403, "forbidden")
    assert_invalid(
        admin.post("/tokens", {"name": "t", "user_id": other.owner_id}),
        user_id="The selected user id is invalid.",
    )


def test_tokens_are_the_business_of_who_manages_them(workspace: TestWorkspace) -> None:
    agent = workspace.client(user_id=workspace.member())
    for answer in (agent.get("/tokens"), agent.post("/tokens", {}), agent.delete("/tokens/1")):
        assert_error(answer, 403, "forbidden", permission="manage_tokens")
