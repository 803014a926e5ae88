"""Route patterns as path templates."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.openapi.patterns import path_parameters, template


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/customers", "/customers"),
        ("/customers/{id:[0-9]+}", "/customers/{id}"),
        ("/a/{id:[0-9]{1,19}}/b/{thread_id:[0-9]+}", "/a/{id}/b/{thread_id}"),
        ("/pages/{slug}", "/pages/{slug}"),
    ],
)
def test_a_pattern_loses_its_expressions(pattern: str, path: str) -> None:
    assert template(pattern) == path


def schema_of(pattern: str) -> dict[str, Any]:
    (parameter,) = path_parameters(pattern)
    schema: dict[str, Any] = parameter["schema"]
    return schema


@pytest.mark.parametrize("expression", [r"[0-9]+", r"\d+", r"[0-9]{1,19}"])
def test_digits_are_an_id(expression: str) -> None:
    assert schema_of(f"/customers/{{id:{expression}}}") == {
        "type": "integer", "format": "int64", "minimum": 1, "maximum": 2**63 - 1,
    }  # fmt: skip


def test_another_expression_is_a_pattern_of_the_whole_text() -> None:
    assert schema_of("/x/{code:a|bc}") == {"type": "string", "pattern": "^(?:a|bc)$"}


def test_no_expression_is_one_segment_of_the_path() -> None:
    assert schema_of("/x/{name}") == {"type": "string", "minLength": 1, "pattern": "^[^/]+$"}


def test_an_id_is_described_by_the_collection_it_is_in() -> None:
    described = [
        parameter["description"]
        for parameter in path_parameters("/mailboxes/{id:[0-9]+}/replies/{reply_id:[0-9]+}")
    ]
    assert described == ["The id of the mailbox.", "The id of the reply."]


def test_every_parameter_of_a_path_is_required() -> None:
    found = path_parameters("/a/{id:[0-9]+}/b/{name}")
    assert [it["name"] for it in found] == ["id", "name"]
    assert all(it["required"] is True and it["in"] == "path" for it in found)
