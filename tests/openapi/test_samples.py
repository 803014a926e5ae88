"""Example values and commands."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from support_core.openapi.samples import curl, sample
from support_core.schemas.export import json_schema
from support_core.schemas.fields import validate

if TYPE_CHECKING:
    from support_core.rest import Operation
    from support_core.testing import DeskUnderTest


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"const": "x"}, "x"),
        ({"enum": ["low", "high"]}, "low"),
        ({"type": "integer", "minimum": 0}, 1),
        ({"type": "integer", "minimum": 7}, 7),
        ({"type": "boolean"}, True),
        ({"type": ["string", "null"], "format": "email"}, "customer@example.com"),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, [1]),
        ({"anyOf": [{"type": "string", "format": "date"}, {"const": ""}]}, "2026-01-29"),
    ],
)
def test_a_sample_is_a_plain_value_that_is_allowed(schema: dict[str, Any], value: Any) -> None:
    assert sample(schema) == value


def test_a_short_text_is_made_long_enough() -> None:
    assert sample({"type": "string", "minLength": 10}) == "texttextte"


def test_the_sample_of_every_body_passes_its_own_schema(
    desk: DeskUnderTest, operations: list[Operation]
) -> None:
    bodies = [it for it in operations if it.body is not None]
    assert bodies
    for operation in bodies:
        schema = operation.body_schema(desk.application)
        validate(schema, sample(json_schema(schema)))


def words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", ""))


def test_a_command_sends_the_sample_with_the_token() -> None:
    schema = {
        "type": "object",
        "properties": {"subject": {"type": "string"}, "note": {"const": "it's"}},
        "required": ["subject", "note"],
    }
    operation = {
        "security": [{"bearerToken": []}],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
    }
    found = words(curl("https://desk.test/", "/things/{id}/x", "POST", operation))
    assert found[:4] == ["curl", "-X", "POST", "https://desk.test/things/1/x"]
    assert "Authorization: Bearer $TOKEN" in found
    assert json.loads(found[-1]) == {"subject": "Help with my account", "note": "it's"}


def test_a_public_read_needs_no_more_than_its_address() -> None:
    assert curl("https://desk.test", "/healthz", "GET", {"security": []}) == (
        "curl https://desk.test/healthz"
    )


def test_an_upload_names_a_file() -> None:
    operation = {"requestBody": {"content": {"multipart/form-data": {"schema": {}}}}}
    assert "file=@picture.png" in words(curl("https://d.test", "/files", "POST", operation))


def test_required_parameters_stand_in_the_address() -> None:
    operation = {
        "parameters": [
            {"name": "token", "in": "query", "required": True, "schema": {"type": "string"}},
            {"name": "after", "in": "query", "required": False, "schema": {"type": "integer"}},
        ]
    }
    found = words(curl("https://d.test", "/history", "GET", operation))
    assert found[-1] == "https://d.test/history?token=abc123def456"
