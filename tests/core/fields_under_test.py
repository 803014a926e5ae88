"""Reading one field at a time: shared by the tests of fields and of bodies."""

from __future__ import annotations

from typing import Any

import pytest

from support_core.errors import Invalid
from support_core.schemas.fields import (
    Body,
    Field,
    Query,
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
