"""ETag, If-None-Match and If-Match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


def test_an_unchanged_conversation_is_304(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    first = workspace.owner.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    for given in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = workspace.owner.get(path, headers={"If-None-Match": given})
        assert again.status_int == 304, given
        assert again.body == b""
        assert again.headers["ETag"] == tag


def test_every_change_changes_the_tag(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    tags = [workspace.owner.get(path).headers["ETag"]]
    workspace.owner.patch(f"{path}/status", {"status": "closed"})
    tags.append(workspace.owner.get(path).headers["ETag"])
    workspace.owner.post(f"{path}/reply", {"body": "x", "type": "note"})
    tags.append(workspace.owner.get(path).headers["ETag"])
    workspace.under_test.run_jobs()
    assert len(set(tags)) == 3
    answer = workspace.owner.get(path, headers={"If-None-Match": tags[0]})
    assert answer.status_int == 200


def test_a_part_of_it_cannot_be_asked_for(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    for value in ("bytes=0-9", "bytes=99999999-"):
        answer = workspace.owner.get(path, headers={"Range": value})
        assert answer.status_int == 200
        assert answer.json["data"]["number"] == 1


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("PATCH", "/status", {"status": "closed"}),
        ("PATCH", "/assign", {"user_id": None}),
        ("PATCH", "", {"subject": "Changed"}),
        ("DELETE", "", None),
    ],
)
def test_an_update_holds_to_its_if_match(
    workspace: TestWorkspace, method: str, suffix: str, body: object
) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    tag = workspace.owner.get(path).headers["ETag"]
    workspace.owner.post(f"{path}/reply", {"body": "Meanwhile", "type": "note"})
    before = workspace.owner.get(path)
    for stale in (tag, '"nonsense"', "nonsense", f"W/{before.headers['ETag']}"):
        answer = workspace.owner.call(method, path + suffix, body, headers={"If-Match": stale})
        assert_error(answer, 412, "precondition_failed")
    assert workspace.owner.get(path).json == before.json
    current = {"If-Match": f'"x", {before.headers["ETag"]}'}
    assert workspace.owner.call(method, path + suffix, body, headers=current).status_int == 200


@pytest.mark.parametrize("noun", ["customers", "mailboxes", "users"])
def test_other_things_have_tags_too(workspace: TestWorkspace, noun: str) -> None:
    conversation = workspace.conversation(assigned_to=workspace.member())
    id_ = {
        "customers": conversation["customer"]["id"],
        "mailboxes": conversation["mailbox"]["id"],
        "users": conversation["assignedUser"]["id"],
    }[noun]
    path = f"/{noun}/{id_}"
    tag = workspace.owner.get(path).headers["ETag"]
    assert workspace.owner.get(path, headers={"If-None-Match": tag}).status_int == 304
    first = workspace.owner.put(path, {"name": "Changed"}, headers={"If-Match": tag})
    assert first.status_int == 200
    second = workspace.owner.put(path, {"name": "Changed back"}, headers={"If-Match": tag})
    assert_error(second, 412, "precondition_failed")


def test_any_tag_will_do_for_a_star(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    answer = workspace.owner.patch(
        f"{path}/status", {"status": "closed"}, headers={"If-Match": "*"}
    )
    assert answer.status_int == 200
    missing = workspace.owner.delete("/conversations/999999", headers={"If-Match": "*"})
    assert_error(missing, 404, "not_found")


def test_a_held_update_still_says_what_is_wrong_with_it(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    tag = workspace.owner.get(path).headers["ETag"]
    answer = workspace.owner.patch(f"{path}/status", {"status": "x"}, headers={"If-Match": tag})
    assert_invalid(answer, status="The selected status is invalid.")
