"""What a caller may send, and the sentence that answers what he may not."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from support_core.schemas.fields import (
    Boolean,
    Choice,
    DateTime,
    Email,
    Id,
    Integer,
    String,
    Url,
    drop,
)
from tests.core.fields_under_test import (
    parse,
    query_sentence,
    read,
    sentence,
)


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
