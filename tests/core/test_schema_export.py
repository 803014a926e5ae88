"""What the documentation says a field takes is what it takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from support_core.errors import Invalid
from support_core.schemas.characters import WHITE
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
    Sort,
    String,
    Url,
    drop,
    json_schema,
    query_parameters,
    validate,
)

TEXTS = st.text(
    st.sampled_from("ab \t\n\r\u00a0\u2028\u200bé\U0001f600\x00\x1f\x7f\x85"), max_size=9
)


def accepts(field: Field, value: Any) -> bool:
    field.name = "value"
    try:
        validate(Body().extended_with([field]), {"value": value})
    except Invalid:
        return False
    return True


def says(schema: dict[str, Any], value: str) -> bool:
    """Tell whether a string schema allows ``value``."""
    if "anyOf" in schema:
        return any(says(option, value) for option in schema["anyOf"])
    if "const" in schema:
        return bool(schema["const"] == value)
    return (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9)
        # ECMA-262's $ is Python's \Z
        and re.search(schema["pattern"].removesuffix("$") + r"\Z", value) is not None
    )


OPTIONS: list[dict[str, Any]] = [
    {},
    {"strip": False},
    {"single_line": True},
    {"strip": False, "single_line": True},
    {"missing": drop, "nullable": True},
    {"strip": False, "missing": drop, "nullable": True},
    {"single_line": True, "missing": drop, "nullable": True},
    {"strip": False, "single_line": True, "missing": drop, "nullable": True},
    {"missing": drop},
    {"empty": "keep"},
    {"strip": False, "empty": "keep"},
    {"strip": False, "empty": "keep", "single_line": True},
    {"empty": "keep", "single_line": True},
]
STRINGS = [String(min=minimum, **options) for minimum in (0, 1, 2, 4) for options in OPTIONS]


@pytest.mark.parametrize("field", STRINGS)
@given(text=TEXTS)
def test_the_pattern_of_a_text_says_exactly_what_is_taken(field: String, text: str) -> None:
    assert says(field.json_schema(), text) == accepts(field, text)


@given(text=TEXTS)
def test_a_length_limit_is_exact_but_for_white_space_around(text: str) -> None:
    field = String(min=1, max=4, strip=False)
    assert says(field.json_schema(), text) == accepts(field, text)
    stripped = String(min=1, max=4)
    assert says(stripped.json_schema(), text.strip(WHITE)) == accepts(stripped, text)


@given(text=st.emails() | st.emails().map(lambda address: f"  {address}\n") | TEXTS)
def test_the_pattern_of_an_address_holds(text: str) -> None:
    assert says(Email().json_schema(), text) == accepts(Email(), text)


@given(text=st.from_regex(Url().json_schema()["pattern"].replace("{0,61}", "{0,9}")))
def test_what_the_pattern_of_a_url_allows_is_a_url(text: str) -> None:
    assert accepts(Url(), text)


@given(moment=st.datetimes(), offset=st.sampled_from(["Z", "z", "+02:00", "-23:59", "", "+2"]))
def test_the_pattern_of_a_moment_holds(moment: Any, offset: str) -> None:
    text = moment.isoformat() + offset
    assert says(DateTime().json_schema(), text) == accepts(DateTime(), text)


class Greeting(Body):
    read_only = ("id",)

    subject = String(min=3, max=500, description="What it is about.")
    port = Integer(min=1, max=65535, missing=993)
    mailbox_id = Id(missing=drop, nullable=True)
    priority = Choice(["low", "high"], missing="low", nullable=True)
    secret = String(strip=False, missing=drop, nullable=True, write_only=True)
    loud = Boolean(missing=False)
    cc = ListOf(Email(), max=3, missing=drop)
    at = DateTime(missing=None, nullable=True)


def test_a_body_is_described_as_json_schema() -> None:
    schema = json_schema(Greeting())
    assert list(schema) == ["type", "properties", "required", "additionalProperties"]
    assert schema["required"] == ["subject"]
    assert schema["additionalProperties"] is False
    properties = schema["properties"]
    assert properties["subject"].items() >= {
        "type": "string", "minLength": 3, "maxLength": 500, "description": "What it is about.",
    }.items()  # fmt: skip
    assert properties["port"] == {
        "type": "integer", "format": "int64", "minimum": 1, "maximum": 65535, "default": 993,
    }  # fmt: skip
    assert properties["mailbox_id"]["type"] == ["integer", "null"]
    assert properties["priority"] == {
        "type": ["string", "null"], "enum": ["low", "high", "", None], "default": "low",
    }  # fmt: skip
    assert properties["secret"]["writeOnly"] is True
    assert properties["loud"] == {"type": "boolean", "default": False}
    assert properties["cc"]["maxItems"] == 3
    assert properties["cc"]["items"]["format"] == "email"
    assert properties["at"]["anyOf"][-2:] == [{"const": ""}, {"type": "null"}]
    assert properties["id"] == {"readOnly": True}


def test_a_partial_body_needs_nothing_and_has_no_defaults() -> None:
    schema = json_schema(Greeting(partial=True))
    assert "required" not in schema
    assert not any("default" in field for field in schema["properties"].values())


def test_a_description_can_be_changed_without_changing_the_field() -> None:
    schema = Greeting()
    json_schema(schema)["properties"]["priority"]["enum"].clear()
    assert json_schema(schema)["properties"]["priority"]["enum"]


def test_free_objects_are_described_to_their_last_level() -> None:
    schema = JsonObject(max_depth=2).json_schema()
    inner = schema["additionalProperties"]
    assert "object" in inner["type"]
    assert inner["items"]["type"] == ["string", "number", "boolean", "null"]


class ListQuery(PageQuery):
    token = String()
    status = CommaSeparated(Choice(["active", "closed"]), missing=drop)
    unread = Boolean(missing=drop)
    assigned_to = Id(words=("me",), missing=drop)
    sort = Sort(["number"], missing="-number")


def test_a_query_is_described_as_openapi_parameters() -> None:
    parameters = {one["name"]: one for one in query_parameters(ListQuery())}
    assert parameters["token"]["required"] is True
    assert parameters["per_page"] == {
        "name": "per_page",
        "in": "query",
        "required": False,
        "description": "Results per page.",
        "schema": {
            "anyOf": [
                {"type": "integer", "format": "int64", "minimum": 1, "maximum": 100},
                {"const": ""},
            ],
            "default": 25,
        },
    }
    assert parameters["status"]["style"] == "form"
    assert parameters["status"]["explode"] is False
    assert parameters["status"]["schema"]["items"]["enum"] == ["active", "closed"]
    assert parameters["unread"]["schema"]["enum"] == ["true", "false", "1", "0", ""]
    assert parameters["assigned_to"]["schema"]["anyOf"][-1] == {"type": "string", "enum": ["me"]}
    assert parameters["sort"]["schema"] == {
        "type": "string", "enum": ["number", "-number", ""], "default": "-number",
    }  # fmt: skip
