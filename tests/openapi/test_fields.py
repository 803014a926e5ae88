"""Schemas in words."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.openapi.fields import kind, limits, rows
from support_core.openapi.prose_html import prose


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "format": "email"}, "e-mail address"),
        ({"type": ["integer", "null"]}, "integer or null"),
        ({"type": "array", "items": {"type": "boolean"}}, "list of boolean"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "object of boolean"),
        ({"type": "object"}, "object"),
        ({}, "anything"),
        ({"anyOf": [{"type": "integer"}, {"const": ""}]}, "integer"),
        ({"$ref": "#/components/schemas/Thread"}, '<a href="#schema-Thread">Thread</a>'),
        (
            {"enum": ["low", "high", "", None]},
            "<code class=choice>low</code>, <code class=choice>high</code> or "
            "<code class=choice>null</code>",
        ),
        (
            {"allOf": [{"$ref": "#/components/schemas/Token"}, {"type": "object"}]},
            '<a href="#schema-Token">Token</a> and object',
        ),
    ],
)
def test_a_type_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind(schema) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 3, "maxLength": 500}, ["3 to 500 characters"]),
        ({"type": "string", "maxLength": 255}, ["at most 255 characters"]),
        ({"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, []),
        ({"type": "integer", "minimum": 1, "maximum": 100}, ["1 to 100"]),
        ({"anyOf": [{"type": "integer", "minimum": 5}, {"const": ""}]}, ["at least 5"]),
        ({"type": "array", "maxItems": 50, "default": ()}, ["at most 50 entries"]),
        ({"type": "boolean", "default": False}, ["default <code>false</code>"]),
        ({"type": "string", "writeOnly": True}, ["never shown"]),
    ],
)
def test_limits_in_words(schema: dict[str, Any], words: list[str]) -> None:
    assert list(limits(schema)) == words


def test_fields_inside_objects_and_lists_have_dotted_names() -> None:
    inner = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
    schema = {"properties": {"user": inner, "threads": {"type": "array", "items": inner}}}
    found = [(row.name, row.required) for row in rows(schema)]
    assert found == [
        ("user", False),
        ("user.id", True),
        ("threads", False),
        ("threads[].id", True),
    ]


def test_fields_that_are_ignored_are_not_listed() -> None:
    assert list(rows({"properties": {"id": {"readOnly": True}}})) == []


def test_prose_is_paragraphs_with_code() -> None:
    assert prose("One `a<b` &\ntwo.\n\nThree.") == (
        "<p>One <code>a&lt;b</code> &amp;\ntwo.</p>\n<p>Three.</p>\n"
    )
    assert prose("") == ""
