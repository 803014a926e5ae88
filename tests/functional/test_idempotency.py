"""Idempotency-Key: the first answer to a key is kept and given again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from support_core.models import IdempotencyKey
from support_core.testing import assert_error

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import Client, TestWorkspace


def create(client: Client, key: str, **body: Any) -> TestResponse:
    return client.post(
        "/customers", {"email": "a@example.test", **body}, headers={"Idempotency-Key": key}
    )


def customers(workspace: TestWorkspace) -> int:
    return int(workspace.owner.get("/customers").json["meta"]["total"])


def test_a_repeat_gets_the_first_answer_and_changes_nothing(workspace: TestWorkspace) -> None:
    first, second = create(workspace.owner, "k1"), create(workspace.owner, "k1")
    assert (first.status_int, second.status_int) == (201, 201)
    assert second.json == first.json
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert customers(workspace) == 1


def test_the_same_key_with_another_body_is_409(workspace: TestWorkspace) -> None:
    create(workspace.owner, "k1")
    assert_error(create(workspace.owner, "k1", email="b@example.test"), 409, "idempotency_conflict")
    assert customers(workspace) == 1


def test_the_same_key_at_another_address_is_409(workspace: TestWorkspace) -> None:
    create(workspace.owner, "k1")
    answer = workspace.owner.post(
        "/mailboxes", {"email": "a@example.test"}, headers={"Idempotency-Key": "k1"}
    )
    assert_error(answer, 409, "idempotency_conflict")


def test_a_refused_request_may_be_mended_under_its_key(workspace: TestWorkspace) -> None:
    assert create(workspace.owner, "k1", email="no address").status_int == 422
    assert create(workspace.owner, "k1").status_int == 201


def test_keys_are_the_callers_own(workspace: TestWorkspace, other: TestWorkspace) -> None:
    create(workspace.owner, "k1")
    second = workspace.client()
    assert create(second, "k1", email="b@example.test").status_int == 201
    assert create(other.owner, "k1").status_int == 201
    assert customers(workspace) == 2


def test_a_key_is_forgotten_after_a_day(workspace: TestWorkspace) -> None:
    create(workspace.owner, "k1")
    with workspace.desk() as desk:
        desk.session.execute(
            update(IdempotencyKey).values(created_at=desk.clock() - timedelta(hours=23))
        )
    assert create(workspace.owner, "k1").headers["Idempotency-Replayed"] == "true"
    with workspace.desk() as desk:
        desk.session.execute(
            update(IdempotencyKey).values(created_at=desk.clock() - timedelta(hours=25))
        )
    assert create(workspace.owner, "k1", email="b@example.test").status_int == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "a\tb"])
def test_a_key_is_up_to_255_plain_characters(workspace: TestWorkspace, key: str) -> None:
    answer = create(workspace.owner, key)
    assert answer.status_int == 422
    assert list(answer.json["errors"]) == ["Idempotency-Key"]
    assert create(workspace.owner, "x" * 255).status_int == 201


def test_a_secret_shown_once_is_shown_to_the_repeat_and_kept_encrypted(
    workspace: TestWorkspace,
) -> None:
    headers = {"Idempotency-Key": "token-1"}
    first = workspace.owner.post("/tokens", {"name": "t"}, headers=headers).json
    assert workspace.owner.post("/tokens", {"name": "t"}, headers=headers).json == first
    with workspace.desk(write=False) as desk:
        [kept] = desk.session.query(IdempotencyKey).all()
    assert first["data"]["token"] not in (kept.body or "")


def test_replies_and_creations_are_not_doubled(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["id"]
    for _ in range(3):
        workspace.owner.post(
            f"/conversations/{id_}/reply", {"body": "Once"}, headers={"Idempotency-Key": "r1"}
        )
    assert len(workspace.owner.get(f"/conversations/{id_}").json["data"]["threads"]) == 2


def test_an_upload_is_repeated_whatever_its_boundary(workspace: TestWorkspace) -> None:
    def upload(boundary: bytes, content: bytes) -> TestResponse:
        body = (
            b"--%s\r\nContent-Disposition: form-data; name=file; filename=a.bin\r\n\r\n%s\r\n--%s--"
            % (boundary, content, boundary)
        )
        return workspace.owner.post(
            "/attachments",
            raw=body,
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary.decode()}",
                "Idempotency-Key": "upload-1",
            },
        )

    big = b"x" * 2_000_000
    first, second = upload(b"one", big), upload(b"two", big)
    assert first.status_int == 201
    assert first.json["data"]["size"] == len(big)
    assert second.json == first.json
    assert_error(upload(b"three", big + b"y"), 409, "idempotency_conflict")


def test_other_methods_take_no_notice_of_a_key(workspace: TestWorkspace) -> None:
    id_ = create(workspace.owner, "k0").json["data"]["id"]
    for name in ("Al", "Bo"):
        answer = workspace.owner.put(
            f"/customers/{id_}", {"name": name}, headers={"Idempotency-Key": "k1"}
        )
        assert answer.json["data"]["display_name"] == name


def test_a_repeat_needs_its_permission_still(workspace: TestWorkspace) -> None:
    agent = workspace.member()
    client = workspace.client(user_id=agent)
    assert create(client, "k1").status_int == 201
    workspace.owner.put(f"/users/{agent}", {"role": "viewer"})
    assert_error(create(client, "k1"), 403, "forbidden", permission="manage_customers")
