"""The OpenAPI document of a real application."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from support_core import __version__
from support_core.openapi.patterns import template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.rest import Operation
    from support_core.testing import Client, DeskUnderTest

Document = dict[str, Any]
BASE = "/api/support"


def every(document: Document) -> Iterator[tuple[str, str, Document]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def test_it_is_served_to_anybody_as_json(anybody: Client) -> None:
    answer = anybody.get("/openapi.json")
    assert answer.status_int == 200
    assert answer.content_type == "application/json"
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["info"]["version"] == __version__


def test_it_is_a_valid_openapi_document(anybody: Client) -> None:
    OpenAPIV31SpecValidator(anybody.get("/openapi.json").json).validate()


def test_who_has_it_already_is_told_so(anybody: Client) -> None:
    first = anybody.get("/openapi.json")
    again = anybody.get("/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_int == 304
    assert again.body == b""


def test_it_is_made_once(desk: DeskUnderTest) -> None:
    documentation = desk.registry.support_documentation
    assert documentation.document is documentation.document
    assert documentation.json() is documentation.json()


def test_every_registered_operation_is_in_it(
    document: Document, operations: list[Operation]
) -> None:
    there = {(path, method.upper()) for path, method, _ in every(document)}
    assert there == {(template(it.path), it.method) for it in operations}
    assert ("/api/support/conversations/{id}/reply", "POST") in there


def test_operation_ids_are_unique_and_fit_to_be_names(document: Document) -> None:
    ids = [operation["operationId"] for _, _, operation in every(document)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+[A-Z][A-Za-z0-9]*", it) for it in ids)
    assert document["paths"][f"{BASE}/conversations/{{id}}/reply"]["post"]["operationId"] == (
        "postConversationReply"
    )


def test_every_operation_has_a_tag_that_is_described_and_a_summary(document: Document) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in every(document):
        assert set(operation["tags"]) <= tags, (path, method)
        assert operation["summary"], (path, method)


def test_no_markup_of_another_language_is_left_in_the_prose(document: Document) -> None:
    for path, method, operation in every(document):
        assert "``" not in operation["summary"] + operation.get("description", ""), (path, method)


def test_a_call_says_what_it_asks_for(document: Document) -> None:
    create = document["paths"][f"{BASE}/mailboxes"]["post"]
    assert create["x-permission"] == "manage_mailboxes"
    assert create["x-feature"] == "api_access"
    assert create["x-limit"] == "mailboxes"
    assert create["x-rate"] == "mailbox-creation"
    assert document["paths"][f"{BASE}/healthz"]["get"]["x-permission"] == "public"


def test_reads_take_a_token_or_a_cookie_and_writes_a_csrf_token_with_it(
    document: Document,
) -> None:
    paths = document["paths"]
    bearer: Document = {"bearerToken": []}
    assert paths[f"{BASE}/customers"]["get"]["security"] == [bearer, {"sessionCookie": []}]
    assert paths[f"{BASE}/customers"]["post"]["security"] == [
        bearer,
        {"sessionCookie": [], "csrfToken": []},
    ]
    assert paths[f"{BASE}/healthz"]["get"]["security"] == []
    assert set(document["components"]["securitySchemes"]) == {
        "bearerToken",
        "sessionCookie",
        "csrfToken",
    }


def parameters(operation: Document) -> list[str]:
    return [
        it["$ref"].rpartition("/")[2] if "$ref" in it else it["name"]
        for it in operation.get("parameters", ())
    ]


def test_header_parameters_stand_where_they_are_understood(document: Document) -> None:
    paths = document["paths"]
    assert parameters(paths[f"{BASE}/customers"]["post"]) == ["Workspace", "IdempotencyKey"]
    one = paths[f"{BASE}/customers/{{id}}"]
    assert parameters(one["get"]) == ["Workspace", "IfNoneMatch"]
    assert parameters(one["put"]) == ["Workspace", "IfMatch"]
    assert parameters(paths[f"{BASE}/auth/login"]["post"]) == []
    assert parameters(paths[f"{BASE}/customers"]["get"])[:3] == ["per_page", "page", "cursor"]


def test_the_body_of_a_call_is_its_schema(document: Document) -> None:
    body = document["paths"][f"{BASE}/conversations"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    assert body["required"] is True
    assert schema["properties"]["subject"]["minLength"] == 3
    assert schema["properties"]["subject"]["maxLength"] == 500
    assert "probe" in schema["properties"]["channel"]["enum"]
    assert schema["additionalProperties"] is False


def test_an_update_needs_no_field(document: Document) -> None:
    body = document["paths"][f"{BASE}/customers/{{id}}"]["put"]["requestBody"]
    assert body["required"] is False


def test_an_upload_has_a_binary_part(document: Document) -> None:
    body = document["paths"][f"{BASE}/attachments"]["post"]["requestBody"]
    schema = body["content"]["multipart/form-data"]["schema"]
    assert schema["properties"]["file"]["format"] == "binary"
    assert schema["required"] == ["file"]


def test_a_download_is_of_any_type(document: Document) -> None:
    path = f"{BASE}/attachments/{{id}}/download"
    assert document["paths"][path]["get"]["responses"]["200"]["content"] == {"*/*": {}}


def test_success_has_the_status_and_the_shape_of_the_view(document: Document) -> None:
    responses = document["paths"][f"{BASE}/conversations"]["post"]["responses"]
    shape = responses["201"]["content"]["application/json"]["schema"]
    assert "200" not in responses
    assert shape["properties"]["data"] == {"$ref": "#/components/schemas/Conversation"}


def test_what_was_made_links_to_what_can_be_done_with_it(document: Document) -> None:
    responses = document["paths"][f"{BASE}/customers"]["post"]["responses"]
    link = responses["201"]["links"]["postCustomerErase"]
    assert link["parameters"] == {"id": "$response.body#/data/id"}
    responses = document["paths"][f"{BASE}/conversations"]["post"]["responses"]
    assert "deleteConversationThread" not in responses["201"]["links"]


def test_a_part_that_was_made_links_to_what_asks_for_its_id(document: Document) -> None:
    responses = document["paths"][f"{BASE}/conversations/{{id}}/reply"]["post"]["responses"]
    assert responses["201"]["links"]["deleteConversationThread"]["parameters"] == {
        "id": "$request.path.id",
        "thread_id": "$response.body#/data/id",
    }


def resolved(document: Document, answer: Document) -> Document:
    if "$ref" not in answer:
        return answer
    found: Document = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return found


def test_every_answer_carries_the_request_id(document: Document) -> None:
    for path, method, operation in every(document):
        for status, answer in operation["responses"].items():
            headers = resolved(document, answer)["headers"]
            assert "X-Request-Id" in headers, (path, method, status)


@pytest.mark.parametrize(
    ("path", "method", "status", "header"),
    [
        ("/customers/{id}", "get", "200", "ETag"),
        ("/customers/{id}", "get", "304", "ETag"),
        ("/customers", "post", "201", "Idempotency-Replayed"),
        ("/customers", "get", "200", "X-RateLimit-Remaining"),
        ("/customers", "get", "429", "Retry-After"),
        ("/customers", "get", "503", "Retry-After"),
        ("/customers", "get", "401", "WWW-Authenticate"),
    ],
)
def test_a_header_is_documented_where_it_is_sent(
    document: Document, path: str, method: str, status: str, header: str
) -> None:
    answer = document["paths"][BASE + path][method]["responses"][status]
    assert header in resolved(document, answer)["headers"]


def test_an_error_names_its_codes(document: Document) -> None:
    answer = document["paths"][f"{BASE}/mailboxes"]["post"]["responses"]["403"]
    schema = resolved(document, answer)["content"]["application/json"]["schema"]
    assert schema["allOf"][0] == {"$ref": "#/components/schemas/Error"}
    assert schema["allOf"][1]["properties"]["error"]["enum"] == [
        "feature_not_available",
        "forbidden",
        "limit_exceeded",
    ]


def test_a_validation_error_has_a_shape_of_its_own(document: Document) -> None:
    answer = document["paths"][f"{BASE}/customers"]["post"]["responses"]["422"]
    schema = resolved(document, answer)["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/ValidationError"}


def test_readiness_is_told_by_its_own_shape_either_way(document: Document) -> None:
    responses = document["paths"][f"{BASE}/readyz"]["get"]["responses"]
    assert responses["503"]["content"] == responses["200"]["content"]


def test_every_schema_is_used(document: Document) -> None:
    text = str(document)
    for name in document["components"]["schemas"]:
        assert f"'#/components/schemas/{name}'" in text, name
