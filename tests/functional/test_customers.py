"""Customers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from support_core.services import search
from support_core.testing import assert_error, assert_invalid

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace

EVERYTHING = {
    "email": "Jane@Example.test",
    "display_name": "Jane Roe",
    "first_name": "Jane",
    "last_name": "Roe",
    "phone": "+4915112345678",
    "company": "Roe & Sons",
    "notes": "Prefers mornings.\nSpeaks Danish.",
    "attributes": {"tier": 3, "since": "2020", "flags": [True, None], "nested": {"a": 1.5}},
}


def create(workspace: TestWorkspace, **values: Any) -> dict[str, Any]:
    answer = workspace.owner.post("/customers", values)
    assert answer.status_int == 201, answer.text
    made: dict[str, Any] = answer.json["data"]
    return made


def emails(workspace: TestWorkspace, query: str = "") -> list[str | None]:
    answer = workspace.owner.get(f"/customers?sort=id{query}")
    assert answer.status_int == 200, answer.text
    return [row["email"] for row in answer.json["data"]]


def test_create_keeps_every_field(workspace: TestWorkspace) -> None:
    answer = workspace.owner.post("/customers", EVERYTHING)
    assert answer.status_int == 201
    assert answer.json["message"] == "Customer created successfully"
    made = answer.json["data"]
    assert {name: made[name] for name in EVERYTHING} == EVERYTHING
    assert workspace.owner.get(f"/customers/{made['id']}").json == {"data": made}


def test_name_is_another_word_for_display_name(workspace: TestWorkspace) -> None:
    made = create(workspace, email="a@example.test", name="Al")
    assert made["display_name"] == "Al"
    assert "name" not in made
    changed = workspace.owner.put(f"/customers/{made['id']}", {"name": "Bo"}).json["data"]
    assert changed["display_name"] == "Bo"


def test_a_customer_is_known_by_address_or_phone(workspace: TestWorkspace) -> None:
    assert create(workspace, phone="+4512345678")["email"] is None
    neither = {
        "email": "The email field is required when phone is not present.",
        "phone": "The phone field is required when email is not present.",
    }
    for body in (
        {},
        {"name": "Nobody"},
        {"email": None, "phone": None},
        {"email": "", "phone": ""},
    ):
        assert_invalid(workspace.owner.post("/customers", body), **neither)
    made = create(workspace, email="a@example.test")
    assert_invalid(workspace.owner.put(f"/customers/{made['id']}", {"email": None}), **neither)


def test_the_address_is_unique_whatever_its_case(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    create(workspace, email="Jane@Example.test")
    second = create(workspace, email="second@example.test")
    taken = {"email": "The email has already been taken."}
    assert_invalid(workspace.owner.post("/customers", {"email": "jane@example.TEST"}), **taken)
    path = f"/customers/{second['id']}"
    assert_invalid(workspace.owner.put(path, {"email": "JANE@example.test"}), **taken)
    # The own address in another case is no clash, and another workspace is another world.
    kept = workspace.owner.put(path, {"email": "SECOND@example.test"})
    assert kept.json["data"]["email"] == "SECOND@example.test"
    create(other, email="jane@example.test")


LOOKALIKES = {
    "post@xn--bcher-kva.test": "post@bücher.test",
    "post@bücher.test": "post@bu\u0308cher.test",
    "post@desk.test": "post@ｄesk.test",
    "post@desk.example.test": "post@desk。example.test",
    "post@soft.test": "post@so\u00adft.test",
}


@pytest.mark.parametrize("first", LOOKALIKES)
def test_addresses_that_mail_takes_for_one_are_one(workspace: TestWorkspace, first: str) -> None:
    taken = {"email": "The email has already been taken."}
    made, second = create(workspace, email=first), LOOKALIKES[first]
    assert_invalid(workspace.owner.post("/customers", {"email": second}), **taken)
    mailbox = {"name": "Support", "email": first}
    assert workspace.owner.post("/mailboxes", mailbox).status_int == 201
    assert_invalid(workspace.owner.post("/mailboxes", {**mailbox, "email": second}), **taken)
    member = {"name": "Jo", "email": first}
    assert workspace.owner.post("/users", member).status_int == 201
    assert_invalid(workspace.owner.post("/users", {**member, "email": second}), **taken)
    opened = workspace.conversation(customer_email=second)
    assert opened["customer"]["id"] == made["id"]


def test_an_international_address_fits_in_its_ascii_form_too(workspace: TestWorkspace) -> None:
    host = ".".join(["ß" * 31] * 4)
    invalid = {"email": "The email must be a valid email address."}
    assert_invalid(workspace.owner.post("/customers", {"email": "a" * 64 + "@" + host}), **invalid)
    assert create(workspace, email=f"a@{host}")["email"] == f"a@{host}"


def test_update_keeps_what_is_left_out_and_null_empties(workspace: TestWorkspace) -> None:
    made = create(workspace, **EVERYTHING)
    path = f"/customers/{made['id']}"
    answer = workspace.owner.put(path, {"company": "Other", "notes": None})
    assert answer.status_int == 200
    assert answer.json["message"] == "Customer updated successfully"
    changed = answer.json["data"]
    assert (changed["company"], changed["notes"]) == ("Other", None)
    assert changed["attributes"] == EVERYTHING["attributes"]
    replaced = workspace.owner.put(path, {"attributes": {"new": 1}}).json["data"]
    assert replaced["attributes"] == {"new": 1}


def test_what_was_read_can_be_sent_back(workspace: TestWorkspace) -> None:
    made = create(workspace, **EVERYTHING)
    answer = workspace.owner.put(f"/customers/{made['id']}", made)
    assert answer.status_int == 200
    assert answer.json["data"] == made


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ([], "The attributes must be an object."),
        ("x", "The attributes must be an object."),
        (None, "The attributes field must have a value."),
        (
            {"a": {"b": {"c": {"d": {}}}}},
            "The attributes must not be nested more than 4 levels deep.",
        ),
        ({"a": "nul \x00"}, "The attributes contains characters that are not allowed."),
        ({"a\ud800": 1}, "The attributes contains characters that are not allowed."),
        ({"n": 10**40}, "The attributes contains numbers that are out of range."),
        ({"n": 2**63}, "The attributes contains numbers that are out of range."),
        ({str(n): n for n in range(101)}, "The attributes must not have more than 100 items."),
        ({"a": "x" * 70_000}, "The attributes must not be greater than 64 kilobytes."),
    ],
)
def test_attributes_are_a_modest_object(
    workspace: TestWorkspace, attributes: object, sentence: str
) -> None:
    answer = workspace.owner.post(
        "/customers", {"email": "a@example.test", "attributes": attributes}
    )
    assert_invalid(answer, attributes=sentence)


def test_a_customer_with_conversations_is_deleted_softly(workspace: TestWorkspace) -> None:
    conversation = workspace.conversation()
    path = f"/customers/{conversation['customer']['id']}"
    answer = workspace.owner.delete(path)
    assert answer.json == {"message": "Customer deleted successfully"}
    for gone in (path, f"{path}/conversations", f"{path}/export"):
        assert_error(workspace.owner.get(gone), 404, "not_found")
    assert_error(workspace.owner.put(path, {"name": "x"}), 404, "not_found")
    assert emails(workspace) == []
    assert emails(workspace, "&search=customer") == []
    shown = workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
    assert shown["customer"]["email"] == "customer@example.test"
    # The next first contact makes a new customer.
    again = workspace.conversation()
    assert again["customer"]["id"] != conversation["customer"]["id"]


def test_a_customer_without_conversations_is_gone(workspace: TestWorkspace) -> None:
    made = create(workspace, email="a@example.test")
    assert workspace.owner.delete(f"/customers/{made['id']}").status_int == 200
    assert_error(workspace.owner.get(f"/customers/{made['id']}"), 404, "not_found")
    create(workspace, email="a@example.test")


def test_a_customers_conversations_are_the_list_filtered(workspace: TestWorkspace) -> None:
    mine = workspace.conversation(customer_email="a@example.test", priority="high")
    workspace.conversation(customer_email="b@example.test")
    second = workspace.conversation(customer_email="a@example.test")
    path = f"/customers/{mine['customer']['id']}/conversations"
    answer = workspace.owner.get(path).json
    assert [row["number"] for row in answer["data"]] == [second["number"], mine["number"]]
    assert answer["meta"]["path"].endswith(path)
    assert set(answer["data"][0]) == set(workspace.owner.get("/conversations").json["data"][0])
    filtered = workspace.owner.get(f"{path}?priority=high&status=active&search=account").json
    assert [row["number"] for row in filtered["data"]] == [mine["number"]]
    assert len(workspace.owner.get(f"{path}?cursor=").json["data"]) == 2


def test_search_looks_at_names_address_phone_and_company(
    workspace: TestWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(workspace, **EVERYTHING)
    create(workspace, email="100%_sure@example.test", display_name="Élodie Ünal")
    cases = {
        "jane": ["Jane@Example.test"],
        "ROE": ["Jane@Example.test"],
        "+49151": ["Jane@Example.test"],
        "sons": ["Jane@Example.test"],
        "&": ["Jane@Example.test"],
        "élodie": ["100%_sure@example.test"],
        "ÜNAL": ["100%_sure@example.test"],
        "%": ["100%_sure@example.test"],
        "%_": ["100%_sure@example.test"],
        "a%b": [],
        "' OR '1'='1": [],
        "example": ["Jane@Example.test", "100%_sure@example.test"],
        "mornings": [],
    }
    for limit in (search.RARE, 0):
        monkeypatch.setattr(search, "RARE", limit)
        for term, expected in cases.items():
            assert emails(workspace, f"&search={quote(term, safe='')}") == expected, term


def test_search_follows_changes(workspace: TestWorkspace) -> None:
    made = create(workspace, email="before@example.test")
    workspace.owner.put(f"/customers/{made['id']}", {"email": "after@example.test"})
    assert emails(workspace, "&search=before") == []
    assert emails(workspace, "&search=after") == ["after@example.test"]


def test_the_list_has_pages_and_cursors(workspace: TestWorkspace) -> None:
    for number in range(5):
        create(workspace, email=f"c{number}@example.test")
    page = workspace.owner.get("/customers?per_page=2&page=2&sort=id").json
    assert [row["email"] for row in page["data"]] == ["c2@example.test", "c3@example.test"]
    assert page["meta"]["total"] == 5
    seen, cursor = [], ""
    while cursor is not None:
        page = workspace.owner.get(f"/customers?per_page=2&sort=-id&cursor={cursor}").json
        seen += [row["email"] for row in page["data"]]
        cursor = page["meta"]["next_cursor"]
    assert seen == [f"c{number}@example.test" for number in (4, 3, 2, 1, 0)]


def test_the_newest_comes_first(workspace: TestWorkspace) -> None:
    for number in range(3):
        create(workspace, email=f"c{number}@example.test")
    rows = workspace.owner.get("/customers").json["data"]
    assert [row["email"][:2] for row in rows] == ["c2", "c1", "c0"]


def test_another_workspaces_customer_does_not_exist(
    workspace: TestWorkspace, other: TestWorkspace
) -> None:
    theirs = create(other, email="a@example.test")["id"]
    path = f"/customers/{theirs}"
    missing = workspace.owner.get("/customers/999999999")
    for answer in (
        workspace.owner.get(path),
        workspace.owner.put(path, {"name": "x"}),
        workspace.owner.delete(path),
        workspace.owner.get(f"{path}/conversations"),
        workspace.owner.get(f"{path}/export"),
        workspace.owner.post(f"{path}/erase"),
    ):
        assert_error(answer, 404, "not_found")
        assert answer.json == missing.json
