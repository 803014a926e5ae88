"""The event log and the audit trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def events(workspace: TestWorkspace, query: str = "") -> list[dict[str, Any]]:
    answer = workspace.owner.get(f"/events{query}")
    assert answer.status_int == 200, answer.text
    return list(answer.json["data"])


def entries(workspace: TestWorkspace) -> list[dict[str, Any]]:
    return list(workspace.owner.get("/audit?per_page=100").json["data"])


def test_what_happens_is_logged_in_order_without_gaps(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    path = f"/conversations/{id_}"
    workspace.owner.patch(f"{path}/status", {"status": "closed"})
    workspace.owner.post(f"{path}/reply", {"body": "Done"})
    workspace.owner.delete(path)
    logged = events(workspace)
    assert [it["id"] for it in logged] == list(range(1, len(logged) + 1))
    of_conversation = [it["type"] for it in logged if it["conversation_id"] == id_]
    assert of_conversation == [
        "conversation.created",
        "thread.added",
        "conversation.updated",
        "thread.added",
        "conversation.deleted",
    ]
    changed = next(it for it in logged if it["type"] == "conversation.updated")
    assert changed["payload"] == {"field": "status", "from": "active", "to": "closed"}
    assert all(it["created_at"].endswith("Z") for it in logged)


def test_a_refused_request_leaves_no_event(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    before = events(workspace)
    workspace.owner.post(
        f"/conversations/{id_}/reply", {"body": "x", "status": "closed", "attachment_ids": [9**9]}
    )
    workspace.owner.patch(f"/conversations/{id_}/status", {"status": "active"})
    assert events(workspace) == before
    workspace.conversation()
    assert [it["id"] for it in events(workspace)][len(before)] == len(before) + 1


def test_the_log_is_read_on_from_where_one_stopped(workspace: TestWorkspace) -> None:
    for _ in range(3):
        workspace.conversation()
    whole, after, seen = events(workspace), 0, []
    while True:
        page = workspace.owner.get(f"/events?after={after}&per_page=2").json
        seen += page["data"]
        after = page["meta"]["next_after"]
        if not page["meta"]["has_more"]:
            break
    assert seen == whole
    rest = workspace.owner.get(f"/events?after={after}").json
    assert (rest["data"], rest["meta"]["next_after"]) == ([], after)


def test_the_log_is_filtered(workspace: TestWorkspace) -> None:
    first, second = workspace.conversation()["id"], workspace.conversation()["id"]
    assert {it["conversation_id"] for it in events(workspace, f"?conversation_id={second}")} == {
        second
    }
    types = {it["type"] for it in events(workspace, "?type=thread.added,conversation.created")}
    assert types == {"thread.added", "conversation.created"}
    assert events(workspace, "?type=nothing") == []
    assert first != second
    assert_invalid(
        workspace.owner.get("/events?after=-1&per_page=0&after_id=1"),
        after="The after must be at least 0.",
        per_page="The per page must be between 1 and 100.",
        after_id="The after id field is prohibited.",
    )


def test_the_log_holds_ids_and_no_content(workspace: TestWorkspace) -> None:
    made = workspace.conversation(subject="Heliotrope", body="Vermilion", tags=["fine"])
    path = f"/conversations/{made['id']}"
    workspace.owner.patch(path, {"subject": "Cerulean"})
    workspace.owner.post(f"{path}/reply", {"body": "Magenta", "cc": ["ochre@example.test"]})
    text = workspace.owner.get("/events").text
    for word in ("Heliotrope", "Vermilion", "Cerulean", "Magenta", "ochre", "customer@example"):
        assert word not in text


def test_another_workspaces_events_are_not_shown(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = other.conversation()["id"]
    before = len(events(workspace))
    assert events(workspace, f"?conversation_id={theirs}") == []
    other.conversation()
    assert len(events(workspace)) == before


def test_every_administrative_change_has_an_entry(workspace: TestWorkspace) -> None:
    owner = workspace.owner
    made = owner.post("/mailboxes", {"name": "A", "email": "a@example.test"}).json["data"]
    owner.put(f"/mailboxes/{made['id']}", {"name": "B"})
    owner.delete(f"/mailboxes/{made['id']}")
    role = owner.post("/roles", {"name": "lead", "permissions": []}).json["data"]
    owner.put(f"/roles/{role['id']}", {"name": "chief"})
    owner.delete(f"/roles/{role['id']}")
    user = owner.post("/users", {"email": "u@example.test", "name": "U"}).json["data"]
    owner.put(f"/users/{user['id']}", {"name": "V"})
    owner.delete(f"/users/{user['id']}")
    token = owner.post("/tokens", {"name": "t"}).json["data"]
    owner.delete(f"/tokens/{token['id']}")
    conversation = workspace.conversation()
    owner.delete(f"/conversations/{conversation['id']}")
    owner.post(f"/conversations/{conversation['id']}/restore")
    owner.post(f"/customers/{conversation['customer']['id']}/erase")
    actions = [it["action"] for it in reversed(entries(workspace))]
    assert actions[actions.index("mailbox.created") :] == [
        "mailbox.created",
        "mailbox.updated",
        "mailbox.deleted",
        "role.created",
        "role.updated",
        "role.deleted",
        "user.created",
        "user.updated",
        "user.deleted",
        "token.created",
        "token.revoked",
        "mailbox.created",  # the conversation's
        "conversation.deleted",
        "conversation.restored",
        "customer.erased",
    ]


def test_an_entry_says_who_what_and_when_and_no_values(workspace: TestWorkspace) -> None:
    member = workspace.member()
    answer = workspace.owner.put(
        f"/users/{member}",
        {"name": "Heliotrope", "password": "a vermilion password"},
        headers={"X-Request-Id": "audit-1"},
    )
    assert answer.status_int == 200
    entry = entries(workspace)[0]
    assert entry["action"] == "user.updated"
    assert (entry["target_type"], entry["target_id"]) == ("user", member)
    assert entry["fields"] == ["name", "password"]
    assert entry["actor"]["user_id"] == workspace.owner_id
    assert entry["actor"]["name"] == "Olivia Owner"
    assert entry["actor"]["address"] == "127.0.0.1"
    assert entry["actor"]["request_id"] == "audit-1"
    assert isinstance(entry["actor"]["token_id"], int)
    text = workspace.owner.get("/audit").text
    assert "Heliotrope" not in text
    assert "vermilion" not in text


def test_the_callers_address_is_no_header_that_anybody_can_write(workspace: TestWorkspace) -> None:
    workspace.owner.post(
        "/roles", {"name": "x", "permissions": []}, headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert entries(workspace)[0]["actor"]["address"] == "127.0.0.1"


def test_the_trail_has_pages_and_only_managers_read_it(workspace: TestWorkspace) -> None:
    for name in ("a", "b", "c"):
        workspace.owner.post("/roles", {"name": name, "permissions": []})
    newest = workspace.owner.get("/audit?per_page=1").json
    assert newest["data"][0]["id"] == max(it["id"] for it in entries(workspace))
    assert newest["meta"]["total"] == len(entries(workspace))
    oldest = workspace.owner.get("/audit?per_page=1&sort=id&cursor=").json["data"][0]
    assert oldest["id"] == min(it["id"] for it in entries(workspace))
    agent = workspace.client(user_id=workspace.member())
    assert_error(agent.get("/audit"), 403, "forbidden", permission="manage_workspace")


def test_the_log_names_no_tags_which_an_erasure_could_not_take_back(
    workspace: TestWorkspace,
) -> None:
    conversation = workspace.conversation()
    workspace.owner.patch(f"/conversations/{conversation['id']}", {"tags": ["jane-doe"]})
    logged = workspace.owner.get("/events?type=conversation.updated")
    assert logged.json["data"][-1]["payload"] == {"field": "tags"}
    assert "jane-doe" not in logged.text
