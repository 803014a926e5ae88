"""One endpoint's method as an OpenAPI operation object."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..schemas.export import json_schema, query_parameters
from ..security.policy import SAFE_METHODS
from . import headers
from .patterns import path_parameters, template
from .refusals import MULTIPART
from .shapes import success_shape

if TYPE_CHECKING:
    from ..application import Application
    from ..rest import Operation
    from .answers import Answers

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BEARER, COOKIE, CSRF = "bearerToken", "sessionCookie", "csrfToken"

Item = dict[str, Any]


def registered(services: dict[str, Any]) -> list[Operation]:
    """Return the operations of Cornice's services, by path and method."""
    found = [
        arguments["operation"]
        for service in services.values()
        for _, _, arguments in service.definitions
        if "operation" in arguments
    ]
    return sorted(found, key=lambda it: (template(it.path), METHODS.index(it.method)))


def operation_id(operation: Operation) -> str:
    """Return a name that stays for as long as service and method do: ``postConversationReply``."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", operation.service) if word]
    return operation.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def describe(operation: Operation, application: Application, answers: Answers, links: Item) -> Item:
    """Return the operation object; its errors are collected by ``answers``."""
    shape = success_shape(operation, application)
    described: Item = {
        "operationId": operation_id(operation),
        "tags": [operation.tag],
        "summary": operation.summary.replace("``", "`"),
    }
    if operation.description:
        described["description"] = operation.description.replace("``", "`")
    parameters = [*_query(operation, application), *headers.parameters(operation)]
    if parameters:
        described["parameters"] = parameters
    body = request_body(operation, application)
    if body is not None:
        described["requestBody"] = body
    described["responses"] = answers.of(operation, shape)
    if links:
        described["responses"][str(operation.status)]["links"] = links
    described["security"] = security(operation)
    described["x-permission"] = "public" if operation.public else operation.permission.value
    if operation.feature is not None:
        described["x-feature"] = operation.feature
    if operation.limit is not None:
        described["x-limit"] = operation.limit
    if operation.rate is not None:
        described["x-rate"] = operation.rate
    return described


def _query(operation: Operation, application: Application) -> list[Item]:
    return [] if operation.query is None else query_parameters(operation.query_schema(application))


def request_body(operation: Operation, application: Application) -> Item | None:
    """Return the request body object; None where nothing is read."""
    if operation.request_media == MULTIPART:
        limit = application.settings["support.upload.max_bytes"]
        part = {
            "type": "string",
            "format": "binary",
            "contentMediaType": "application/octet-stream",
            "description": f"The file, of at most {limit} bytes, with its name.",
        }
        schema: Item = {"type": "object", "properties": {"file": part}, "required": ["file"]}
    elif operation.body is not None:
        schema = json_schema(operation.body_schema(application))
    else:
        return None
    return {
        "required": bool(schema.get("required")),
        "content": {operation.request_media: {"schema": schema}},
    }


def security(operation: Operation) -> list[Item]:
    """Return the ways to authenticate, any of which will do; none where anybody may call."""
    if operation.public:
        return []
    if operation.method in SAFE_METHODS:
        return [{BEARER: []}, {COOKIE: []}]
    return [{BEARER: []}, {COOKIE: [], CSRF: []}]


def path_item(pattern: str) -> Item:
    """Return a path item with the parameters of its path, which all of its operations share."""
    parameters = path_parameters(pattern)
    return {"parameters": parameters} if parameters else {}
