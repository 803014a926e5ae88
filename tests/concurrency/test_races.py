"""What exactly one may win, and what all must agree on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from support_core.models import Conversation, Customer, Thread, User

from .racing import at_once, copies

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace


def test_conversations_created_at_once_get_consecutive_numbers(workspace: TestWorkspace) -> None:
    body = {
        "mailbox_id": workspace.a_mailbox,
        "subject": "At once",
        "body": "Hello",
        "channel": "probe",
    }
    clients = copies(workspace.owner, 60)
    answers = at_once(
        *(
            partial(it.post, "/conversations", {**body, "customer_email": f"c{n}@example.test"})
            for n, it in enumerate(clients)
        )
    )
    assert {answer.status_int for answer in answers} == {201}
    numbers = sorted(answer.json["data"]["number"] for answer in answers)
    assert numbers == list(range(1, 61))


def test_the_last_free_mailbox_is_given_once(desk: DeskUnderTest) -> None:
    workspace = desk.workspace(plan="starter")
    answers = at_once(
        *(
            partial(it.post, "/mailboxes", {"name": "M", "email": f"m{n}@example.test"})
            for n, it in enumerate(copies(workspace.owner, 50))
        )
    )
    statuses = sorted(answer.status_int for answer in answers)
    assert statuses == [201] + [403] * 49
    refused = [answer.json for answer in answers if answer.status_int == 403]
    assert all(
        body
        == {
            "error": "limit_exceeded",
            "message": "You have reached your plan's limit for this resource.",
            "resource": "mailboxes",
            "limit": 1,
            "current_plan": "starter",
        }
        for body in refused
    )
    assert workspace.owner.get("/mailboxes").json["meta"]["total"] == 1


def test_an_idempotency_key_sent_at_once_makes_one_row(workspace: TestWorkspace) -> None:
    body = {
        "mailbox_id": workspace.a_mailbox,
        "customer_email": "once@example.test",
        "subject": "Only once",
        "body": "Hello",
        "channel": "probe",
    }
    headers = {"Idempotency-Key": "the-one"}
    answers = at_once(
        *(
            partial(it.post, "/conversations", body, headers=headers)
            for it in copies(workspace.owner, 20)
        )
    )
    assert {answer.status_int for answer in answers} == {201}
    assert len({answer.body for answer in answers}) == 1
    replayed = [it for it in answers if it.headers.get("Idempotency-Replayed")]
    assert len(replayed) == 19
    assert workspace.owner.get("/conversations").json["meta"]["total"] == 1


@pytest.mark.parametrize("round_", range(5))
def test_two_owners_who_remove_each_other_leave_one(workspace: TestWorkspace, round_: int) -> None:
    second = workspace.member("owner")
    first_client, second_client = workspace.owner, workspace.client(user_id=second)
    answers = at_once(
        partial(first_client.delete, f"/users/{second}"),
        partial(second_client.delete, f"/users/{workspace.owner_id}"),
    )
    statuses = sorted(answer.status_int for answer in answers)
    assert statuses in ([200, 409], [200, 401])
    with workspace.desk(write=False) as desk:
        left = desk.session.scalars(select(User).where(User.deleted_at.is_(None)))
        assert [desk.members.role_name(member) for member in left] == ["owner"]


def test_an_attachment_is_taken_by_one_of_two_replies(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()["id"]
    for _ in range(5):
        upload = workspace.owner.upload("a.txt", b"a").json["data"]["id"]
        body = {"body": "See the file.", "attachment_ids": [upload]}
        answers = at_once(
            *(
                partial(it.post, f"/conversations/{conversation}/reply", body)
                for it in copies(workspace.owner, 2)
            )
        )
        assert sorted(answer.status_int for answer in answers) == [201, 422]
    with workspace.desk(write=False) as desk:
        replies = select(func.count(Thread.id)).where(Thread.type == "message")
        assert desk.session.scalar(replies) == 5


def test_an_attachment_is_taken_by_one_of_two_conversations(workspace: TestWorkspace) -> None:
    conversations = [workspace.conversation()["id"] for _ in range(2)]
    upload = workspace.owner.upload("a.txt", b"a").json["data"]["id"]
    body = {"body": "See the file.", "attachment_ids": [upload]}
    answers = at_once(
        *(
            partial(it.post, f"/conversations/{id_}/reply", body)
            for it, id_ in zip(copies(workspace.owner, 2), conversations, strict=True)
        )
    )
    assert sorted(answer.status_int for answer in answers) == [201, 422]


def test_one_of_ten_writers_with_the_same_etag_wins(workspace: TestWorkspace) -> None:
    path = f"/conversations/{workspace.conversation()['id']}"
    etag = workspace.owner.get(path).headers["ETag"]
    answers = at_once(
        *(
            partial(it.patch, path, {"subject": f"Writer {n}"}, headers={"If-Match": etag})
            for n, it in enumerate(copies(workspace.owner, 10))
        )
    )
    assert sorted(answer.status_int for answer in answers) == [200] + [412] * 9
    winner = next(it for it in answers if it.status_int == 200).json["data"]["subject"]
    assert workspace.owner.get(path).json["data"]["subject"] == winner


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("mailboxes", lambda n: {"name": f"Writer {n}"}),
        ("customers", lambda n: {"company": f"Writer {n}"}),
    ],
)
def test_so_it_is_for_other_things(workspace: TestWorkspace, path: str, change: object) -> None:
    customer = workspace.conversation()["customer"]["id"]
    path = f"/{path}/{customer if path == 'customers' else workspace.a_mailbox}"
    etag = workspace.owner.get(path).headers["ETag"]
    answers = at_once(
        *(
            partial(it.put, path, change(n), headers={"If-Match": etag})  # type: ignore[operator]
            for n, it in enumerate(copies(workspace.owner, 10))
        )
    )
    assert sorted(answer.status_int for answer in answers) == [200] + [412] * 9


def test_first_contacts_at_once_make_one_customer(workspace: TestWorkspace) -> None:
    body = {
        "mailbox_id": workspace.a_mailbox,
        "subject": "First contact",
        "body": "Hello",
        "channel": "probe",
    }
    spellings = ("first@example.test", "First@Example.Test")
    answers = at_once(
        *(
            partial(it.post, "/conversations", {**body, "customer_email": spellings[n % 2]})
            for n, it in enumerate(copies(workspace.owner, 20))
        )
    )
    assert {answer.status_int for answer in answers} == {201}
    assert len({answer.json["data"]["customer"]["id"] for answer in answers}) == 1
    with workspace.desk(write=False) as desk:
        assert desk.session.scalar(select(func.count(Customer.id))) == 1
        assert desk.session.scalar(select(func.count(Conversation.id))) == 20
    shown = workspace.owner.get("/events?type=customer.created").json["data"]
    assert len(shown) == 1


def test_a_customer_created_at_once_is_created_once(workspace: TestWorkspace) -> None:
    answers = at_once(
        *(
            partial(it.post, "/customers", {"email": "one@example.test"})
            for it in copies(workspace.owner, 10)
        )
    )
    statuses = sorted(answer.status_int for answer in answers)
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {409, 422}


def test_first_contacts_at_once_by_phone_make_one_customer(workspace: TestWorkspace) -> None:
    def contact() -> int:
        with workspace.desk() as desk:
            return desk.customers.find_or_create(email=None, phone="+4915112345678").id

    assert len(set(at_once(*[contact] * 12))) == 1
