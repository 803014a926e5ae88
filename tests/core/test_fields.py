"""What a caller may send, and the sentence that answers what he may not."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest
from webob.multidict import MultiDict

from support_core.errors import Invalid
from support_core.schemas.fields import (
    Body,
    Boolean,
    Choice,
    CommaSeparated,
    DateTime,
    Email,
    Field,
    Id,
    Integer,
    JsonObject,
    ListOf,
    PageQuery,
    Query,
    Refused,
    Sort,
    String,
    Url,
    drop,
    validate,
)


def body_of(field: Field, **options: Any) -> Body:
    """Return a body with the one field ``value``."""
    field.name = "value"
    return Body(**options).extended_with([field])


def query_of(field: Field) -> Query:
    field.name = "value"
    query = Query().extended_with([field])
    assert isinstance(query, Query)
    return query


def read(field: Field, value: Any) -> Any:
    return validate(body_of(field), {"value": value})["value"]


def errors(schema: Body, data: Any) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as caught:
        validate(schema, data)
    return caught.value.errors


def sentence(field: Field, value: Any) -> str:
    found = errors(body_of(field), {"value": value})
    assert list(found) == ["value"]
    (message,) = found["value"]
    return message


def parse(field: Field, value: str) -> Any:
    return validate(query_of(field), {"value": value}).get("value", "nothing")


def query_sentence(field: Field, value: str) -> str:
    (message,) = errors(query_of(field), {"value": value})["value"]
    return message


class Greeting(Body):
    read_only = ("id", "created_at")

    subject = String(min=3, max=500)
    customer_email = Email()
    body = String(min=1, max=20, strip=False)
    name = String(max=10, missing=drop, nullable=True)
    priority = Choice(["low", "high"], missing="low")


GREETING = Greeting()
GOOD = {"subject": "Hello", "customer_email": "a@example.com", "body": "Hi\n"}


class TestStrings:
    def test_strips_white_space_at_both_ends(self) -> None:
        assert read(String(), " \u00a0\u3000\ufeffHello  you\r\n\t") == "Hello  you"

    def test_keeps_white_space_where_declared(self) -> None:
        assert read(String(strip=False), "  code\n") == "  code\n"

    @pytest.mark.parametrize("empty", ["", "   ", "\n\t", "\u200b", None])
    def test_emptiness_of_a_required_text_is_absence(self, empty: str | None) -> None:
        assert sentence(String(), empty) == "The value field is required."
        assert sentence(String(strip=False), empty) == "The value field is required."

    def test_emptiness_of_a_nullable_text_is_none(self) -> None:
        assert read(String(missing=drop, nullable=True, min=3), " ") is None

    def test_emptiness_can_be_kept(self) -> None:
        assert read(String(empty="keep"), "  ") == ""

    def test_null_needs_a_nullable_field(self) -> None:
        assert sentence(String(missing=drop), None) == "The value field must have a value."

    @pytest.mark.parametrize("other", [1, 1.5, True, [], {}])
    def test_refuses_other_types(self, other: Any) -> None:
        assert sentence(String(), other) == "The value must be a string."

    @pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "\x0ba", "a\ud800", "\udc00"])
    def test_refuses_controls_and_lone_surrogates(self, text: str) -> None:
        assert sentence(String(), text) == "The value contains characters that are not allowed."

    def test_takes_tabs_line_breaks_and_every_script(self) -> None:
        text = "a\tb\r\nc \U0001f600 שלום\u200dé"
        assert read(String(), text) == text

    @pytest.mark.parametrize("broken", ["a\nBcc: x", "a\rb", "a\u2028b"])
    def test_a_single_line_has_no_line_breaks(self, broken: str) -> None:
        field = String(single_line=True)
        assert sentence(field, broken) == "The value contains characters that are not allowed."
        assert read(field, "one\tline\n") == "one\tline"

    def test_counts_characters_after_stripping(self) -> None:
        field = String(min=3, max=4)
        assert sentence(field, "  ab  ") == "The value must be at least 3 characters."
        assert sentence(field, "abcde") == "The value must not be greater than 4 characters."
        assert read(field, "   \U0001f600\U0001f600\U0001f600\U0001f600   ") == "\U0001f600" * 4

    def test_a_pattern_is_matched_as_a_whole(self) -> None:
        field = String(pattern="#[0-9a-f]{6}")
        assert read(field, " #0066cc ") == "#0066cc"
        assert sentence(field, "#0066cc;") == "The value format is invalid."


class TestEmails:
    @pytest.mark.parametrize(
        "address",
        [
            "customer@example.com",
            "o'brien+tag/x=1@sub.example.co.uk",
            "a@localhost",
            "x@münchen.de",
            "user@xn--mnchen-3ya.de",
            "x" * 64 + "@example.com",
        ],
    )
    def test_takes_addresses(self, address: str) -> None:
        assert read(Email(), f" {address}\n") == address

    @pytest.mark.parametrize(
        "text",
        [
            "customer",
            "@example.com",
            "customer@",
            "a b@example.com",
            "a@b@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@-example.com",
            "a@example..com",
            "a@example.com.",
            "a@exa_mple.com",
            'John <john@example.com>, "x"@example.com',
            '"quoted local"@example.com',
            "a@[127.0.0.1]",
            "josé@example.com",
            "a@" + "ü" * 64 + ".de",
            "x" * 65 + "@example.com",
            "a@" + ".".join(["ü" * 30] * 7),  # over 253 octets in its ASCII form
            "a@\u3002.com",
        ],
    )
    def test_refuses_what_is_none(self, text: str) -> None:
        assert sentence(Email(), text) == "The value must be a valid email address."

    def test_a_header_cannot_be_smuggled_in(self) -> None:
        message = "The value contains characters that are not allowed."
        assert sentence(Email(), "a@example.com\nBcc: b@example.com") == message

    def test_is_at_most_255_characters_long(self) -> None:
        message = "The value must not be greater than 255 characters."
        assert sentence(Email(), "a@" + "x." * 130 + "com") == message


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com",
            "http://localhost:6543/hook?x={a|b}#top",
            "HTTPS://münchen.de/straße",
            "http://my_service/",
            "http://[2001:db8::1]:8080/",
            "http://10.0.0.1/",
        ],
    )
    def test_takes_urls(self, url: str) -> None:
        assert read(Url(), url) == url

    @pytest.mark.parametrize(
        "text",
        [
            "example.com",
            "//example.com",
            "ftp://example.com",
            "javascript:alert(1)",
            "javascript://example.com/%0aalert(1)",
            "http://",
            "http:///path",
            "http://user:secret@example.com/",
            "http://exa mple.com",
            "http://example.com/<script>",
            "http://example.com\\@evil.example",
            "http://example.com:65536/",
            "http://example.com:x@z",
            "http://[::1",
            "http://[1:2]/",
            "http://-a.com",
        ],
    )
    def test_refuses_what_is_none(self, text: str) -> None:
        assert sentence(Url(), text) == "The value must be a valid URL."

    def test_schemes_can_be_narrowed(self) -> None:
        field = Url(schemes=("https",))
        assert sentence(field, "http://example.com") == "The value must be a valid URL."


class TestChoices:
    def test_refuses_what_is_not_offered(self) -> None:
        for other in ["spam", 1, True, ["low"], {}]:
            assert sentence(Choice(["low"]), other) == "The selected value is invalid."

    def test_takes_an_enumeration(self) -> None:
        class Status(StrEnum):
            ACTIVE = "active"

        assert read(Choice(Status), " active ") == "active"

    def test_asks_a_callable_every_time(self) -> None:
        channels = ["api"]
        field = Choice(lambda: channels)
        assert sentence(field, "email") == "The selected value is invalid."
        channels.append("email")
        assert read(field, "email") == "email"


class TestNumbers:
    @pytest.mark.parametrize("other", [True, False, 1.5, "1", [], {}, 1e999])
    def test_json_integers_are_integers(self, other: Any) -> None:
        assert sentence(Integer(), other) == "The value must be an integer."

    def test_a_json_number_without_a_fraction_is_an_integer_however_it_is_written(self) -> None:
        value = read(Integer(), 1.0)
        assert (value, type(value)) == (1, int)
        assert "must not be greater than" in sentence(Integer(), 1e30)

    def test_bounds_are_named(self) -> None:
        assert sentence(Integer(min=1), 0) == "The value must be at least 1."
        assert sentence(Integer(max=9), 10) == "The value must not be greater than 9."
        assert sentence(Integer(min=1, max=9), 10) == "The value must be between 1 and 9."
        assert "must not be greater than" in sentence(Integer(), 2**63)
        assert read(Integer(), -(2**63)) == -(2**63)

    @pytest.mark.parametrize(
        "text", ["1.0", "+1", " 1", "1 ", "١", "1e3", "0x1", "007", "--1", "1" * 19, "1_0", "a"]
    )
    def test_query_integers_are_plain_decimals(self, text: str) -> None:
        assert query_sentence(Integer(), text) == "The value must be an integer."

    def test_query_integers_may_have_eighteen_digits(self) -> None:
        assert parse(Integer(), "-" + "9" * 18) == -(10**18 - 1)

    @pytest.mark.parametrize("number", [0, -1, 2**63, 1e20])
    def test_a_number_that_can_be_no_id_does_not_exist(self, number: float) -> None:
        assert sentence(Id(), number) == "The selected value is invalid."

    def test_ids_are_integers(self) -> None:
        assert read(Id(), 2**63 - 1) == 2**63 - 1
        for other in ("5", True, 1.5):
            assert sentence(Id(), other) == "The value must be an integer."

    def test_query_ids_follow(self) -> None:
        assert parse(Id(), "42") == 42
        assert query_sentence(Id(), "9" * 40) == "The selected value is invalid."
        assert query_sentence(Id(), "0") == "The selected value is invalid."
        assert query_sentence(Id(), "x") == "The value must be an integer."

    def test_an_id_may_have_words_beside_it(self) -> None:
        assert parse(Id(words=("me",)), "me") == "me"
        assert query_sentence(Id(words=("me",)), "you") == "The value must be an integer."


class TestBooleans:
    @pytest.mark.parametrize("other", [0, 1, "true", "", [], 1.0])
    def test_json_has_true_and_false(self, other: Any) -> None:
        assert sentence(Boolean(), other) == "The value field must be true or false."
        assert read(Boolean(), False) is False

    def test_queries_have_four_words(self) -> None:
        assert [parse(Boolean(), word) for word in ("true", "1", "false", "0")] == [
            True,
            True,
            False,
            False,
        ]
        for word in ("True", "yes", "2"):
            assert query_sentence(Boolean(), word) == "The value field must be true or false."


class TestDates:
    @pytest.mark.parametrize(
        ("text", "moment"),
        [
            ("2026-01-29T10:30:00Z", datetime(2026, 1, 29, 10, 30, tzinfo=UTC)),
            ("2026-01-29t10:30:00.123456789z", datetime(2026, 1, 29, 10, 30, 0, 123456, UTC)),
            ("2026-01-29T00:30:00+02:00", datetime(2026, 1, 28, 22, 30, tzinfo=UTC)),
        ],
    )
    def test_moments_become_utc(self, text: str, moment: datetime) -> None:
        assert read(DateTime(), text) == moment
        assert read(DateTime(), text).tzinfo is UTC

    @pytest.mark.parametrize(
        "text",
        [
            "tomorrow",
            "2026-01-29",
            "2026-01-29T10:30:00",
            "2026-01-29 10:30:00Z",
            "2026-02-30T10:30:00Z",
            "20260129T103000Z",
            "2026-W05-4T10:30:00Z",
            "2026-01-29T10:30:60Z",
            "2026-01-29T10:30:00+24:00",
            "0001-01-01T00:00:00+05:00",
            "9999-12-31T23:59:59-05:00",
            "٢٠٢٦-01-29T10:30:00Z",
            1767225600,
        ],
    )
    def test_refuses_the_rest(self, text: Any) -> None:
        assert sentence(DateTime(), text) == "The value is not a valid date."

    def test_a_filter_may_take_a_bare_date(self) -> None:
        assert parse(DateTime(dates=True), "2026-01-29") == datetime(2026, 1, 29, tzinfo=UTC)
        assert query_sentence(DateTime(dates=True), "2026-02-30") == (
            "The value is not a valid date."
        )


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
