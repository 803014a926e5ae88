"""Privacy: what is erased is nowhere left, and an export holds everything there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, select

from support_core.testing import assert_error, assert_invalid, probe

if TYPE_CHECKING:
    from support_core.testing import DeskUnderTest, TestWorkspace

EMAIL = "Xantippe.Quill@Personal.test"
#: Nothing else in the suite holds these, and each test has its own of them.
PERSONAL = (
    "xantippe",
    "quill",
    "personal",
    "zanzibarland",
    "5550177",
    "wyvernsubject",
    "basiliskbody",
    "chimeraanswer",
    "hippogriffnote",
    "manticorefile",
    "cockatricebytes",
    "krakencopy",
    "leviathanattribute",
)


def tables(desk: DeskUnderTest) -> str:
    """Return the text of every row of every table."""
    engine = desk.application.database.engine
    found, lines = MetaData(), []
    with engine.connect() as connection:
        found.reflect(connection)
        for table in found.sorted_tables:
            rows = connection.execute(select(table))
            lines.extend(f"{table.name}: {tuple(row)!r}" for row in rows)
    return "\n".join(lines)


def files(desk: DeskUnderTest) -> bytes:
    """Return the bytes of every blob, and of the database's files where it has some here."""
    application = desk.application
    paths = list(Path(application.settings["support.blobs.path"]).rglob("*"))
    if application.database.dialect == "sqlite":
        database = Path(application.database.url.database or "")
        paths += database.parent.glob(f"{database.name}*")
    return b"\n".join(path.read_bytes() for path in paths if path.is_file())


def traces(desk: DeskUnderTest, mark: str) -> list[str]:
    """Return the personal strings of ``mark`` that are still somewhere."""
    text = tables(desk).casefold() + files(desk).decode("latin-1").casefold()
    return [word for word in PERSONAL if f"{word}{mark}" in text]


def life(workspace: TestWorkspace, mark: str = "") -> dict[str, Any]:
    """Let a customer leave traces wherever one can; returns the conversation.

    ``mark`` ends every personal word.
    """
    email = f"Xantippe{mark}.Quill{mark}@Personal{mark}.test"
    customer = workspace.owner.post(
        "/customers",
        {
            "email": email,
            "name": f"Xantippe{mark} Quill{mark}",
            "first_name": f"Xantippe{mark}",
            "last_name": f"Quill{mark}",
            "phone": f"+15550177{mark}",
            "company": f"Zanzibarland{mark}",
            "notes": f"From Zanzibarland{mark}",
            "attributes": {"pet": f"leviathanattribute{mark}"},
        },
        headers={"Idempotency-Key": "erasure-customer"},
    ).json["data"]
    content = f"cockatricebytes{mark}".encode()
    upload = workspace.owner.upload(f"manticorefile{mark}.txt", content).json["data"]
    conversation = workspace.conversation(
        customer_email=email,
        subject=f"Wyvernsubject{mark}",
        body=f"Basiliskbody{mark}",
        attachment_ids=[upload["id"]],
    )
    assert conversation["customer"]["id"] == customer["id"]
    path = f"/conversations/{conversation['id']}"
    workspace.owner.patch(path, {"subject": f"Wyvernsubject{mark} again", "priority": "high"})
    answer = {
        "body": f"Chimeraanswer{mark} to Xantippe{mark}",
        "cc": [f"krakencopy{mark}@personal{mark}.test"],
    }
    workspace.owner.post(f"{path}/reply", answer, headers={"Idempotency-Key": "erasure-reply"})
    workspace.owner.post(f"{path}/reply", {"body": f"Hippogriffnote{mark}", "type": "note"})
    deleted = workspace.conversation(customer_email=email, subject=f"Wyvernsubject{mark} deleted")
    workspace.owner.delete(f"/conversations/{deleted['id']}")
    return conversation


def test_erasing_leaves_nothing_personal_anywhere(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    mark = f"of{workspace.id}"
    conversation = life(workspace, mark)
    assert traces(desk, mark) == list(PERSONAL)
    answer = workspace.owner.post(f"/customers/{conversation['customer']['id']}/erase")
    assert answer.status_int == 200
    assert answer.json == {"message": "Customer erased successfully"}
    desk.run_jobs()
    assert traces(desk, mark) == []


def test_numbers_and_counts_stay(workspace: TestWorkspace) -> None:
    conversation = life(workspace)
    before = workspace.owner.get("/conversations").json["meta"]["total"]
    workspace.owner.post(f"/customers/{conversation['customer']['id']}/erase")
    page = workspace.owner.get("/conversations").json
    assert page["meta"]["total"] == before
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    assert shown["number"] == conversation["number"]
    assert shown["created_at"] == conversation["created_at"]
    assert shown["subject"] == "[erased]"
    assert shown["customer"]["email"] is None
    written = [it for it in shown["threads"] if it["type"] != "lineitem"]
    assert [it["type"] for it in written] == ["customer", "message", "note"]
    assert {it["body"] for it in written} == {"[erased]"}
    assert all(it["attachments"] == [] for it in written)


def test_an_erased_customer_is_not_found_any_more(workspace: TestWorkspace) -> None:
    conversation = life(workspace)
    path = f"/customers/{conversation['customer']['id']}"
    workspace.owner.post(f"{path}/erase")
    assert_error(workspace.owner.get(path), 404, "not_found")
    assert_error(workspace.owner.post(f"{path}/erase"), 404, "not_found")
    for term in ("wyvern", "xantippe", "quill"):
        assert workspace.owner.get(f"/conversations?search={term}").json["data"] == []
        assert workspace.owner.get(f"/customers?search={term}").json["data"] == []
    assert_error(workspace.owner.get("/attachments/1"), 404, "not_found")


def test_a_kept_answer_that_was_erased_is_not_given_again(workspace: TestWorkspace) -> None:
    conversation = life(workspace)
    workspace.owner.post(f"/customers/{conversation['customer']['id']}/erase")
    again = workspace.owner.post(
        f"/conversations/{conversation['id']}/reply",
        {"body": "Chimeraanswer to Xantippe", "cc": ["krakencopy@personal.test"]},
        headers={"Idempotency-Key": "erasure-reply"},
    )
    assert_error(again, 409, "conflict")


def test_what_waited_to_be_sent_is_not_sent_after_an_erasure(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    conversation = life(workspace)
    workspace.owner.post(f"/customers/{conversation['customer']['id']}/erase")
    desk.run_jobs()
    assert [it for it in probe.attempts if it.conversation.id == conversation["id"]] == []
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    [message] = [it for it in shown["threads"] if it["type"] == "message"]
    assert message["delivery"]["state"] == "failed"
    assert message["delivery"]["error"] == "The customer's data has been erased."
    path = f"/conversations/{conversation['id']}/reply"
    assert_invalid(
        workspace.owner.post(path, {"body": "Are you there?"}),
        body="The customer's data has been erased; add a note instead.",
    )
    assert workspace.owner.post(path, {"body": "Erased.", "type": "note"}).status_int == 201


def test_erasing_reaches_the_same_persons_deleted_rows(workspace: TestWorkspace) -> None:
    old = life(workspace)
    workspace.owner.delete(f"/customers/{old['customer']['id']}")
    new = workspace.conversation(customer_email=EMAIL.lower())
    assert new["customer"]["id"] != old["customer"]["id"]
    workspace.owner.post(f"/customers/{new['customer']['id']}/erase")
    shown = workspace.owner.get(f"/conversations/{old['id']}").json["data"]
    assert shown["customer"]["email"] is None
    assert shown["subject"] == "[erased]"


def test_an_address_can_be_a_new_customers_after_its_erasure(workspace: TestWorkspace) -> None:
    erased = life(workspace)["customer"]["id"]
    workspace.owner.post(f"/customers/{erased}/erase")
    assert workspace.conversation(customer_email=EMAIL)["customer"]["id"] != erased


def test_others_are_left_alone(workspace: TestWorkspace, other: TestWorkspace) -> None:
    kept = workspace.conversation(customer_email="kept@example.test", subject="Kept subject")
    theirs = other.conversation(customer_email=EMAIL, subject="Their subject")
    erased = life(workspace)["customer"]["id"]
    workspace.owner.post(f"/customers/{erased}/erase")
    for client, made in ((workspace.owner, kept), (other.owner, theirs)):
        assert client.get(f"/conversations/{made['id']}").json["data"] == made


def test_a_file_that_another_customer_sent_too_stays(
    desk: DeskUnderTest, workspace: TestWorkspace
) -> None:
    first = workspace.owner.upload("a.txt", b"the same bytes").json["data"]
    second = workspace.owner.upload("b.txt", b"the same bytes").json["data"]
    erased = workspace.conversation(customer_email=EMAIL, attachment_ids=[first["id"]])
    workspace.conversation(customer_email="b@example.test", attachment_ids=[second["id"]])
    workspace.owner.post(f"/customers/{erased['customer']['id']}/erase")
    desk.run_jobs()
    assert_error(workspace.owner.get(f"/attachments/{first['id']}"), 404, "not_found")
    kept = workspace.owner.get(f"/attachments/{second['id']}/download")
    assert kept.body == b"the same bytes"


def test_the_export_holds_what_is_stored(workspace: TestWorkspace) -> None:
    conversation = life(workspace)
    path = f"/customers/{conversation['customer']['id']}"
    answer = workspace.owner.get(f"{path}/export")
    assert answer.status_int == 200
    exported = answer.json["data"]
    assert exported["customer"] == workspace.owner.get(path).json["data"]
    [shown] = exported["conversations"]
    assert shown["number"] == conversation["number"]
    assert shown["subject"] == "Wyvernsubject again"
    first, second = shown["threads"]
    assert (first["body"], second["body"]) == ("Basiliskbody", "Chimeraanswer to Xantippe")
    assert first["attachments"][0]["name"] == "manticorefile.txt"
    assert "Hippogriffnote" not in answer.text


def test_erasing_and_exporting_need_the_permission(workspace: TestWorkspace) -> None:
    id_ = workspace.conversation()["customer"]["id"]
    viewer = workspace.client(user_id=workspace.member("viewer"))
    for answer in (viewer.post(f"/customers/{id_}/erase"), viewer.get(f"/customers/{id_}/export")):
        assert_error(answer, 403, "forbidden", permission="manage_customers")


def test_an_erased_customers_conversation_says_that_it_cannot_be_answered(
    workspace: TestWorkspace,
) -> None:
    conversation = workspace.conversation(customer_email="gone@example.test")
    workspace.owner.post(f"/customers/{conversation['customer']['id']}/erase")
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]["can_reply"]
    assert shown["allowed"] is False
    assert shown["reason"] == "The customer's data has been erased; add a note instead."
