"""Containers, whole bodies and query strings."""

from __future__ import annotations

from typing import Any

import pytest
from webob.multidict import MultiDict

from support_core.schemas.fields import (
    Body,
    Choice,
    CommaSeparated,
    Email,
    Field,
    Id,
    Integer,
    JsonObject,
    ListOf,
    PageQuery,
    Refused,
    Sort,
    String,
    drop,
    validate,
)
from tests.core.fields_under_test import (
    body_of,
    errors,
    query_sentence,
    read,
    sentence,
)


class Greeting(Body):
    read_only = ("id", "created_at")

    subject = String(min=3, max=500)
    customer_email = Email()
    body = String(min=1, max=20, strip=False)
    name = String(max=10, missing=drop, nullable=True)
    priority = Choice(["low", "high"], missing="low")


GREETING = Greeting()
GOOD = {"subject": "Hello", "customer_email": "a@example.com", "body": "Hi\n"}


class TestContainers:
    def test_every_entry_of_a_list_is_checked(self) -> None:
        found = errors(body_of(ListOf(Id())), {"value": [1, "x", 2, None]})
        assert found == {
            "value.1": ["The value.1 must be an integer."],
            "value.3": ["The value.3 field is required."],
        }

    def test_a_list_has_bounds(self) -> None:
        field = ListOf(Id(), min=1, max=2)
        assert sentence(field, []) == "The value must have at least 1 items."
        assert sentence(field, [1, 2, 3]) == "The value must not have more than 2 items."
        assert sentence(field, {"0": 1}) == "The value must be an array."

    def test_a_distinct_list_keeps_the_first_of_equals(self) -> None:
        assert read(ListOf(String(), distinct=True), ["b", "a", " b"]) == ["b", "a"]

    def test_bodies_nest_with_dotted_names(self) -> None:
        class Item(Body):
            first_name = String()

        found = errors(body_of(ListOf(Item())), {"value": [{}, {"first_name": "x", "b": 1}, 7]})
        assert found == {
            "value.0.first_name": ["The value.0.first name field is required."],
            "value.1.b": ["The value.1.b field is prohibited."],
            "value.2": ["The value.2 must be an object."],
        }

    def test_an_object_is_bounded(self) -> None:
        field = JsonObject(max_properties=2, max_depth=2, max_kilobytes=1)
        assert read(field, {"a": {"b": 1}, "c": [None]}) == {"a": {"b": 1}, "c": [None]}
        assert sentence(field, []) == "The value must be an object."
        assert sentence(field, {"a": 1, "b": 1, "c": 1}) == (
            "The value must not have more than 2 items."
        )
        assert sentence(field, {"a": {"b": []}}) == (
            "The value must not be nested more than 2 levels deep."
        )
        assert sentence(field, {"a": "x" * 1024}) == (
            "The value must not be greater than 1 kilobytes."
        )

    @pytest.mark.parametrize("bad", [{"a\0": 1}, {"a": "\0"}, {"a": ["\ud800"]}])
    def test_an_object_holds_only_texts_a_database_takes(self, bad: dict[str, Any]) -> None:
        assert sentence(JsonObject(), bad) == "The value contains characters that are not allowed."

    def test_very_deep_nesting_is_refused_at_the_limit(self) -> None:
        deep: Any = {}
        for _ in range(100_000):
            deep = {"a": deep}
        assert "levels deep" in sentence(JsonObject(), deep)
        while deep:  # taken apart by hand: the interpreter would recurse
            deep = deep.pop("a")


class TestBodies:
    def test_returns_values_and_defaults(self) -> None:
        assert validate(GREETING, GOOD) == {**GOOD, "priority": "low"}

    def test_reports_every_failing_field_in_order(self) -> None:
        found = errors(GREETING, {"nmae": 1, "subject": "a", "priority": "urgent", "name": 5})
        assert list(found.items()) == [
            ("subject", ["The subject must be at least 3 characters."]),
            ("customer_email", ["The customer email field is required."]),
            ("body", ["The body field is required."]),
            ("name", ["The name must be a string."]),
            ("priority", ["The selected priority is invalid."]),
            ("nmae", ["The nmae field is prohibited."]),
        ]

    def test_ignores_what_only_the_representation_has(self) -> None:
        sent_back = {**GOOD, "id": "anything", "created_at": None}
        assert validate(GREETING, sent_back) == {**GOOD, "priority": "low"}

    def test_an_unknown_key_is_quoted_safely(self) -> None:
        found = errors(GREETING, {**GOOD, "x" * 500: 1, "a\ud800\n": 1})
        assert found == {
            "x" * 100: ["The " + "x" * 100 + " field is prohibited."],
            "a\\ud800\\n": ["The a\\ud800\\n field is prohibited."],
        }

    def test_names_at_most_fifty_unknown_keys(self) -> None:
        assert len(errors(GREETING, GOOD | {f"k{i}": 1 for i in range(1000)})) == 50

    def test_a_partial_body_leaves_absent_fields_out(self) -> None:
        partial = Greeting(partial=True)
        assert validate(partial, {}) == {}
        assert validate(partial, {"name": None}) == {"name": None}
        assert errors(partial, {"subject": None, "body": ""}) == {
            "subject": ["The subject field is required."],
            "body": ["The body field is required."],
        }

    def test_required_and_nullable_go_together(self) -> None:
        schema = body_of(Id(nullable=True))
        assert validate(schema, {"value": None}) == {"value": None}
        assert errors(schema, {}) == {"value": ["The value field is required."]}

    def test_a_default_is_never_shared(self) -> None:
        schema = body_of(ListOf(Id(), missing=[]))
        validate(schema, {})["value"].append(1)
        assert validate(schema, {}) == {"value": []}

    def test_a_plugin_extends_a_schema(self) -> None:
        extended = GREETING.extended_with(
            [String(name="imap_host"), Integer(name="imap_port", missing=993)],
            read_only=["imap_status"],
        )
        found = validate(extended, {**GOOD, "imap_host": "mail", "imap_status": {}})
        assert (found["imap_host"], found["imap_port"]) == ("mail", 993)
        assert "imap_host" in errors(GREETING, {**GOOD, "imap_host": "mail"})

    def test_a_plugin_cannot_take_a_name_twice(self) -> None:
        with pytest.raises(ValueError, match="'subject' is declared twice"):
            GREETING.extended_with([String(name="subject")])

    def test_a_body_takes_its_own_fields_only(self) -> None:
        with pytest.raises(TypeError, match="query parameters only"):
            GREETING.extended_with([Sort(["a"], name="sort")])
        with pytest.raises(TypeError, match="is not a field"):
            GREETING.extended_with([object()])  # type: ignore[list-item]
        with pytest.raises(ValueError, match="needs a name"):
            GREETING.extended_with([String()])

    def test_a_validator_sees_good_values_only(self) -> None:
        class Window(Body):
            start = Integer()
            end = Integer()

            def validator(self, node: Any, value: dict[str, Any]) -> None:
                if value["end"] <= value["start"]:
                    problem = Refused(node)
                    problem["end"] = "The :attribute must be greater than the start."
                    raise problem

        assert errors(Window(), {"start": 1, "end": "x"}) == {
            "end": ["The end must be an integer."]
        }
        assert errors(Window(), {"start": 2, "end": 1}) == {
            "end": ["The end must be greater than the start."]
        }
        assert validate(Window(), {"start": 1, "end": 2}) == {"start": 1, "end": 2}

    def test_a_field_has_a_validator_of_its_own(self) -> None:
        def even(node: Field, value: int) -> None:
            if value % 2:
                raise node.refused("The :attribute must be a multiple of :value.", value=2)

        assert sentence(Integer(validator=even), 3) == "The value must be a multiple of 2."


class ConversationQuery(PageQuery):
    status = CommaSeparated(Choice(["active", "closed"]), missing=drop)
    assigned_to = CommaSeparated(Id(words=("me", "unassigned")), missing=drop, max=3)
    search = String(max=20, missing=drop)
    sort = Sort(["last_reply_at", "number"], missing="-last_reply_at")


LIST = ConversationQuery()


class TestQueries:
    def test_has_the_defaults_of_a_list(self) -> None:
        expected = {"per_page": 25, "page": 1, "sort": "-last_reply_at"}
        assert validate(LIST, {}) == expected
        assert validate(LIST, dict.fromkeys(["per_page", "page", "status", "search", "sort"], ""))
        assert validate(LIST, {"status": "", "search": " ", "per_page": ""}) == expected

    def test_reads_everything(self) -> None:
        query = MultiDict(
            status="closed,,active,closed",
            assigned_to="me,5",
            search=" #42 ",
            page="3",
            per_page="100",
            sort="number",
        )
        assert validate(LIST, query) == {
            "status": ["closed", "active"],
            "assigned_to": ["me", 5],
            "search": "#42",
            "page": 3,
            "per_page": 100,
            "sort": "number",
        }

    def test_reports_everything_at_once(self) -> None:
        query = {
            "per_page": "101",
            "status": "open,closed",
            "assigned_to": "1,2,3,4",
            "sort": "body",
            "stauts": "x",
        }
        assert errors(LIST, query) == {
            "per_page": ["The per page must be between 1 and 100."],
            "status": ["The selected status is invalid."],
            "assigned_to": ["The assigned to must not have more than 3 items."],
            "sort": ["The selected sort is invalid."],
            "stauts": ["The stauts field is prohibited."],
        }

    @pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "9" * 40, str(2**63 // 100 + 1)])
    def test_a_page_that_is_none_is_the_first(self, text: str) -> None:
        assert validate(LIST, {"page": text})["page"] == 1

    def test_a_parameter_is_given_once(self) -> None:
        query = MultiDict([("page", "1"), ("page", "2")])
        assert errors(LIST, query) == {"page": ["The page field must be given only once."]}

    def test_an_empty_cursor_is_there(self) -> None:
        assert validate(LIST, {"cursor": ""})["cursor"] == ""
        assert validate(LIST, {"cursor": "abc"})["cursor"] == "abc"
        assert "cursor" not in validate(LIST, {})

    def test_a_required_parameter_can_be_empty_no_more_than_missing(self) -> None:
        assert query_sentence(String(), "") == "The value field is required."
        assert query_sentence(Id(), "") == "The value field is required."
