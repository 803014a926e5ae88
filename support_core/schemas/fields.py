"""Strict building blocks for bodies and queries; the whole surface in one import.

::

    class CreateReply(Body):
        read_only = ("id", "created_at")

        body = String(min=1, max=50_000, strip=False)
        type = Choice(["reply", "note"], missing="reply")
        attachment_ids = ListOf(Id(), max=20, distinct=True, missing=drop)

    CREATE_REPLY = CreateReply()  # once, at import
    values = validate(CREATE_REPLY, request.json)
"""

from .base import Field, Refused, drop, required
from .body import Body, CursorText, PageQuery, Query, validate
from .containers import CommaSeparated, JsonObject, ListOf
from .export import json_schema, query_parameters
from .scalars import Boolean, DateTime, Id, Integer, Page
from .strings import Choice, Email, Sort, String, Url

__all__ = [
    "Body",
    "Boolean",
    "Choice",
    "CommaSeparated",
    "CursorText",
    "DateTime",
    "Email",
    "Field",
    "Id",
    "Integer",
    "JsonObject",
    "ListOf",
    "Page",
    "PageQuery",
    "Query",
    "Refused",
    "Sort",
    "String",
    "Url",
    "drop",
    "json_schema",
    "query_parameters",
    "required",
    "validate",
]
